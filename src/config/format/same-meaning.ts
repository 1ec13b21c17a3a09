import type { ConfigPorts, LoadOptions } from '../ports.ts'
import { silent } from '../report.ts'
import { expand } from '../source/index.ts'
import { type Node, parse } from '../syntax/index.ts'

/** Whether two texts of one file hold the same words in the same blocks, all expanded. */
export function sameMeaning(
  path: string,
  before: string,
  after: string,
  ports: ConfigPorts,
  options: LoadOptions,
): boolean {
  const random = () => 0.5
  const meaning = (text: string) => {
    const { source } = expand(path, new TextEncoder().encode(text), ports, { ...options, random }, () => {})
    const tree = parse(source.text, silent)
    const written = (nodes: readonly Node[]): unknown =>
      nodes.map((node) => [
        [node.keyword, ...node.words].map(({ text, quoted }) => [text, quoted]),
        tree.scriptWords(node).map(({ text }) => text),
        node.broken,
        node.block === undefined ? undefined : written(node.block.nodes),
      ])
    return JSON.stringify([written(tree.nodes), tree.unclosed.length])
  }
  return meaning(before) === meaning(after)
}
