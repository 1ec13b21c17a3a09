import type { Checked } from '../check/index.ts'
import type { Details, Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'

/** What a rule says of a place. */
export type Complain = (at: Span, message: string, details?: Omit<Details, 'rule'>) => void

/**
 * One thing that bites users. The name is stable: it is what `--without` and `lint: off` take. A rule without `look` is
 * found by the checks that every start makes, under its name.
 */
export type Rule = {
  readonly name: string
  /** What it finds, as one clause. */
  readonly finds: string
  /** Why that hurts. */
  readonly why: string
  readonly look?: (checked: Checked, complain: Complain) => void
}

/** The blocks of a keyword among these nodes. */
export const blocks = (nodes: readonly Node[], keyword: string): readonly Node[] =>
  nodes.filter((node) => node.keyword.text === keyword && node.block !== undefined)

/** The last line of a keyword in a block: the one that counts. */
export const lineIn = (block: Node, keyword: string): Node | undefined =>
  block.block?.nodes.findLast((node) => node.keyword.text === keyword)

export const has = (block: Node | undefined, keyword: string): boolean =>
  block !== undefined && lineIn(block, keyword) !== undefined

/** The node that was written at this place. */
export const nodeAt = (nodes: readonly Node[], at: Span): Node | undefined =>
  nodes.find((node) => node.at.start === at.start)
