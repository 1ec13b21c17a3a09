import type { IpAddress } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { Checked } from '../check/index.ts'
import type { ConfigPorts, LoadOptions } from '../ports.ts'
import type { Details, Span } from '../report.ts'
import type { Place, SourceFile } from '../source/index.ts'
import type { Node } from '../syntax/index.ts'

/** What a rule says of a place. */
export type Complain = (at: Span, message: string, details?: Omit<Details, 'rule'>) => void

export type ComplainOfFile = (at: Place, message: string, details?: Pick<Details, 'remedy'>) => void

/**
 * One thing that bites users. The name is stable: it is what `--without` and `lint: off` take. A rule that does not look is
 * found by the checks that every start makes, under its name.
 */
export type Rule = {
  readonly name: string
  /** What it finds, as one clause. */
  readonly finds: string
  /** Why that hurts. */
  readonly why: string
  readonly look?: (checked: Checked, complain: Complain, host: ConfigPorts) => void
  /** At all files that were read, as written. */
  readonly lookAtFiles?: (files: readonly SourceFile[], options: LoadOptions, complain: ComplainOfFile) => void
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

/** The top-level block in which this stands. */
export const blockAround = (nodes: readonly Node[], at: Span): Node | undefined =>
  nodes.find((node) => node.block !== undefined && node.at.start <= at.start && at.start < node.block.at.end)

/** `vrrp_instance VI_1`. */
export const titleOf = ({ keyword, words }: Pick<Node, 'keyword' | 'words'>): string =>
  `${keyword.text} ${words[0]?.text ?? ''}`.trimEnd()

export const heldBy = ({ addresses, excludedAddresses }: VirtualRouter): readonly IpAddress[] =>
  [...addresses, ...excludedAddresses].map(({ address }) => address)
