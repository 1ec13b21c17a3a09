export type HealthAction =
  /** `request` is the index of the url to ask for. */
  | { readonly type: 'start-probe'; readonly request: number }
  | { readonly type: 'announce-verdict'; readonly verdict: 'up' | 'down' }
  /** A failure that changes no verdict: the `failure`th of at most `allowed` that are forgiven. */
  | { readonly type: 'log-forgiven-failure'; readonly failure: number; readonly allowed: number }
