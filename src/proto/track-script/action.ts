/** Orders, to be carried out in the order given. */
export type TrackScriptAction =
  | { readonly type: 'run' }
  /** Of the process group of the run. */
  | { readonly type: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly type: 'report'; readonly good: boolean }
  /** It ran still when it was due again, so many times. */
  | { readonly type: 'log-skipped'; readonly turns: number }
