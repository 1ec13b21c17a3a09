import type { Container } from '../syntax/index.ts'

/** What a user wants to know of a keyword where it stands (keepalived.conf(5) as of keepalived 2.4.3). */
export type KeywordFacts = {
  /** Synonyms, and words that differ in what they are about only. */
  readonly names: readonly string[]
  readonly in: readonly Container[]
  /** `[ ]` optional, `|` alternatives, capital words for values; `flag`: nothing; `bool`: nothing, or true, false, on, off, yes, no. */
  readonly takes: string
  /** What holds without it; absent: nothing, or the word is required. */
  readonly default?: string
  readonly range?: string
  readonly means: string
  /** The first keepalived that has it; `1.2.2` stands for that and all before. Absent: ours. */
  readonly since?: string
  /** Where that differs from block to block. */
  readonly sinceIn?: Readonly<Partial<Record<Container, string>>>
}
