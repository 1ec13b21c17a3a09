import { type Container, containerInside, containersOf, keywordAt } from '../keywords/index.ts'
import type { Report } from '../report.ts'
import type { BlockNode, Node, Tree } from '../syntax/index.ts'

/**
 * Is every block closed? Where a `}` was forgotten, what follows ends up inside. A top-level block inside another one
 * shows the place: it is reported and, with all that follows, read at the top level, so that one slip costs one block.
 */
export function checkBraces(tree: Tree, report: Report): readonly Node[] {
  const mayBeMisplaced = [...tree.nestedHeads].some(standsAtTopLevelOnly)
  const nodes: Node[] = mayBeMisplaced ? [] : [...tree.nodes]
  // The next one is last.
  const open = mayBeMisplaced ? tree.nodes.toReversed() : []
  let misplaced = 0
  while (open.length > 0) {
    const node = open.pop() as Node
    const { kept, lifted } = cutOff(node, 'root')
    nodes.push(kept)
    const first = lifted[0]
    if (first === undefined) continue
    misplaced++
    report.error('syntax', first.keyword.at, `missing } before ${first.keyword.text}`, {
      rule: 'unbalanced-braces',
      related: [{ at: node.keyword.at, message: `the block of ${node.keyword.text} begins here` }],
    })
    for (const one of lifted.toReversed()) open.push(one)
  }
  if (misplaced === 0)
    for (const at of tree.unclosed)
      report.error('syntax', at, 'missing }: the block opened here is never closed', {
        rule: 'unbalanced-braces',
      })
  return nodes
}

/** A node without the top-level blocks in it, and those with what follows them. */
function cutOff(node: Node, container: Container): { kept: Node; lifted: readonly Node[] } {
  if (node.block === undefined || !holdsTopLevelBlock(node.block.nodes, node, container))
    return { kept: node, lifted: [] }
  const inside = containerInside(container, node.keyword.text)
  const kept: Node[] = []
  for (const [index, child] of node.block.nodes.entries()) {
    if (startsTopLevelBlock(child, inside))
      return { kept: withBlock(node, node.block, kept), lifted: node.block.nodes.slice(index) }
    const inner = cutOff(child, inside ?? container)
    kept.push(inner.kept)
    if (inner.lifted.length > 0)
      return {
        kept: withBlock(node, node.block, kept),
        lifted: [...inner.lifted, ...node.block.nodes.slice(index + 1)],
      }
  }
  return { kept: node, lifted: [] }
}

function holdsTopLevelBlock(nodes: readonly Node[], { keyword }: Node, container: Container): boolean {
  const inside = containerInside(container, keyword.text)
  for (const node of nodes)
    if (
      node.block !== undefined &&
      (startsTopLevelBlock(node, inside) || holdsTopLevelBlock(node.block.nodes, node, inside ?? container))
    )
      return true
  return false
}

const withBlock = (node: Node, block: BlockNode, nodes: readonly Node[]): Node => ({
  ...node,
  block: { at: block.at, nodes },
})

/** A word that opens a block at the top level and means nothing anywhere else. */
function startsTopLevelBlock(node: Node, inside: Container | undefined): boolean {
  if (node.block === undefined || node.keyword.quoted) return false
  const name = node.keyword.text
  if (inside !== undefined && keywordAt(inside, name) !== undefined) return false
  return standsAtTopLevelOnly(name)
}

function standsAtTopLevelOnly(name: string): boolean {
  const known = keywordAt('root', name)
  return known !== undefined && known.content !== 'line' && containersOf(name).length === 1
}
