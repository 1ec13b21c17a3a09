/**
 * `probe-ended` carries what the outcome says of the server; an inconclusive probe says nothing of it. `session-told` is what
 * a checker that asks nothing was told.
 */
export type HealthEvent =
  | { readonly type: 'deadline-reached' }
  | { readonly type: 'session-told'; readonly up: boolean }
  | { readonly type: 'probe-ended'; readonly meaning: 'success' | 'failure' | 'inconclusive' }
