import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type Scalar } from 'yaml'
import type { Diagnostic } from '../diagnostic.ts'
import { type Container, containerInside, keywordAt } from '../keywords/index.ts'
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
import { isFlag } from './names.ts'

/** As for the expansion of a keepalived.conf: aliases multiply. */
const MOST_LINES = 131_072
/** Of so many lines; a tree of YAML takes some two hundred times its bytes in memory. */
const MOST_BYTES = 4 * 1024 * 1024
const DEEPEST = 32

/** Made when the first YAML is read: most configurations are none. */
let language: ReturnType<typeof languageSchema> | undefined

/** What `readYaml` yields is ready for the parser of the language. */
export type YamlSource = {
  readonly source: SourceText /** False: it is no YAML, and nothing may start from it. */
  readonly complete: boolean
}

/** Never throws, whatever the bytes; `add` takes what is wrong with it as YAML. */
export function readYaml(path: string, bytes: Uint8Array, add: (diagnostic: Diagnostic) => void): YamlSource {
  if (bytes.length > MOST_BYTES) {
    const remedy = 'write it as keepalived.conf, which may be larger'
    const message = `YAML of more than ${MOST_BYTES / 1_048_576} MiB; nothing of it is read`
    add(complaint('error', 'source', { file: path, line: 1, column: 1 }, message, { remedy }))
    return { source: sourceText([], [{ path, lines: [] }]), complete: false }
  }
  const text = new TextDecoder().decode(bytes)
  const file = { path, lines: text.split(/\r?\n/) }
  const counter = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = counter.linePos(offset)
    return { file: path, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
  })
  for (const { code, pos, message } of document.errors)
    add(
      complaint(
        'error',
        'syntax',
        placeAt(pos[0]),
        code === 'RESOURCE_EXHAUSTION' ? `nested far more than ${DEEPEST} deep` : message.replaceAll(/\s+/g, ' '),
      ),
    )
  const nothing = { source: sourceText([], [file]), complete: false }
  if (document.errors.length > 0) return nothing

  const lines: MappedText[] = []
  let full = false
  const put = (line: MappedText, at: Place) => {
    if (lines.length < MOST_LINES) lines.push(line)
    else if (!full) {
      full = true
      add(complaint('error', 'source', at, `more than ${MOST_LINES} lines; the rest is left out`))
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
  for (const { node, key, kind, message, remedy } of violations(document, language)) {
    refused.add(node ?? key)
    const at = placeOf(kind === 'missing-argument' ? key : resolved(node ?? key), { file: path, line: 1, column: 1 })
    add(complaint('error', kind, at, message, remedy === undefined ? {} : { remedy }))
  }

  /** What stands behind a word, with its places; undefined: it cannot stand there. */
  const written = (node: unknown): MappedText | undefined => {
    const value = resolved(node)
    if (refused.has(node) || !isScalar(value)) return undefined
    const scalar = value as Scalar
    const place = placeOf(scalar, { file: path, line: 1, column: 1 })
    const plain = scalar.type === 'PLAIN' && scalar.source !== undefined
    const content = plain ? (scalar.source as string) : String(scalar.value ?? '')
    const bare = content.replace(/"[^"]*"/g, '')
    const stray = /[\n\r]/.exec(content) ?? /(?<!\\)[#!]|[{}"]/.exec(bare)
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

  const line = (word: MappedText, at: Place, rest?: MappedText, end = '') =>
    put(
      concat(
        [
          word,
          ...(rest === undefined || rest.text === '' ? [] : [standingFor(' ', at), rest]),
          standingFor(end, at),
        ].filter(({ text }) => text !== ''),
      ),
      at,
    )

  const block = (word: MappedText, at: Place, head: MappedText | undefined, inside: () => void) => {
    line(word, at, head, ' {')
    inside()
    put(standingFor('}', at), at)
  }

  const entry = (container: Container | undefined, pair: Pair, outer: Place, depth: number): void => {
    const at = placeOf(pair.key, outer)
    const name = isScalar(pair.key) ? String(pair.key.value) : ''
    if (container === 'root' && name.startsWith('$')) return
    if (!/^[^\s{}"#!\\@$~]+$/.test(name)) return wrong(at, 'this is no word of the language')
    const word = mapped(name, at)
    const value = resolved(pair.value)
    const keyword = container === undefined ? undefined : keywordAt(container, name)
    if (keyword === undefined) return unknown(word, value, at, depth)
    const inside = container === undefined ? undefined : containerInside(container, name)
    if (refused.has(pair.value ?? pair.key)) return
    if (keyword.content === 'line') return lineEntry(container, name, word, pair.value, at)
    const body = (of: unknown, head?: MappedText): void => {
      if (refused.has(of)) return
      const content = resolved(of)
      if (inside === undefined)
        return block(word, at, head, () => {
          for (const item of listOf(of)) {
            const text = written(item)
            if (text !== undefined) put(text, at)
          }
        })
      if (isSeq(content)) {
        for (const item of content.items) if (!isSeq(resolved(item))) body(item, head)
        return
      }
      block(word, at, head, () => entries(inside, content, at, depth + 1))
    }
    if (!keyword.headed) return body(pair.value)
    if (!isMap(value)) return
    for (const item of value.items) {
      const head = written(item.key)
      if (head !== undefined) body(item.value, head)
    }
  }

  const lineEntry = (
    container: Container | undefined,
    name: string,
    word: MappedText,
    value: unknown,
    at: Place,
  ): void => {
    for (const item of listOf(value)) {
      if (refused.has(item)) continue
      const one = resolved(item)
      const truth = isScalar(one) ? one.value : undefined
      if (truth === null || (truth === undefined && one === null)) line(word, at)
      else if (isFlag(container, name) && typeof truth === 'boolean') {
        if (truth) line(word, at)
      } else {
        const text = written(item)
        if (text !== undefined) line(word, at, text)
      }
    }
  }

  /** The keyword check will complain of it; here only the shape is kept. */
  const unknown = (word: MappedText, value: unknown, at: Place, depth: number): void => {
    if (isMap(value)) block(word, at, undefined, () => entries(undefined, value, at, depth + 1))
    else line(word, at)
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
