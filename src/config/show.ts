import type { Checked } from './check/index.ts'
import { type Container, containerInside, keywordAt } from './keywords/index.ts'
import { type LoadedConfiguration, loadAnd } from './load.ts'
import type { ConfigPorts, LoadOptions } from './ports.ts'
import { print } from './print/index.ts'
import { silent } from './report.ts'
import { type Node, parse } from './syntax/index.ts'
import { type Marks, writeJson, writeYaml } from './yaml/index.ts'

export type ShowFormat = 'conf' | 'yaml' | 'json'

export type Shown = LoadedConfiguration & {
  /** Absent as the configuration is. */
  readonly text?: string
}

/**
 * A file as it is understood, in any of the three formats. Everything is spelt out; what no file holds, defaults and what is
 * inherited, is marked `implied`. With `secrets` shown the text reads back to the same model.
 */
export function showConfiguration(
  ports: ConfigPorts,
  path: string,
  options: LoadOptions,
  { format, secrets }: { readonly format: ShowFormat; readonly secrets: 'shown' | 'hidden' },
): Shown {
  let original: Checked['nodes'] = []
  const loaded = loadAnd(ports, path, options, ({ nodes }) => {
    original = nodes
  })
  if (loaded.configuration === undefined) return loaded
  const text = print(loaded.configuration, { secrets })
  const { nodes } = parse(text, silent)
  const implied = new Set(impliedLines(nodes, original, 'root'))
  return { ...loaded, text: write(format, nodes, text, implied) }
}

function write(format: ShowFormat, nodes: readonly Node[], text: string, implied: Marks): string {
  if (format === 'yaml') return writeYaml(nodes, text, implied)
  if (format === 'json') return writeJson(nodes, text, implied)
  const ends = new Set([...implied].map(({ at }) => at.end))
  let offset = 0
  return text
    .split('\n')
    .map((line) => {
      offset += line.length + 1
      return ends.has(offset - 1) ? `${line}  # implied` : line
    })
    .join('\n')
}

/** Lines of blocks that were written, whose word was not written there. Of a block that was not, nothing is known. */
function* impliedLines(printed: readonly Node[], original: readonly Node[], container: Container): Generator<Node> {
  for (const node of printed) {
    const name = node.keyword.text
    if (node.block === undefined) {
      const names = keywordAt(container, name)?.facts.names ?? [name]
      if (!original.some(({ keyword }) => keyword.text === name || names.includes(keyword.text))) yield node
      continue
    }
    const inside = containerInside(container, name)
    const head = headOf(node)
    const same = original.filter((one) => one.keyword.text === name && headOf(one) === head)
    if (inside !== undefined && same.length > 0)
      yield* impliedLines(
        node.block.nodes,
        same.flatMap((one) => one.block?.nodes ?? []),
        inside,
      )
  }
}

const headOf = (node: Node): string => node.words.map(({ text }) => text).join(' ')
