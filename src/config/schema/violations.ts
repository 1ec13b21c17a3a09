import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { typesOf } from './language.ts'
import type { Schema, SchemaType } from './schema.ts'

/** A value that cannot be. */
export type Violation = {
  /** Undefined where there is no value at all. */
  readonly node: Node | undefined
  /** The key that it belongs to. */
  readonly key: Node | undefined
  readonly kind: 'syntax' | 'value' | 'missing-argument'
  readonly message: string
  readonly remedy?: string
  /** It is a text whose words are not as they should be; what lower/ has to say of them is more to the point. */
  readonly within?: true
}

/**
 * What of a document a schema does not allow. Keys that it does not know are passed over: the keyword check knows the nearest word.
 * Each node is looked at once for each schema, so aliases that multiply, or go round, cost nothing.
 */
export function violations(document: Document, schema: Schema): readonly Violation[] {
  const found: Violation[] = []
  const seen = new Map<unknown, Set<Schema>>()
  const visit = (written: unknown, of: Schema, key: Node | undefined): void => {
    const node = isAlias(written) ? written.resolve(document) : written
    const target = admitting(resolveRef(of, schema), typeOf(node), schema)
    const looked = seen.get(node) ?? new Set()
    if (typeof node === 'object' && node !== null) {
      if (looked.has(target)) return
      seen.set(node, looked.add(target))
    }
    if (isWrong(node, target))
      found.push({ node: (written ?? undefined) as Node | undefined, key, ...said(key, node, target) })
    else if (isSeq(node) && target.items !== undefined) for (const item of node.items) visit(item, target.items, key)
    else if (isMap(node))
      for (const pair of node.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : ''
        if (target.propertyNames !== undefined && isWrong(pair.key, target.propertyNames))
          found.push({ node: pair.key as Node, key, ...said(key, pair.key, target.propertyNames), within: true })
        const inner = target.properties?.[name] ?? (target.additionalProperties || undefined)
        if (inner !== undefined) visit(pair.value, inner, target.properties === undefined ? key : (pair.key as Node))
      }
  }
  visit(document.contents, schema, undefined)
  return found
}

function resolveRef(of: Schema, root: Schema): Schema {
  const name = of.$ref?.replace('#/$defs/', '')
  return name === undefined ? of : (root.$defs?.[name] ?? {})
}

/** Of several schemas the one that is for values of this type; the first if none is. */
function admitting(of: Schema, type: SchemaType, root: Schema): Schema {
  const all = of.anyOf?.map((one) => resolveRef(one, root))
  return all === undefined ? of : (all.find((one) => admits(one, type)) ?? (all[0] as Schema))
}

const admits = (of: Schema, type: SchemaType): boolean => {
  const types = typesOf(of)
  if (of.enum !== undefined) return type !== 'array' && type !== 'object'
  return types.includes(type) || (type === 'integer' && types.includes('number'))
}

function typeOf(node: unknown): SchemaType {
  if (isSeq(node)) return 'array'
  if (isMap(node)) return 'object'
  const value = isScalar(node) ? node.value : null
  switch (typeof value) {
    case 'boolean':
      return 'boolean'
    case 'number':
    case 'bigint':
      return Number.isInteger(Number(value)) ? 'integer' : 'number'
    case 'string':
      return 'string'
    default:
      return value === null || value === undefined ? 'null' : 'string'
  }
}

/** Whether a value, apart from what it holds, does not meet its demands. */
function isWrong(node: unknown, of: Schema): boolean {
  const type = typeOf(node)
  if (of.enum !== undefined) {
    const value = isScalar(node) ? node.value : null
    return !admits(of, type) || !(of.enum as readonly unknown[]).includes(value)
  }
  if (typesOf(of).length > 0 && !admits(of, type)) return true
  if (type === 'integer' || type === 'number') {
    const value = Number((node as { value: unknown }).value)
    if (value < (of.minimum ?? value) || value > (of.maximum ?? value)) return true
  }
  return (
    type === 'string' &&
    of.pattern !== undefined &&
    !regexOf(of.pattern).test(String((node as { value: unknown }).value))
  )
}

const regexes = new Map<string, RegExp>()

function regexOf(pattern: string): RegExp {
  const regex = regexes.get(pattern) ?? new RegExp(pattern)
  regexes.set(pattern, regex)
  return regex
}

type Said = Omit<Violation, 'node' | 'key'>

function said(key: Node | undefined, node: unknown, of: Schema): Said {
  const name = isScalar(key) ? String(key.value) : ''
  const types = typesOf(of)
  if (of.additionalProperties !== undefined && of.additionalProperties !== false)
    return {
      kind: 'syntax',
      message: `${name} is a mapping from names or addresses to blocks`,
      remedy: `write ${name}: { NAME: { … } }`,
    }
  if (types.includes('object'))
    return { kind: 'syntax', message: 'a mapping from keywords to their values is expected here' }
  if (typeOf(node) === 'null')
    return { kind: 'missing-argument', message: `${name} needs ${wanted(of)}; the line has no effect` }
  if (!isScalar(node)) return { kind: 'syntax', message: 'a text or a number is expected here' }
  const text = node.type === 'PLAIN' && node.source !== undefined ? node.source : String(node.value)
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  const value = text === '' ? '""' : shown
  const isText = typesOf(of)[0] === 'string' || (typeOf(node) === 'string' && of.pattern !== undefined)
  return {
    kind: 'value',
    message: `${name} ${value} is not ${wanted(of)}; the line has no effect`,
    ...(isText ? { within: true } : {}),
  }
}

const isNumeric = (of: Schema): boolean => typesOf(of).includes('integer') || typesOf(of)[0] === 'number'

/** `a whole number from 1 to 255`. */
function wanted(of: Schema): string {
  if (of.enum !== undefined) {
    const inAnyCase = new Map(
      of.enum.flatMap((one) => (one === null ? [] : [[String(one).toLowerCase(), String(one)]])).reverse() as [
        string,
        string,
      ][],
    )
    const words = [...inAnyCase.values()].reverse()
    return words.length === 1 ? (words[0] as string) : `one of ${words.join(', ')}`
  }
  const types = typesOf(of)
  const what = types.includes('integer') ? 'a whole number' : isNumeric(of) ? 'a number' : undefined
  if (what === undefined) return types.includes('string') ? 'a text or a number' : 'true or false'
  if (of.minimum === undefined) return what
  return of.maximum === undefined ? `${what} of at least ${of.minimum}` : `${what} from ${of.minimum} to ${of.maximum}`
}
