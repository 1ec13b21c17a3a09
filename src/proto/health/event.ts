/** `probe-ended` carries what the outcome says of the server; an inconclusive probe says nothing of it. */
export type HealthEvent =
  | { readonly type: 'deadline-reached' }
  | { readonly type: 'probe-ended'; readonly meaning: 'success' | 'failure' | 'inconclusive' }
