/** A line without effect, word by word, and the lines of its list. It is kept so that what is printed says all that was written. */
export type KeptLine = {
  readonly words: readonly string[]
  readonly lines?: readonly (readonly string[])[]
}
