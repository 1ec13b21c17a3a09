import { fail, ok } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import {
  checked,
  Descriptor,
  DROP,
  type FilterInstruction,
  filterProgram,
  JUMP_IF_EQUAL,
  LOAD_BYTE,
  LOAD_HALF_WORD,
  PASS,
  type SystemError,
  systemError,
} from '../descriptor/index.ts'
import * as c from './constants.ts'
import type { LinkLanguageName, OpenLinkSocket } from './ports.ts'
import { encodeLinkSocketAddress } from './socket-address.ts'

/** Messages taken at one wake-up; the rest wakes the loop again. */
const BATCH = 32
/** Enough of any frame of these languages on links of 1500 bytes; of longer ones the beginning. */
const RECEIVE_SIZE = 2048

const NEXT_HEADER = 20
const ICMPV6_TYPE = 54
const NEIGHBOUR_SOLICITATION = 135
const NEIGHBOUR_ADVERTISEMENT = 136
/** Of IPv4. */
const PROTOCOL = 23
const IPPROTO_TCP = 6

const ipv4Protocol = (number: number): Uint8Array =>
  filterProgram([[LOAD_BYTE, 0, 0, PROTOCOL], [JUMP_IF_EQUAL, 0, 1, number], PASS, DROP])

/**
 * ARP; VRRP, ICMPv6 and UDP of either family, in whole. Which ports and types of these is for the reader: a busy director has
 * little UDP besides.
 */
function whatDirectorsSay(): Uint8Array {
  const TYPE = 12
  const UDP = 17
  const either = (...numbers: readonly number[]): readonly FilterInstruction[] => [
    ...numbers.map((number, i): FilterInstruction => [JUMP_IF_EQUAL, numbers.length - i, 0, number]),
    DROP,
    PASS,
  ]
  const ofIpv6: readonly FilterInstruction[] = [
    [LOAD_BYTE, 0, 0, NEXT_HEADER],
    ...either(c.IPPROTO_VRRP, c.IPPROTO_ICMPV6, UDP),
  ]
  const ofIpv4: readonly FilterInstruction[] = [[LOAD_BYTE, 0, 0, PROTOCOL], ...either(c.IPPROTO_VRRP, UDP)]
  return filterProgram([
    [LOAD_HALF_WORD, 0, 0, TYPE],
    [JUMP_IF_EQUAL, 0, 1, c.ETH_P_ARP],
    PASS,
    [JUMP_IF_EQUAL, 0, ofIpv4.length, c.ETH_P_IP],
    ...ofIpv4,
    [JUMP_IF_EQUAL, 0, ofIpv6.length, c.ETH_P_IPV6],
    ...ofIpv6,
    DROP,
  ])
}

/** Of the whole frame, as SOCK_RAW has it. */
const languages: Readonly<Record<LinkLanguageName, { readonly type: number; readonly filter: Uint8Array }>> = {
  arp: { type: c.ETH_P_ARP, filter: filterProgram([PASS]) },
  'neighbour-discovery': {
    type: c.ETH_P_IPV6,
    filter: filterProgram([
      [LOAD_BYTE, 0, 0, NEXT_HEADER],
      [JUMP_IF_EQUAL, 0, 4, c.IPPROTO_ICMPV6],
      [LOAD_BYTE, 0, 0, ICMPV6_TYPE],
      [JUMP_IF_EQUAL, 1, 0, NEIGHBOUR_SOLICITATION],
      [JUMP_IF_EQUAL, 0, 1, NEIGHBOUR_ADVERTISEMENT],
      PASS,
      DROP,
    ]),
  },
  'what directors say': { type: c.ETH_P_ALL, filter: whatDirectorsSay() },
  'tcp over IPv4': { type: c.ETH_P_IP, filter: ipv4Protocol(IPPROTO_TCP) },
  'vrrp over IPv4': { type: c.ETH_P_IP, filter: ipv4Protocol(c.IPPROTO_VRRP) },
}

export const openLinkSocket: OpenLinkSocket = ({ hears, interfaceIndex, onFrame }) => {
  const { type, filter } = languages[hears]
  const { socket, bind, attachFilter, read, sendmsg } = hfsys()
  const opened = checked('socket AF_PACKET', socket(c.AF_PACKET, c.SOCK_RAW | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC, 0))
  if (!opened.ok) return opened
  const descriptor = new Descriptor(opened.value)
  const give = (error: SystemError) => {
    descriptor.close()
    return fail(error)
  }
  const filtered = checked('setsockopt SO_ATTACH_FILTER', attachFilter(descriptor.fd, filter))
  if (!filtered.ok) return give(filtered.error)
  const place = encodeLinkSocketAddress(interfaceIndex, type)
  const bound = checked('bind', bind(descriptor.fd, place))
  if (!bound.ok) return give(bound.error)

  const data = new Uint8Array(RECEIVE_SIZE)
  const watching = descriptor.whenReadable(() => {
    for (let left = BATCH; left > 0 && !descriptor.closed; left--) {
      const size = read(descriptor.fd, data)
      if (size < 0) return
      onFrame(data.subarray(0, size))
    }
  })
  if (watching < 0) return give(systemError('epoll_ctl', watching, `interface ${interfaceIndex}`))
  return ok({
    send(frame) {
      const sent = sendmsg(descriptor.fd, frame, place, undefined, 0)
      return sent < 0 ? fail(systemError('sendmsg', sent, `interface ${interfaceIndex}`)) : ok(undefined)
    },
    close: () => descriptor.close(),
  })
}
