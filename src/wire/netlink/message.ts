import { fail, ok } from '../../base/index.ts'
import { type Decoded, type LittleEndian, viewOf } from './decoded.ts'

/**
 * The header of every message (`struct nlmsghdr`, linux/netlink.h); a datagram holds several, each at a multiple of four:
 *
 *     0               4       6       8               12              16
 *     | length (own)  | type  | flags | sequence      | port          | payload …
 */
export type NetlinkHeader = {
  readonly type: number
  readonly flags: number
  /** Answers carry the request's. */
  readonly sequence: number
  /** The socket's own number; 0 lets the kernel fill it, and is the kernel's. */
  readonly port: number
}

export type NetlinkMessage = NetlinkHeader & { readonly payload: Uint8Array }

export const NETLINK_HEADER_SIZE = 16

export const NLMSG_NOOP = 1
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
export const NLMSG_OVERRUN = 4

export const NLM_F_REQUEST = 0x1
export const NLM_F_MULTI = 0x2
export const NLM_F_ACK = 0x4
/** The notification of what the request changed comes back to who asked. */
export const NLM_F_ECHO = 0x8
/** The table changed while it was dumped: entries may be missing or twice. */
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_DUMP = 0x300
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
export const NLM_F_APPEND = 0x800

export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
export const RTM_GETLINK = 18
export const RTM_SETLINK = 19
export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
export const RTM_GETROUTE = 26
export const RTM_NEWNEIGH = 28
export const RTM_DELNEIGH = 29
export const RTM_GETNEIGH = 30
export const RTM_NEWRULE = 32
export const RTM_DELRULE = 33
export const RTM_GETRULE = 34

const padded = (size: number): number => (size + 3) & ~3

/** @param bytes  at least a header; kept by reference nowhere */
export function decodeHeader(bytes: Uint8Array, little: LittleEndian): Decoded<NetlinkHeader & { length: number }> {
  if (bytes.length < NETLINK_HEADER_SIZE) return fail({ field: 'length', got: bytes.length })
  const view = viewOf(bytes)
  return ok({
    length: view.getUint32(0, little),
    type: view.getUint16(4, little),
    flags: view.getUint16(6, little),
    sequence: view.getUint32(8, little),
    port: view.getUint32(12, little),
  })
}

/** All messages of one datagram. */
export function decodeMessages(bytes: Uint8Array, little: LittleEndian): Decoded<readonly NetlinkMessage[]> {
  const messages: NetlinkMessage[] = []
  let at = 0
  while (at < bytes.length) {
    const header = decodeHeader(bytes.subarray(at), little)
    if (!header.ok) return header
    const { length, ...rest } = header.value
    if (length < NETLINK_HEADER_SIZE || at + length > bytes.length) return fail({ field: 'length', got: length })
    messages.push({ ...rest, payload: bytes.subarray(at + NETLINK_HEADER_SIZE, at + length) })
    at += padded(length)
  }
  return ok(messages)
}

/** One message, padded to four bytes. */
export function encodeMessage(message: NetlinkMessage, little: LittleEndian): Uint8Array {
  const length = NETLINK_HEADER_SIZE + message.payload.length
  const bytes = new Uint8Array(padded(length))
  const view = viewOf(bytes)
  view.setUint32(0, length, little)
  view.setUint16(4, message.type, little)
  view.setUint16(6, message.flags, little)
  view.setUint32(8, message.sequence, little)
  view.setUint32(12, message.port, little)
  bytes.set(message.payload, NETLINK_HEADER_SIZE)
  return bytes
}
