import type { KeywordFacts } from '../facts.ts'

/** Lines that are part of another. */
export type InnerLine = 'nexthop' | 'encap ip' | 'encap ip6'

/** A word within a line, and what stands behind it. Without `since` it came with the line. */
export type OptionFacts = Pick<
  KeywordFacts,
  | 'names'
  | 'takes'
  | 'default'
  | 'without'
  | 'min'
  | 'max'
  | 'bounds'
  | 'longest'
  | 'range'
  | 'anyCase'
  | 'means'
  | 'since'
  | 'instead'
> & {
  /** What stands behind it has words of its own. */
  readonly inner?: readonly InnerLine[]
  /** Its number may be written as in C: decimal, 0x hexadecimal, 0 octal. */
  readonly anyBase?: true
}

/** What the lines of a list look like, or what stands behind a keyword that has words of its own. */
export type LineFacts = Pick<KeywordFacts, 'min' | 'max' | 'bounds'> & {
  /** What one is, with its article. */
  readonly is: string
  /** As `takes` of a keyword; `OPTION` is any of its options. */
  readonly takes: string
  readonly means: string
  readonly options: readonly OptionFacts[]
}
