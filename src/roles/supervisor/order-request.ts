import { fail, ok, type Result } from '../../base/index.ts'

/** What a client may order about who is master. */
export type OrderCommand = {
  readonly request: 'failover' | 'hold' | 'release' | 'maintenance'
  /** With maintenance: of no meaning. */
  readonly names: readonly string[] | 'all'
  /** Only with maintenance. */
  readonly on: boolean
  readonly by: string
  readonly reason?: string
  /** Milliseconds. */
  readonly limit?: number
}

export const LONGEST_TEXT = 500
export const MOST_NAMES = 1_000
/** A year, in milliseconds. */
export const LONGEST = 366 * 86_400_000

/** The failure is a sentence. */
export function decodeOrderCommand(request: OrderCommand['request'], value: object): Result<OrderCommand, string> {
  const { names, all, on, by, reason, limit } = value as Readonly<Record<string, unknown>>
  if (!isText(by)) return fail('by is who orders it')
  if (reason !== undefined && !isText(reason)) return fail(`reason is a text of at most ${LONGEST_TEXT} characters`)
  if (limit !== undefined && (typeof limit !== 'number' || !(limit >= 1 && limit <= LONGEST)))
    return fail('limit is a number of milliseconds, a year at most')
  const rest = { request, by, ...(reason === undefined ? {} : { reason }), ...(limit === undefined ? {} : { limit }) }
  if (request === 'maintenance')
    return typeof on === 'boolean' ? ok({ ...rest, names: 'all', on }) : fail('on is true or false')
  if (all === true) return ok({ ...rest, names: 'all', on: true })
  if (!Array.isArray(names) || names.length === 0 || names.length > MOST_NAMES || !names.every(isText))
    return fail('name virtual routers or sync groups, or all')
  return ok({ ...rest, names, on: true })
}

export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT
