import { constants } from 'node:os'
import { fail, hostIsLittleEndian as host, joinedBytes, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import {
  decodeAcknowledgement,
  encodeMessage,
  extendedMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from '../../wire/netlink/index.ts'
import { batchOf, type NftRequest } from '../../wire/nftables/index.ts'
import { systemError } from '../descriptor/index.ts'
import { NETLINK_NETFILTER, openBlockingSocket } from './netlink-socket.ts'
import type { NetlinkError } from './ports.ts'

/** For a transaction, in microseconds: it waits for other CPUs. */
const TIMEOUT_US = 5_000_000

/**
 * The kernel tells of a transaction with the sequence number of a request of it: by these numbers a monitor knows ours. A
 * batch has fewer than SEQUENCES messages.
 */
export const FIRST_SEQUENCE = 0x4846_0000
export const SEQUENCES = 0x1_0000

/**
 * Changes nf_tables by all of these or by none.
 * @param what opens the message of an error
 */
export type ChangeNftables = (what: string, requests: readonly NftRequest[]) => Result<void, NetlinkError>

export const changeNftables: ChangeNftables = (what, requests) => {
  const opened = openBlockingSocket(NETLINK_NETFILTER)
  if (!opened.ok) return opened
  const socket = opened.value
  const done = transact(what, requests)
  socket.close()
  return done

  function transact(of: string, all: readonly NftRequest[]): Result<void, NetlinkError> {
    const messages = batchOf(all).map((message, at) => {
      // The first and the last open and end the transaction, and are answered only where they fail.
      const inner = at > 0 && at <= all.length
      const flags = message.flags | NLM_F_REQUEST | (inner ? NLM_F_ACK : 0)
      return encodeMessage({ ...message, flags, sequence: FIRST_SEQUENCE + at, port: 0 }, host)
    })
    const sent = socket.send(joinedBytes(messages))
    if (sent < 0) return fail(systemError(of, sent))
    const deadline = hfsys().clock() + TIMEOUT_US
    let open = all.length
    while (open > 0 && hfsys().clock() < deadline) {
      const received = socket.receive()
      if (received === -constants.errno.EINTR) continue
      if (received === -constants.errno.EAGAIN) break
      if (typeof received === 'number') return fail(systemError(of, received))
      if (received.type === 'unreadable') continue
      for (const { type, flags, payload } of received.messages) {
        if (type !== NLMSG_ERROR) continue
        const decoded = decodeAcknowledgement(payload, flags, host)
        if (!decoded.ok) return fail({ code: 'EBADMSG', message: `${of}: ${decoded.error.field} ${decoded.error.got}` })
        if (decoded.value.errno !== 0) {
          const { code, message } = systemError(of, -decoded.value.errno)
          const detail = extendedMessage(decoded.value.attributes)
          return fail({ code, message: detail === undefined ? message : `${message}: ${detail}` })
        }
        open--
      }
    }
    return open === 0 ? ok(undefined) : fail({ code: 'ETIMEDOUT', message: `${of}: the kernel did not answer` })
  }
}
