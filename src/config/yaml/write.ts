import { Document, isSeq, Pair, Scalar, YAMLMap, YAMLSeq, type Node as YamlNode } from 'yaml'
import { type Container, containerInside, keywordAt } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { isFlag } from './names.ts'

/** Lines that no file holds: they are defaults, or inherited. */
export type Marks = ReadonlySet<Node>

const IMPLIED = 'implied'

/** Nodes of a text as YAML; what is marked has the comment `# implied`. Comments of the text are not kept. */
export function writeYaml(nodes: readonly Node[], text: string, implied: Marks = new Set()): string {
  const document = new Document(mappingOf(nodes, text, 'root', implied, []).map)
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

/** The same as JSON; what is marked is listed under `$implied` as JSON pointers (RFC 6901). */
export function writeJson(nodes: readonly Node[], text: string, implied: Marks = new Set()): string {
  const { map, pointers } = mappingOf(nodes, text, 'root', implied, [])
  const value = new Document(map).toJS() as Record<string, unknown>
  return `${JSON.stringify(pointers.length === 0 ? value : { ...value, $implied: pointers }, undefined, 2)}\n`
}

type Mapping = { readonly map: YAMLMap; readonly pointers: readonly string[] }

function mappingOf(
  nodes: readonly Node[],
  text: string,
  container: Container | undefined,
  implied: Marks,
  path: readonly string[],
): Mapping {
  const map = new YAMLMap()
  const pointers: string[] = []
  for (const node of nodes) {
    const name = node.keyword.text
    const here = [...path, name]
    const marked = implied.has(node)
    if (node.block === undefined) {
      add(map, name, lineValue(node, text, container), marked)
      if (marked) pointers.push(pointer(here))
      continue
    }
    const known = container === undefined ? undefined : keywordAt(container, name)
    const inside = container === undefined ? undefined : containerInside(container, name)
    const head = rest(node, text)
    const headed = known?.headed === true
    const inner = headed ? [...here, head] : here
    let value: YamlNode
    if (known?.content === 'lines' || known?.content === 'words') {
      value = new YAMLSeq()
      for (const line of node.block.nodes) (value as YAMLSeq).add(scalar(text.slice(line.at.start, line.at.end)))
    } else {
      const mapping = mappingOf(node.block.nodes, text, inside, implied, inner)
      value = mapping.map
      pointers.push(...mapping.pointers)
    }
    if (!headed) add(map, name, value, false)
    else {
      const heads = (map.get(name) as YAMLMap | undefined) ?? new YAMLMap()
      if (heads.items.length === 0) map.add(new Pair(new Scalar(name), heads))
      add(heads, head, value, false)
    }
  }
  return { map, pointers }
}

/** A second value of a key makes a list of both. */
function add(map: YAMLMap, key: string, value: YamlNode, marked: boolean): void {
  if (marked) value.comment = ` ${IMPLIED}`
  const before = map.get(key, true) as YamlNode | undefined
  if (before === undefined) map.add(new Pair(scalar(key), value))
  else if (isSeq(before)) for (const one of isSeq(value) ? value.items : [value]) before.add(one)
  else {
    const both = new YAMLSeq()
    both.add(before)
    both.add(value)
    map.set(key, both)
  }
}

function lineValue(node: Node, text: string, container: Container | undefined): Scalar {
  const value = rest(node, text)
  if (value !== '') return scalar(value)
  return new Scalar(isFlag(container, node.keyword.text) ? true : null)
}

/** What stands behind the word. */
const rest = (node: Node, text: string): string => {
  const first = node.words[0]
  return first === undefined ? '' : text.slice(first.at.start, node.at.end)
}

/** Whole numbers as such; all else is a text, quoted where YAML would read another thing. */
const scalar = (text: string): Scalar => new Scalar(/^(?:0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text)

const pointer = (path: readonly string[]): string =>
  path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
