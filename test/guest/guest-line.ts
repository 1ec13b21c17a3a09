/** One line of the report that the guest writes while it runs. */
export type GuestLine =
  | { readonly type: 'file-started'; readonly file: string }
  | { readonly type: 'test-started'; readonly file: string; readonly name: string }
  | {
      readonly type: 'result'
      readonly file: string
      readonly name: string
      readonly state: 'passed' | 'failed' | 'skipped'
      readonly errors: readonly string[]
      /** Why it was skipped. */
      readonly note?: string
      /** It passed, but only when it was played again. */
      readonly again: boolean
      /** What it has to say for the summary. */
      readonly said: readonly string[]
    }
  | { readonly type: 'end'; readonly files: number }

export type GuestResult = Extract<GuestLine, { type: 'result' }>
