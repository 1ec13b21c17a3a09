import {
  type Alias,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type Scalar,
  visit,
} from 'yaml'
import type { Diagnostic } from '../diagnostic.ts'
import { type Container, containerInside, isStrict, keywordAt } from '../keywords/index.ts'
import { complaint } from '../report.ts'
import { languageSchema, violations } from '../schema/index.ts'
import {
  concat,
  type MappedText,
  mapped,
  type Place,
  type SourceText,
  sourceText,
  standingFor,
} from '../source/index.ts'
import { commandArguments } from '../syntax/index.ts'
import { boundedDocument } from './document.ts'
import { isEscaped, isFlag } from './names.ts'

/** Lines that aliases make of what stands elsewhere: they multiply. What stands there as written is not counted. */
const MOST_COPIES = 262_144
const DEEPEST = 32

/** Made when the first YAML is read: most configurations are none. */
let language: ReturnType<typeof languageSchema> | undefined

/** What `readYaml` yields is ready for the parser of the language. */
export type YamlSource = {
  readonly source: SourceText /** False: it is no YAML, and nothing may start from it. */
  readonly complete: boolean
}

const nameOf = (key: unknown): string => (isScalar(key) ? String(key.value) : '')

/** The word in quotes that its reader makes the same of as of the text, whose own quotes belong to it. */
const inQuotes = (text: string): string => `"${text.replaceAll('"', '\\x22')}"`

/** Never throws, whatever the bytes; `add` takes what is wrong with it as YAML. */
export function readYaml(path: string, bytes: Uint8Array, add: (diagnostic: Diagnostic) => void): YamlSource {
  const counter = new LineCounter()
  const bounded = boundedDocument(bytes, counter)
  if (!bounded.ok) {
    const { reason, remedy } = bounded.error
    add(
      complaint('error', 'source', { file: path, line: 1, column: 1 }, `${reason}; nothing of it is read`, { remedy }),
    )
    return { source: sourceText([], [{ path, lines: [] }]), complete: false }
  }
  const { text, document } = bounded.value
  const file = { path, lines: text.split(/\r?\n/) }
  const placeAt = (offset: number): Place => {
    const { line, col } = counter.linePos(offset)
    return { file: path, line: Math.max(1, line), column: Math.max(1, col) }
  }
  for (const { code, pos, message } of document.errors)
    add(
      complaint(
        'error',
        'syntax',
        placeAt(pos[0]),
        code === 'RESOURCE_EXHAUSTION' ? `nested far more than ${DEEPEST} deep` : message.replaceAll(/\s+/g, ' '),
      ),
    )
  let twice = false
  visit(document, {
    Map(_, { items }) {
      const known = new Set<unknown>()
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key
        if (known.has(name)) {
          twice = true
          const { range } = key as Scalar
          add(complaint('error', 'syntax', placeAt(range?.[0] ?? 0), 'Map keys must be unique'))
        }
        known.add(name)
      }
    },
  })
  const nothing = { source: sourceText([], [file]), complete: false }
  if (twice || document.errors.length > 0) return nothing

  const lines: MappedText[] = []
  const read = new Set<unknown>()
  let copies = 0
  let full = false
  /** @param node  what the line was made of; the second of one is a copy */
  const put = (line: MappedText, at: Place, node: unknown) => {
    if (full) return
    if (read.has(node)) copies++
    else read.add(node)
    if (copies <= MOST_COPIES) lines.push(line)
    else {
      full = true
      add(complaint('error', 'source', at, `aliases make more than ${MOST_COPIES} lines; the rest is left out`))
    }
  }
  const wrong = (at: Place, message: string, remedy?: string) =>
    add(complaint('error', 'syntax', at, message, remedy === undefined ? {} : { remedy }))
  const placeOf = (node: unknown, otherwise: Place): Place => {
    const range = (node as { range?: [number, number, number] | null } | null)?.range
    return range == null ? otherwise : placeAt(range[0])
  }
  const resolved = (node: unknown): unknown => (isAlias(node) ? (node as Alias).resolve(document) : node)

  /** A value may stand alone where a list may. */
  const listOf = (node: unknown): readonly unknown[] => {
    const value = resolved(node)
    return isSeq(value) ? value.items : [node]
  }

  /** What the schema does not allow is told, and left out. */
  const refused = new Set<unknown>()
  language ??= languageSchema()
  for (const { node, key, kind, message, remedy, within } of violations(document, language)) {
    // The language's own reader has more to say of those.
    if (within === true || (isStrict(nameOf(key)) && !isCollection(resolved(node)))) continue
    refused.add(node ?? key)
    const at = placeOf(kind === 'missing-argument' ? key : resolved(node ?? key), { file: path, line: 1, column: 1 })
    add(complaint('error', kind, at, message, remedy === undefined ? {} : { remedy }))
  }

  /** What stands behind a word, with its places; undefined: it cannot stand there. @param name  the word */
  const written = (node: unknown, name?: string): MappedText | undefined => {
    const value = resolved(node)
    if (refused.has(node) || !isScalar(value)) return undefined
    const scalar = value as Scalar
    const place = placeOf(scalar, { file: path, line: 1, column: 1 })
    const plain = scalar.type === 'PLAIN' && scalar.source !== undefined
    const content = plain ? (scalar.source as string) : String(scalar.value ?? '')
    const bare = content.replace(/"[^"]*"/g, '')
    const stray = /[\n\r]/.exec(content) ?? /(?<!\\)[#!]|[{}"]/.exec(bare)
    if (name !== undefined && isEscaped(name) && !/[\n\r]/.test(content)) {
      const isOneWord = stray === null && commandArguments(content)?.length === 1
      if (!isOneWord && content !== '') return standingFor(inQuotes(content), place)
    }
    if (stray !== null) {
      wrong(
        place,
        `${JSON.stringify(stray[0])} cannot stand in a value`,
        'put the word in double quotes inside the value',
      )
      return undefined
    }
    const quoted = scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE'
    const direct = plain || (quoted && scalar.range != null && scalar.range[1] - scalar.range[0] === content.length + 2)
    return direct
      ? mapped(content, quoted ? { ...place, column: place.column + 1 } : place)
      : standingFor(content, place)
  }

  const line = (node: unknown, word: MappedText, at: Place, rest?: MappedText, end = '') =>
    put(
      concat(
        [
          word,
          ...(rest === undefined || rest.text === '' ? [] : [standingFor(' ', at), rest]),
          standingFor(end, at),
        ].filter(({ text }) => text !== ''),
      ),
      at,
      node,
    )

  const block = (node: unknown, word: MappedText, at: Place, head: MappedText | undefined, inside: () => void) => {
    line(node, word, at, head, ' {')
    if (full) return
    inside()
    lines.push(standingFor('}', at))
  }

  const entry = (container: Container | undefined, pair: Pair, outer: Place, depth: number): void => {
    const at = placeOf(pair.key, outer)
    const name = nameOf(pair.key)
    if (container === 'root' && name.startsWith('$')) return
    if (!/^[^\s{}"#!\\@$~]+$/.test(name)) return wrong(at, 'this is no word of the language')
    const word = mapped(name, at)
    const value = resolved(pair.value)
    const keyword = container === undefined ? undefined : keywordAt(container, name)
    if (keyword === undefined) return unknown(pair, word, value, at, depth)
    const inside = container === undefined ? undefined : containerInside(container, name)
    if (refused.has(pair.value ?? pair.key)) return isStrict(name) ? line(pair, word, at) : undefined
    if (keyword.content === 'line') return lineEntry(container, name, word, pair, at)
    const body = (of: unknown, head?: MappedText): void => {
      if (refused.has(of)) return
      const content = resolved(of)
      if (inside === undefined)
        return block(of ?? pair, word, at, head, () => {
          for (const item of listOf(of)) {
            const text = written(item)
            if (text !== undefined) put(text, at, item)
          }
        })
      if (isSeq(content)) {
        for (const item of content.items) if (!isSeq(resolved(item))) body(item, head)
        return
      }
      block(of ?? pair, word, at, head, () => entries(inside, content, at, depth + 1))
    }
    if (!keyword.headed) return body(pair.value)
    if (!isMap(value)) return
    for (const item of value.items) {
      const head = written(item.key)
      if (head !== undefined) body(item.value, head)
    }
  }

  const lineEntry = (container: Container | undefined, name: string, word: MappedText, pair: Pair, at: Place): void => {
    for (const item of listOf(pair.value)) {
      const node = item ?? pair
      if (refused.has(item)) {
        if (isStrict(name)) line(node, word, at)
        continue
      }
      const one = resolved(item)
      const truth = isScalar(one) ? one.value : undefined
      if (truth === null || (truth === undefined && one === null)) line(node, word, at)
      else if (isFlag(container, name) && typeof truth === 'boolean') {
        if (truth) line(node, word, at)
      } else {
        const text = written(item, name)
        if (text !== undefined || isStrict(name)) line(node, word, at, text)
      }
    }
  }

  /** The keyword check will complain of it; here only the shape is kept. */
  const unknown = (pair: Pair, word: MappedText, value: unknown, at: Place, depth: number): void => {
    if (isMap(value)) block(pair, word, at, undefined, () => entries(undefined, value, at, depth + 1))
    else line(pair, word, at)
  }

  const entries = (container: Container | undefined, value: unknown, at: Place, depth: number): void => {
    const content = resolved(value)
    if (content === null || content === undefined || (isScalar(content) && content.value === null)) return
    if (!isMap(content)) return
    if (depth > DEEPEST)
      return wrong(placeOf(content, at), `blocks are more than ${DEEPEST} deep; what is deeper is left out`)
    for (const pair of content.items) if (!full) entry(container, pair, at, depth)
  }

  entries('root', document.contents, { file: path, line: 1, column: 1 }, 0)
  return {
    source: sourceText(
      lines.map((content) => ({ kind: 'line', content, usedAt: [] })),
      [file],
    ),
    complete: true,
  }
}
