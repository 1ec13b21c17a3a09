/** Facts. */
export type TrackScriptEvent =
  | { readonly type: 'deadline-reached' }
  /** `ok`: with exit code 0. */
  | { readonly type: 'run-ended'; readonly ok: boolean }
