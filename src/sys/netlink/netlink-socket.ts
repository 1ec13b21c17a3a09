import { fail, hostIsLittleEndian, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { decodeMessages, type NetlinkMessage } from '../../wire/netlink/index.ts'
import { checked, Descriptor, type SystemError, systemError } from '../descriptor/index.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
export const NETLINK_ROUTE = 0
export const NETLINK_CONNECTOR = 11
export const NETLINK_NETFILTER = 12
export const NETLINK_GENERIC = 16
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVTIMEO = 20
const SO_RCVBUFFORCE = 33
const SOL_NETLINK = 270
const NETLINK_ADD_MEMBERSHIP = 1
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const NETLINK_GET_STRICT_CHK = 12
const MSG_TRUNC = 0x20

/** The kernel fills datagrams of a dump up to 32 kB. */
const RECEIVE_SIZE = 65_536
/** The kernel doubles it, in a C int. */
const MOST_BUFFER = 0x3fffffff
/** `struct sockaddr_nl`: family, pad, port, groups. */
const ADDRESS_SIZE = 12
const ADDRESS_PORT = 4

/** Messages of one datagram point into the socket's buffer: they are valid until the next `receive`. */
export type Received =
  | { readonly type: 'messages'; readonly messages: readonly NetlinkMessage[] }
  /** Longer than the buffer, malformed, or not from the kernel. */
  | { readonly type: 'unreadable' }

/** A netlink socket and its buffer. */
export class NetlinkSocket {
  readonly descriptor: Descriptor
  readonly #buffer = new Uint8Array(RECEIVE_SIZE)
  readonly #address = new Uint8Array(ADDRESS_SIZE)
  readonly #lengths = new Int32Array(3)

  constructor(descriptor: Descriptor) {
    this.descriptor = descriptor
  }

  send(message: Uint8Array): number {
    // The zeroed address names the kernel; an unbound socket is given a port at the first send.
    return hfsys().sendmsg(this.descriptor.fd, message, undefined, undefined, 0)
  }

  /** One datagram, or -errno. */
  receive(): Received | number {
    const { recvmsg } = hfsys()
    const size = recvmsg(this.descriptor.fd, this.#buffer, this.#address, undefined, 0, this.#lengths)
    if (size < 0) return size
    const port = new DataView(this.#address.buffer).getUint32(ADDRESS_PORT, hostIsLittleEndian)
    if (port !== 0 || ((this.#lengths[2] as number) & MSG_TRUNC) !== 0) return { type: 'unreadable' }
    const decoded = decodeMessages(this.#buffer.subarray(0, size), hostIsLittleEndian)
    return decoded.ok ? { type: 'messages', messages: decoded.value } : { type: 'unreadable' }
  }

  close(): void {
    this.descriptor.close()
  }
}

/** The answer is there when the request returns; this only keeps a kernel that does not answer from holding us. */
const ANSWER_TIMEOUT_MS = 2_000

/**
 * Blocks in `receive`, but no longer than ANSWER_TIMEOUT_MS.
 * @param receiveBuffer  bytes of answers that may wait, whatever net.core.rmem_max says; undefined: as the kernel has it
 */
export const openBlockingSocket = (protocol: number, receiveBuffer?: number): Result<NetlinkSocket, SystemError> =>
  open(protocol, 0, (fd) => {
    const { setsockopt, wordSize } = hfsys()
    if (receiveBuffer !== undefined) setReceiveBuffer(fd, receiveBuffer)
    const limit = timeValue(ANSWER_TIMEOUT_MS, wordSize)
    return checked('setsockopt SO_RCVTIMEO', setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, limit))
  })

/**
 * A member of multicast groups (RTNLGRP_*, or those of another `protocol`) that does not block.
 * @param receiveBuffer  bytes, whatever net.core.rmem_max says; beyond them the kernel drops events and says ENOBUFS
 * @param filter         of classic BPF, over the whole message; its header included
 */
export const openGroupSocket = (
  groups: readonly number[],
  receiveBuffer: number,
  filter?: Uint8Array,
  protocol = NETLINK_ROUTE,
): Result<NetlinkSocket, SystemError> =>
  open(protocol, SOCK_NONBLOCK, (fd) => {
    const { setsockopt, bind, attachFilter } = hfsys()
    // Before the groups: nothing comes in unfiltered.
    if (filter !== undefined) {
      const attached = checked('setsockopt SO_ATTACH_FILTER', attachFilter(fd, filter))
      if (!attached.ok) return attached
    }
    setReceiveBuffer(fd, receiveBuffer)
    const address = new Uint8Array(ADDRESS_SIZE)
    new DataView(address.buffer).setUint16(0, AF_NETLINK, hostIsLittleEndian)
    const bound = checked('bind', bind(fd, address))
    if (!bound.ok) return bound
    for (const group of groups) {
      const joined = setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
      if (joined < 0) return fail(systemError('setsockopt NETLINK_ADD_MEMBERSHIP', joined))
    }
    return ok(0)
  })

/** Without CAP_NET_ADMIN net.core.rmem_max is the limit, and events are lost a little sooner. */
function setReceiveBuffer(fd: number, bytes: number): void {
  const { setsockopt } = hfsys()
  const size = Math.min(bytes, MOST_BUFFER)
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size) < 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size)
}

function open(
  protocol: number,
  flags: number,
  prepare: (fd: number) => Result<number, SystemError>,
): Result<NetlinkSocket, SystemError> {
  const { socket, setsockopt } = hfsys()
  const opened = checked('socket AF_NETLINK', socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol))
  if (!opened.ok) return opened
  const descriptor = new Descriptor(opened.value)
  // Each is there since Linux 4.20 at the latest; without them errors only say less.
  for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK])
    setsockopt(descriptor.fd, SOL_NETLINK, option, 1)
  const prepared = prepare(descriptor.fd)
  if (prepared.ok) return ok(new NetlinkSocket(descriptor))
  descriptor.close()
  return prepared
}

/** `struct timeval` of two C longs. */
function timeValue(milliseconds: number, wordSize: number): Uint8Array {
  const bytes = new Uint8Array(2 * wordSize)
  const view = new DataView(bytes.buffer)
  const put = (index: number, value: number): void =>
    wordSize === 8
      ? view.setBigInt64(index * wordSize, BigInt(value), hostIsLittleEndian)
      : view.setInt32(index * wordSize, value, hostIsLittleEndian)
  put(0, Math.floor(milliseconds / 1000))
  put(1, (milliseconds % 1000) * 1000)
  return bytes
}
