import type { Keyword } from '../keywords/index.ts'
import type { Span } from '../report.ts'

/** One word; `text` without its quotes. */
export type Word = {
  readonly text: string
  readonly at: Span
  readonly quoted: boolean
}

/** A word of a line with a command. */
export type ScriptWord = Word & {
  /** False: a quote of it is still open at the end of the line. */
  readonly closed: boolean
}

/** A block as written: what stands between its braces. */
export type BlockNode = {
  readonly at: Span
  readonly nodes: readonly Node[]
}

/** A line as written: its first word, the others, and the block that follows if one does. */
export type Node = {
  readonly keyword: Word
  readonly words: readonly Word[]
  /** From the first word to the last; the block is not part of it. */
  readonly at: Span
  readonly block?: BlockNode
  /** A quote was left open: what the words are is a guess, so the line has no effect. */
  readonly broken: boolean
  /** Its row of the table, once it has been found to be a keyword where it stands. */
  readonly known?: Keyword
}

export type Tree = {
  readonly nodes: readonly Node[]
  /** Braces whose block the end of the text closed; the outermost first. */
  readonly unclosed: readonly Span[]
  /** First words of the blocks that stand inside blocks. */
  readonly nestedHeads: ReadonlySet<string>
  /** Nodes of top-level blocks stay once they are made; otherwise they are made anew each time a block is looked into. */
  readonly keeps: boolean
  /** The line read again for keywords whose second word is a command: both quotes group, pieces join. Keyword included. */
  scriptWords(of: Node): readonly ScriptWord[]
  /** The arguments read again for a pattern: both quotes group, escapes are read everywhere; undefined: one is not closed. */
  escapedWords(of: Node): readonly string[] | undefined
}
