import { fail, ok, type Result } from '../../base/index.ts'
import { decodeForwardingAsk, type ForwardingAsk } from '../../forwarding/index.ts'
import { decodeOrderCommand, isText, type OrderCommand } from './order-request.ts'
import {
  decodeServerOrderCommand,
  isServerOrder,
  type ServerOrderCommand,
  serverOrderNames,
} from './server-order-request.ts'

/** What a client of the control socket may ask. */
export type ControlRequest =
  /** `history`: with the changes of virtual routers. */
  | { readonly request: 'status'; readonly history: boolean }
  /** `allowEmpty`: also when nothing is left to run. */
  /** `gracefulFor`: who wants that real servers which are gone are drained first. */
  | { readonly request: 'reload'; readonly allowEmpty: boolean; readonly gracefulFor?: string }
  /** What a reload would do; `file`: with another than the daemon's own. */
  | { readonly request: 'plan'; readonly file?: string }
  | { readonly request: 'stop' }
  /** Write the state dump; answered with the file's path. */
  | { readonly request: 'dump' }
  /** A snapshot now and after every `interval` milliseconds until the client goes. */
  | { readonly request: 'watch'; readonly interval: number }
  /**
   * What was logged and noted: from `since` on (milliseconds since 1970), about the object of this name, and with `follow` what
   * comes from then on.
   */
  | { readonly request: 'log'; readonly since?: number; readonly name?: string; readonly follow: boolean }
  /** Orders about who is master. */
  | OrderCommand
  /** Orders about real servers. */
  | ServerOrderCommand
  /** A question or orders to the forwarding role's backend, by hand. */
  | { readonly request: 'forwarding'; readonly ask: ForwardingAsk }

const names = [
  'status',
  'reload',
  'plan',
  'stop',
  'dump',
  'watch',
  'log',
  'failover',
  'hold',
  'release',
  'maintenance',
  ...serverOrderNames,
  'forwarding',
] as const

/** One line from a client; whatever it holds, the failure is a sentence to answer with. */
export function decodeControlRequest(line: string): Result<ControlRequest, string> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return fail('not JSON')
    throw error
  }
  if (typeof value !== 'object' || value === null || !('request' in value)) return fail('no request in it')
  const request = names.find((name) => name === value.request)
  if (request === undefined) return fail(`no such request; there are ${names.join(', ')}`)
  if (request === 'forwarding') {
    const ask = decodeForwardingAsk('ask' in value ? value.ask : undefined)
    return ask.ok ? ok({ request, ask: ask.value }) : fail(ask.error)
  }
  if (request === 'failover' || request === 'hold' || request === 'release' || request === 'maintenance')
    return decodeOrderCommand(request, value)
  if (isServerOrder(request)) return decodeServerOrderCommand(request, value)
  if (request === 'status') return ok({ request, history: 'history' in value && value.history === true })
  if (request === 'reload') {
    const { allowEmpty, gracefulFor } = value as Readonly<Record<string, unknown>>
    if (gracefulFor !== undefined && !isText(gracefulFor)) return fail('gracefulFor is who orders it')
    return ok({ request, allowEmpty: allowEmpty === true, ...(gracefulFor === undefined ? {} : { gracefulFor }) })
  }
  if (request === 'plan') {
    const file = 'file' in value ? value.file : undefined
    if (file === undefined) return ok({ request })
    return typeof file === 'string' && file.startsWith('/') ? ok({ request, file }) : fail('file is an absolute path')
  }
  if (request === 'log') return decodeLogRequest(value)
  if (request !== 'watch') return ok({ request })
  const interval = 'interval' in value ? value.interval : 1_000
  if (typeof interval !== 'number' || !(interval >= 100 && interval <= 3_600_000)) {
    return fail('interval is a number of milliseconds from 100 to 3600000')
  }
  return ok({ request, interval })
}

function decodeLogRequest(value: object): Result<ControlRequest, string> {
  const { since, name, follow } = value as Readonly<Record<string, unknown>>
  if (since !== undefined && (typeof since !== 'number' || !Number.isFinite(since)))
    return fail('since is a number of milliseconds since 1970')
  if (name !== undefined && typeof name !== 'string') return fail('name is a text')
  return ok({
    request: 'log',
    ...(since === undefined ? {} : { since }),
    ...(name === undefined ? {} : { name }),
    follow: follow === true,
  })
}
