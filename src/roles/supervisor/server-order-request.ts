import { fail, ok, type Result } from '../../base/index.ts'
import { isText, LONGEST, LONGEST_TEXT, MOST_NAMES } from './order-request.ts'

/** What a client may order about real servers; lengths of time are milliseconds. */
export type ServerOrderCommand = {
  readonly request: 'drain' | 'undrain' | 'disable' | 'enable' | 'weight'
  /** `10.0.0.1:80`, or an address. */
  readonly servers: readonly string[]
  /** Only in this virtual server; absent: in all that have them. */
  readonly service?: string
  readonly by: string
  readonly reason?: string
  /** It ends by itself after this. */
  readonly limit?: number
  /** Only with drain: what is not drained by then is disabled. */
  readonly deadline?: number
  /** Only with drain: answered when nothing is left of it. */
  readonly wait: boolean
  /** Only with weight; absent: that of the configuration. */
  readonly weight?: number
}

const MOST_WEIGHT = 2_147_483_647

export const serverOrderNames = ['drain', 'undrain', 'disable', 'enable', 'weight'] as const

export const isServerOrder = (request: string): request is ServerOrderCommand['request'] =>
  serverOrderNames.some((name) => name === request)

/** The failure is a sentence. */
export function decodeServerOrderCommand(
  request: ServerOrderCommand['request'],
  value: object,
): Result<ServerOrderCommand, string> {
  const { servers, service, by, reason, limit, deadline, wait, weight } = value as Readonly<Record<string, unknown>>
  if (!isText(by)) return fail('by is who orders it')
  if (!Array.isArray(servers) || servers.length === 0 || servers.length > MOST_NAMES || !servers.every(isText))
    return fail('name real servers, as 10.0.0.1:80 or 10.0.0.1')
  if (service !== undefined && !isText(service)) return fail('service is the name of a virtual server')
  if (reason !== undefined && !isText(reason)) return fail(`reason is a text of at most ${LONGEST_TEXT} characters`)
  for (const [name, length] of Object.entries({ limit, deadline }))
    if (length !== undefined && (typeof length !== 'number' || !(length >= 1 && length <= LONGEST)))
      return fail(`${name} is a number of milliseconds, a year at most`)
  if (weight !== undefined && !(Number.isInteger(weight) && Number(weight) >= 0 && Number(weight) <= MOST_WEIGHT))
    return fail(`weight is a whole number from 0 to ${MOST_WEIGHT}, or configured`)
  return ok({
    request,
    servers,
    by,
    wait: wait === true,
    ...(service === undefined ? {} : { service }),
    ...(reason === undefined ? {} : { reason }),
    ...(typeof limit === 'number' ? { limit } : {}),
    ...(typeof deadline === 'number' ? { deadline } : {}),
    ...(typeof weight === 'number' ? { weight } : {}),
  })
}
