import { fail, hostIsLittleEndian, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, Descriptor, type SystemError, systemError } from '../descriptor/index.ts'
import * as c from './constants.ts'
import { decodeControlMessages } from './control-message.ts'
import { addressFilter } from './filter.ts'
import type { OpenClaimSocket } from './ports.ts'
import { decodeIpSocketAddress, encodeLinkSocketAddress, SOCKET_ADDRESS_SIZE } from './socket-address.ts'

/** Messages taken at one wake-up; the rest wakes the loop again. */
const BATCH = 32
/** Enough of any ARP frame, and of a neighbour advertisement with its options. */
const RECEIVE_SIZE = 512
const NEIGHBOUR_ADVERTISEMENT = 136

type Kind = {
  readonly domain: number
  readonly protocol: number
  /** Where the last four bytes of the claimed address lie. */
  readonly offset: number
  prepare(fd: number, name: string, interfaceIndex: number): Result<number, SystemError>
}

const arp: Kind = {
  domain: c.AF_PACKET,
  // Nothing comes in before it is bound.
  protocol: 0,
  offset: 28,
  prepare: (fd, _, interfaceIndex) =>
    checked('bind', hfsys().bind(fd, encodeLinkSocketAddress(interfaceIndex, c.ETH_P_ARP))),
}

const neighbourDiscovery: Kind = {
  domain: c.AF_INET6,
  protocol: c.IPPROTO_ICMPV6,
  offset: 20,
  prepare(fd, name) {
    const { setsockopt } = hfsys()
    const passed = new Uint8Array(32).fill(0xff)
    // A bit that is set blocks a type (RFC 3542 §3.2), eight words of them.
    const word = 4 * (NEIGHBOUR_ADVERTISEMENT >> 5)
    new DataView(passed.buffer).setUint32(word, ~(1 << (NEIGHBOUR_ADVERTISEMENT & 31)) >>> 0, hostIsLittleEndian)
    for (const [option, level, number, value] of [
      ['ICMP6_FILTER', c.IPPROTO_ICMPV6, c.ICMP6_FILTER, passed],
      ['SO_BINDTODEVICE', c.SOL_SOCKET, c.SO_BINDTODEVICE, new TextEncoder().encode(`${name}\0`)],
      ['IPV6_RECVHOPLIMIT', c.SOL_IPV6, c.IPV6_RECVHOPLIMIT, 1],
    ] as const) {
      const outcome = setsockopt(fd, level, number, value)
      if (outcome < 0) return fail(systemError(`setsockopt ${option}`, outcome, name))
    }
    return ok(0)
  },
}

/** By its own types and addresses only what could be a claim comes out of the kernel. */
export const openClaimSocket: OpenClaimSocket = ({ family, interface: name, interfaceIndex, onMessage }) => {
  const { socket, attachFilter, read, recvmsg, wordSize } = hfsys()
  const kind = family === 4 ? arp : neighbourDiscovery
  const opened = checked('socket', socket(kind.domain, c.SOCK_RAW | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC, kind.protocol))
  if (!opened.ok) return opened
  const descriptor = new Descriptor(opened.value)
  const give = (error: SystemError) => {
    descriptor.close()
    return fail(error)
  }
  const listen = (addresses: Parameters<typeof addressFilter>[0]) =>
    checked('setsockopt SO_ATTACH_FILTER', attachFilter(descriptor.fd, addressFilter(addresses, kind.offset)))
  const deaf = listen([])
  if (!deaf.ok) return give(deaf.error)
  const prepared = kind.prepare(descriptor.fd, name, interfaceIndex)
  if (!prepared.ok) return give(prepared.error)

  const data = new Uint8Array(RECEIVE_SIZE)
  const address = new Uint8Array(SOCKET_ADDRESS_SIZE)
  const control = new Uint8Array(256)
  const lengths = new Int32Array(3)
  const hopLimit = (): number => {
    const messages = decodeControlMessages(control.subarray(0, lengths[1]), wordSize)
    const found = messages.find(({ level, type }) => level === c.SOL_IPV6 && type === c.IPV6_HOPLIMIT)?.data
    return found === undefined || found.length < 4
      ? -1
      : new DataView(found.buffer, found.byteOffset).getInt32(0, hostIsLittleEndian)
  }

  const watching = descriptor.whenReadable(() => {
    for (let left = BATCH; left > 0 && !descriptor.closed; left--) {
      // packet(7) refuses the flag by which recvmsg keeps descriptors from children.
      const size = family === 4 ? read(descriptor.fd, data) : recvmsg(descriptor.fd, data, address, control, 0, lengths)
      // ENETDOWN and the like pass by being told; that the interface is gone is told elsewhere.
      if (size < 0) return
      if (family === 4) {
        onMessage({ data: data.subarray(0, size), hopLimit: -1 })
        continue
      }
      const source = decodeIpSocketAddress(address.subarray(0, lengths[0]))
      onMessage({
        data: data.subarray(0, size),
        hopLimit: hopLimit(),
        ...(source === undefined ? {} : { source }),
      })
    }
  })
  if (watching < 0) return give(systemError('epoll_ctl', watching, name))
  return ok({
    listen: (addresses) => {
      const done = listen(addresses)
      return done.ok ? ok(undefined) : done
    },
    close: () => descriptor.close(),
  })
}
