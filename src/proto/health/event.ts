/**
 * `probe-ended` carries what the outcome says of the server; an inconclusive probe says nothing of it. `session-told` is what
 * a checker that asks nothing was told. With both may come what the checker adds to the weight from then on. `suspended` and
 * `resumed`: nobody is to be asked for the time being (ha_suspend), and that is over; `random` is uniform in 0 ≤ random < 1.
 */
export type HealthEvent =
  | { readonly type: 'deadline-reached' }
  | { readonly type: 'session-told'; readonly up: boolean; readonly contribution?: number }
  | {
      readonly type: 'probe-ended'
      readonly meaning: 'success' | 'failure' | 'inconclusive'
      readonly contribution?: number
    }
  | { readonly type: 'suspended' }
  | { readonly type: 'resumed'; readonly random: number }
