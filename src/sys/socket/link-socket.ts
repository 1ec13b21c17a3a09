import { fail, ok } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import {
  checked,
  Descriptor,
  DROP,
  filterProgram,
  JUMP_IF_EQUAL,
  LOAD_BYTE,
  PASS,
  type SystemError,
  systemError,
} from '../descriptor/index.ts'
import * as c from './constants.ts'
import type { LinkLanguageName, OpenLinkSocket } from './ports.ts'
import { encodeLinkSocketAddress } from './socket-address.ts'

/** Messages taken at one wake-up; the rest wakes the loop again. */
const BATCH = 32
/** Enough of any ARP frame, and of a neighbour discovery message with its options. */
const RECEIVE_SIZE = 512

const NEXT_HEADER = 20
const ICMPV6_TYPE = 54
const NEIGHBOUR_SOLICITATION = 135
const NEIGHBOUR_ADVERTISEMENT = 136
/** Of IPv4. */
const PROTOCOL = 23
const IPPROTO_TCP = 6

const ipv4Protocol = (number: number): Uint8Array =>
  filterProgram([[LOAD_BYTE, 0, 0, PROTOCOL], [JUMP_IF_EQUAL, 0, 1, number], PASS, DROP])

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
