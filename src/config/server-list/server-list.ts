import { isMap, isScalar, isSeq, LineCounter, type Node } from 'yaml'
import { fail, isLinkLocal6, isMulticast, ok, parseAddress, type Result } from '../../base/index.ts'
import { endpoint, type ListedServer } from '../../model/index.ts'
import { boundedDocument } from '../yaml/index.ts'

/** As many servers may be listed in one file. */
export const MOST_LISTED = 16_384
/** Bytes, or characters; more is no such list. */
export const LONGEST_LIST = 2 << 20
const MOST_WEIGHT = 2_147_483_647

/** What is wrong, and where; lines and columns count from 1. */
export type ServerListProblem = { readonly line: number; readonly column: number; readonly message: string }

/** An entry as it stands there, in JSON or in YAML: its fields by their names, or a value. */
type Entry = ReadonlyMap<unknown, unknown> | string | number | boolean | null | undefined

/**
 * A list whose entries are `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT` or `{ address, port, weight }`. It is taken as a whole or not
 * at all: a list of which a part is nonsense may have been meant for something else.
 */
export function serverList(text: string): Result<readonly ListedServer[], ServerListProblem> {
  if (text.length > LONGEST_LIST)
    return fail({ line: 1, column: 1, message: `it has more than ${LONGEST_LIST} characters` })
  // Of what is wrong as JSON the other tells the place, and takes a hundred times as long.
  return listInJson(text) ?? listInYaml(text)
}

function listInJson(text: string): Result<readonly ListedServer[], never> | undefined {
  const value = jsonOf(text)
  if (!Array.isArray(value) || value.length > MOST_LISTED) return undefined
  const list = new GrowingList()
  let keys = 0
  for (const item of value as readonly unknown[]) {
    const entry = isFields(item) ? new Map(Object.entries(item)) : item
    if (typeof entry !== 'string' && !(entry instanceof Map)) return undefined
    if (!list.add(entry).ok) return undefined
    if (entry instanceof Map) keys += entry.size
  }
  // Of a key that is there twice the parser has only the last.
  return writtenKeys(text) > keys ? undefined : ok(list.servers())
}

/** As many keys are written in JSON, or more where a text has an escaped quote. */
const writtenKeys = (text: string): number => text.match(/"\s*:/g)?.length ?? 0

const isFields = (item: unknown): item is object => typeof item === 'object' && item !== null && !Array.isArray(item)

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function listInYaml(text: string): Result<readonly ListedServer[], ServerListProblem> {
  const counter = new LineCounter()
  const problem = (offset: number, message: string): Result<never, ServerListProblem> => {
    const { line, col } = counter.linePos(offset)
    return fail({ line: Math.max(1, line), column: Math.max(1, col), message })
  }
  const bounded = boundedDocument(new TextEncoder().encode(text), counter)
  if (!bounded.ok) return problem(0, bounded.error.reason)
  const { contents, errors } = bounded.value.document
  const [error] = errors
  if (error !== undefined)
    return problem(error.pos[0], WHAT_IS_WRONG[error.code] ?? error.message.replaceAll(/\s+/g, ' '))
  if (!isSeq(contents)) return problem(placeOf(contents), 'it is no list of servers')
  if (contents.items.length > MOST_LISTED)
    return problem(placeOf(contents), `it lists more than ${MOST_LISTED} servers`)
  const list = new GrowingList()
  for (const item of contents.items) {
    const entry = entryOf(item)
    const added = entry.ok ? list.add(entry.value) : entry
    if (!added.ok) return problem(placeOf(item), added.error)
  }
  return ok(list.servers())
}

/** Where the parser's words are for who calls it. */
const WHAT_IS_WRONG: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: 'it is nested too deep for a list',
  MULTIPLE_DOCS: 'it is more than one document',
}

const placeOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0

function entryOf(item: unknown): Result<Entry, string> {
  if (isScalar(item)) return ok(item.value as Entry)
  if (!isMap(item)) return fail(WHAT_IT_IS)
  const values = new Map<unknown, unknown>()
  for (const { key, value } of item.items) {
    const name = isScalar(key) ? key.value : undefined
    if (values.has(name)) return fail(`${shown(name)} is there twice`)
    values.set(name, isScalar(value) ? value.value : undefined)
  }
  return ok(values)
}

const WHAT_IT_IS = 'an entry is an address, or has address, port and weight'

/** Each server once. */
class GrowingList {
  readonly #servers = new Map<string, ListedServer>()

  add(entry: Entry): Result<void, string> {
    const one = entry instanceof Map ? fromFields(entry) : fromText(entry)
    if (!one.ok) return one
    const key = endpoint({ address: one.value.address, port: one.value.port ?? 0 })
    if (this.#servers.has(key)) return fail(`${one.value.address} is there twice`)
    this.#servers.set(key, one.value)
    return ok(undefined)
  }

  servers(): readonly ListedServer[] {
    return [...this.#servers.values()]
  }
}

function fromFields(values: ReadonlyMap<unknown, unknown>): Result<ListedServer, string> {
  const address = values.get('address')
  const other = [...values.keys()].find((key) => key !== 'address' && key !== 'port' && key !== 'weight')
  if (values.size > 0 && other !== undefined) return fail(`${shown(other)} is none of address, port and weight`)
  const server = typeof address === 'string' ? addressOf(address) : fail('an entry has no address')
  if (!server.ok) return server
  const port = numberOf(values, 'port', 1, 65_535)
  if (!port.ok) return port
  const weight = numberOf(values, 'weight', 0, MOST_WEIGHT)
  if (!weight.ok) return weight
  return ok({ ...server.value, ...port.value, ...weight.value })
}

function fromText(value: unknown): Result<ListedServer, string> {
  if (typeof value !== 'string') return fail(`${shown(value)} is not an IPv4 or IPv6 address`)
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? []
  const address = addressOf(bracketed ?? plain ?? value)
  if (!address.ok || port === undefined) return address
  const number = Number(port)
  return number >= 1 && number <= 65_535
    ? ok({ ...address.value, port: number })
    : fail(`port ${port} is not from 1 to 65535`)
}

/** An address that packets can be sent to, from any interface. */
function addressOf(text: string): Result<ListedServer, string> {
  const address = parseAddress(text)
  if (address === undefined) return fail(`${shown(text)} is not an IPv4 or IPv6 address`)
  if (isLinkLocal6(address)) return fail(`${address} is link-local: it says nothing without an interface`)
  const isNobody = address === '0.0.0.0' || address === '::' || address === '255.255.255.255'
  if (isNobody || isMulticast(address)) return fail(`${address} cannot be the address of a real server`)
  return ok({ address })
}

function numberOf<K extends 'port' | 'weight'>(
  values: ReadonlyMap<unknown, unknown>,
  key: K,
  min: number,
  max: number,
): Result<{ readonly [key in K]?: number }, string> {
  if (!values.has(key)) return ok({})
  const value = values.get(key)
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
    ? ok({ [key]: value } as { readonly [key in K]: number })
    : fail(`${key} ${shown(value)} is not a whole number from ${min} to ${max}`)
}

const shown = (value: unknown): string => `'${String(value).slice(0, 64)}'`
