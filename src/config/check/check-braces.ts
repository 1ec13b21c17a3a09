import { type Container, containerInside, containersOf, keywordAt } from '../keywords/index.ts'
import type { Report, Span } from '../report.ts'
import type { Node, Tree } from '../syntax/index.ts'

/**
 * Is every block closed? Where a `}` was forgotten, what follows ends up inside. The first word that means nothing there, and
 * something in a block around it, shows the place: it is reported and what follows is read as if the `}` were there, so that
 * one slip costs nothing. Without such a word the block that is open at the end is told.
 */
export function checkBraces(tree: Tree, report: Report): readonly Node[] {
  const mayBeMisplaced = [...tree.nestedHeads].some(standsAtTopLevelOnly)
  if (!mayBeMisplaced && tree.unclosed.length === 0) return tree.nodes
  const reading = new Reading(tree.unclosed, report)
  for (const node of tree.nodes)
    if (reading.isUnclosed(node) || (mayBeMisplaced && holdsTopLevelBlock(node, 'root'))) reading.read(node)
    else reading.take(node)
  return reading.finish()
}

/** A block that is open. */
type Frame = {
  readonly head: Node
  /** Where its keywords are; undefined: it is a list, or nobody knows it. */
  readonly inside: Container | undefined
  readonly nodes: Node[]
}

/** The nodes once more in the order written, with the blocks around them as they were meant. */
class Reading {
  readonly #nodes: Node[] = []
  /** The outermost first. */
  readonly #open: Frame[] = []
  /** Where those begin that the end of the text closed. */
  readonly #unclosed: Set<number>
  readonly #report: Report
  /** How many `}` are missing, and not found yet. */
  #missing: number

  constructor(unclosed: readonly Span[], report: Report) {
    this.#unclosed = new Set(unclosed.map(({ start }) => start))
    this.#missing = unclosed.length
    this.#report = report
  }

  isUnclosed({ block }: Node): boolean {
    return block !== undefined && this.#unclosed.has(block.at.start)
  }

  /** A node that nothing is wrong with. */
  take(node: Node): void {
    const into = this.#open.at(-1)?.nodes ?? this.#nodes
    into.push(node)
  }

  read(node: Node): void {
    this.#closeBefore(node)
    if (node.block === undefined) return this.take(node)
    this.#open.push({ head: node, inside: this.#insideOf(node), nodes: [] })
    for (const child of node.block.nodes) this.read(child)
    // Whatever is open by now is what the end of the text leaves open.
    if (!this.#unclosed.delete(node.block.at.start)) this.#close()
  }

  finish(): readonly Node[] {
    // Those of blocks that are left out have no node.
    for (const start of [...this.#unclosed, ...this.#open.flatMap(({ head }) => head.block?.at.start ?? [])])
      this.#report.error('syntax', { start, end: start + 1 }, 'missing }: the block opened here is never closed', {
        rule: 'unbalanced-braces',
      })
    while (this.#open.length > 0) this.#close()
    return this.#nodes
  }

  #closeBefore(node: Node): void {
    const count = this.#blocksToClose(node)
    if (count === 0) return
    const heads = this.#open.slice(-count).map(({ head }) => head)
    this.#report.error('syntax', node.keyword.at, `missing } before ${node.keyword.text}`, {
      rule: 'unbalanced-braces',
      related: heads.map(({ keyword }) => ({ at: keyword.at, message: `the block of ${keyword.text} begins here` })),
    })
    for (let i = 0; i < count; i++) this.#close()
    this.#missing -= count
  }

  /** So many that the node stands where it means something; 0: it does, or does nowhere around. */
  #blocksToClose(node: Node): number {
    const { keyword, block } = node
    const here = this.#open.at(-1)
    if (here === undefined || keyword.quoted || fits(node, here.inside)) return 0
    if (block !== undefined && standsAtTopLevelOnly(keyword.text)) return this.#open.length
    for (let count = 1; count <= Math.min(this.#missing, this.#open.length); count++) {
      const around = this.#open.at(-1 - count)
      // Single words of the top level are too few to be told from values.
      if (around === undefined ? block !== undefined && fits(node, 'root') : fits(node, around.inside)) return count
    }
    return 0
  }

  /** The `}` of what was opened last; one too many has been reported. */
  #close(): void {
    const last = this.#open.pop()
    if (last?.head.block !== undefined)
      this.take({ ...last.head, block: { at: last.head.block.at, nodes: last.nodes } })
  }

  /** Of a block that is none by its keyword the lines are read as if the braces were not there. */
  #insideOf(node: Node): Container | undefined {
    const outer = this.#open.length === 0 ? 'root' : this.#open.at(-1)?.inside
    if (outer === undefined) return undefined
    const known = keywordAt(outer, node.keyword.text)
    return known?.content === 'line' ? outer : containerInside(outer, node.keyword.text)
  }
}

/** Whether it is a keyword there, and a block exactly if it is to be one. */
function fits({ keyword, block }: Node, inside: Container | undefined): boolean {
  const known = inside === undefined ? undefined : keywordAt(inside, keyword.text)
  return known !== undefined && (known.content === 'line') === (block === undefined)
}

/** Whether there is, at any depth in it, a word that opens a block at the top level and means nothing anywhere else. */
function holdsTopLevelBlock({ keyword, block }: Node, container: Container): boolean {
  const inside = containerInside(container, keyword.text)
  return (block?.nodes ?? []).some(
    (node) =>
      node.block !== undefined &&
      ((!node.keyword.quoted && !fits(node, inside) && standsAtTopLevelOnly(node.keyword.text)) ||
        holdsTopLevelBlock(node, inside ?? container)),
  )
}

function standsAtTopLevelOnly(name: string): boolean {
  const known = keywordAt('root', name)
  return known !== undefined && known.content !== 'line' && containersOf(name).length === 1
}
