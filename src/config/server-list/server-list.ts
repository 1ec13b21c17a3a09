import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar } from 'yaml'
import { fail, isLinkLocal6, ok, parseAddress, type Result } from '../../base/index.ts'
import { endpoint, type ListedServer } from '../../model/index.ts'

/** As many servers may be listed in one file. */
export const MOST_LISTED = 4096
/** Characters; more is no such list. */
const LONGEST = 1 << 20
const MOST_WEIGHT = 2_147_483_647

/** What is wrong, and where; lines and columns count from 1. */
export type ServerListProblem = { readonly line: number; readonly column: number; readonly message: string }

type Failure = Result<never, string>

/**
 * A list whose entries are `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]:PORT` or `{ address, port, weight }`. It is taken as a whole or not
 * at all: a list of which a part is nonsense may have been meant for something else.
 */
export function serverList(text: string): Result<readonly ListedServer[], ServerListProblem> {
  const counter = new LineCounter()
  const problem = (offset: number, message: string): Result<never, ServerListProblem> => {
    const { line, col } = counter.linePos(offset)
    return fail({ line: Math.max(1, line), column: Math.max(1, col), message })
  }
  if (text.length > LONGEST) return problem(0, `it has more than ${LONGEST} characters`)
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
  })
  const [error] = document.errors
  if (error !== undefined) return problem(error.pos[0], error.message.replaceAll(/\s+/g, ' '))
  const { contents } = document
  const placeOf = (node: unknown): number => (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0
  if (!isSeq(contents)) return problem(placeOf(contents), 'it is no list of servers')
  if (contents.items.length > MOST_LISTED)
    return problem(placeOf(contents), `it lists more than ${MOST_LISTED} servers`)
  const servers = new Map<string, ListedServer>()
  for (const item of contents.items) {
    const one = entryOf(item)
    if (!one.ok) return problem(placeOf(item), one.error)
    const key = endpoint({ address: one.value.address, port: one.value.port ?? 0 })
    if (servers.has(key)) return problem(placeOf(item), `${one.value.address} is there twice`)
    servers.set(key, one.value)
  }
  return ok([...servers.values()])
}

function entryOf(item: unknown): Result<ListedServer, string> {
  if (isScalar(item)) return fromText((item as Scalar).value)
  if (!isMap(item)) return fail('an entry is an address, or has address, port and weight')
  const values = new Map<unknown, unknown>()
  for (const { key, value } of item.items)
    values.set(isScalar(key) ? key.value : undefined, isScalar(value) ? value.value : undefined)
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
function addressOf(text: string): Result<ListedServer, string> | Failure {
  const address = parseAddress(text)
  if (address === undefined) return fail(`${shown(text)} is not an IPv4 or IPv6 address`)
  if (isLinkLocal6(address)) return fail(`${address} is link-local: it says nothing without an interface`)
  if (address === '0.0.0.0' || address === '::') return fail(`${address} cannot be the address of a real server`)
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
