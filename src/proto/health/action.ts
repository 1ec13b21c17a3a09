export type HealthAction =
  /** `request` is the index of the url to ask for. */
  | { readonly type: 'start-probe'; readonly request: number }
  /** Its result is not wanted any more. */
  | { readonly type: 'cancel-probe' }
  | { readonly type: 'announce-verdict'; readonly verdict: 'up' | 'down' }
  /** What it adds to the weight of its server is not what it was. */
  | { readonly type: 'announce-contribution' }
  /** A failure that changes no verdict: the `failure`th of at most `allowed` that are forgiven. */
  | { readonly type: 'log-forgiven-failure'; readonly failure: number; readonly allowed: number }
