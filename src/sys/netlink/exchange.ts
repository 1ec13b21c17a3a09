import { constants } from 'node:os'
import { fail, hostIsLittleEndian as host, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import * as wire from '../../wire/netlink/index.ts'
import { systemError } from '../descriptor/index.ts'
import type { NetlinkSocket } from './netlink-socket.ts'
import type { NetlinkError } from './ports.ts'

/** For a whole dump, in microseconds. */
const DUMP_TIMEOUT_US = 10_000_000
/** A table that changes during the dump is read again, then taken as it is: the monitor tells of what was missed. */
const DUMP_ATTEMPTS = 5

type Exchanged = { readonly interrupted: boolean }

/**
 * @param what       opens the message of an error
 * @param onMessage  each answer; its bytes are valid until it returns
 */
export type Exchange = (
  what: string,
  type: number,
  flags: number,
  payload: Uint8Array,
  onMessage?: (message: wire.NetlinkMessage) => void,
) => Result<Exchanged, NetlinkError>

/** One request and everything that answers it, up to its acknowledgement, its only answer or the end of its dump. */
export function exchangeOver(socket: NetlinkSocket): Exchange {
  let sequence = 0
  return (what, type, flags, payload, onMessage = () => {}) => {
    sequence = (sequence + 1) >>> 0
    const request = { type, flags: flags | wire.NLM_F_REQUEST, sequence, port: 0, payload }
    const sent = socket.send(wire.encodeMessage(request, host))
    if (sent < 0) return fail(netlinkError(what, -sent))
    const wantsEnd = (flags & (wire.NLM_F_ACK | wire.NLM_F_DUMP)) !== 0
    const deadline = hfsys().clock() + DUMP_TIMEOUT_US
    let interrupted = false

    while (hfsys().clock() < deadline) {
      const received = socket.receive()
      // A signal: with a receive time-out the kernel does not go on by itself.
      if (received === -constants.errno.EINTR) continue
      if (received === -constants.errno.EAGAIN) break
      if (typeof received === 'number') return fail(netlinkError(what, -received))
      if (received.type === 'unreadable') continue
      for (const message of received.messages) {
        // What is left of a request that was given up.
        if (message.sequence !== sequence) continue
        if ((message.flags & wire.NLM_F_DUMP_INTR) !== 0) interrupted = true
        const end = endOf(message)
        if (end === undefined) onMessage(message)
        else if (end.errno !== 0) return fail(netlinkError(what, end.errno, end.detail))
        if (end !== undefined || !wantsEnd) return ok({ interrupted })
      }
    }
    return fail({ code: 'ETIMEDOUT', message: `${what}: the kernel did not answer` })
  }
}

/** Undefined for a message that ends nothing. */
function endOf(message: wire.NetlinkMessage): { readonly errno: number; readonly detail?: string } | undefined {
  const { type, flags, payload } = message
  if (type !== wire.NLMSG_ERROR && type !== wire.NLMSG_DONE) return undefined
  const decoded =
    type === wire.NLMSG_ERROR ? wire.decodeAcknowledgement(payload, flags, host) : wire.decodeDone(payload, flags, host)
  if (!decoded.ok) return { errno: constants.errno.EBADMSG, detail: `${decoded.error.field} ${decoded.error.got}` }
  const detail = wire.extendedMessage(decoded.value.attributes)
  return { errno: decoded.value.errno, ...(detail === undefined ? {} : { detail }) }
}

/** The kernel's own words come last: `add 192.0.2.1/24: Invalid argument (EINVAL): ipv4: Invalid prefix length`. */
function netlinkError(what: string, errno: number, detail?: string): NetlinkError {
  const { code, message } = systemError(what, -errno)
  return { code, message: detail === undefined ? message : `${message}: ${detail}` }
}

/** Every entry of a table; what `read` does not know is left out. `read` keeps no part of the message by reference. */
export function dumpOver<T>(
  exchange: Exchange,
  name: string,
  type: number,
  payload: Uint8Array,
  read: (message: wire.NetlinkMessage) => T | undefined,
): Result<readonly T[], NetlinkError> {
  for (let attempt = 1; ; attempt++) {
    const entries: T[] = []
    const done = exchange(name, type, wire.NLM_F_DUMP, payload, (message) => {
      const entry = read(message)
      if (entry !== undefined) entries.push(entry)
    })
    if (!done.ok) return done
    if (!done.value.interrupted || attempt === DUMP_ATTEMPTS) return ok(entries)
  }
}
