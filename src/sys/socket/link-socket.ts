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
import type { OpenLinkSocket } from './ports.ts'
import { encodeLinkSocketAddress } from './socket-address.ts'

/** Messages taken at one wake-up; the rest wakes the loop again. */
const BATCH = 32
/** Enough of any ARP frame, and of a neighbour discovery message with its options. */
const RECEIVE_SIZE = 512

const NEXT_HEADER = 20
const ICMPV6_TYPE = 54
const NEIGHBOUR_SOLICITATION = 135
const NEIGHBOUR_ADVERTISEMENT = 136

/** Of the whole frame, as SOCK_RAW has it. */
const filters = {
  4: filterProgram([PASS]),
  6: filterProgram([
    [LOAD_BYTE, 0, 0, NEXT_HEADER],
    [JUMP_IF_EQUAL, 0, 4, c.IPPROTO_ICMPV6],
    [LOAD_BYTE, 0, 0, ICMPV6_TYPE],
    [JUMP_IF_EQUAL, 1, 0, NEIGHBOUR_SOLICITATION],
    [JUMP_IF_EQUAL, 0, 1, NEIGHBOUR_ADVERTISEMENT],
    PASS,
    DROP,
  ]),
}

export const openLinkSocket: OpenLinkSocket = ({ family, interfaceIndex, onFrame }) => {
  const { socket, bind, attachFilter, read, sendmsg } = hfsys()
  const opened = checked('socket AF_PACKET', socket(c.AF_PACKET, c.SOCK_RAW | c.SOCK_NONBLOCK | c.SOCK_CLOEXEC, 0))
  if (!opened.ok) return opened
  const descriptor = new Descriptor(opened.value)
  const give = (error: SystemError) => {
    descriptor.close()
    return fail(error)
  }
  const filtered = checked('setsockopt SO_ATTACH_FILTER', attachFilter(descriptor.fd, filters[family]))
  if (!filtered.ok) return give(filtered.error)
  const place = encodeLinkSocketAddress(interfaceIndex, family === 4 ? c.ETH_P_ARP : c.ETH_P_IPV6)
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
