import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { checked, Descriptor, type SystemError, systemError } from '../descriptor/index.ts'
import {
  AF_PACKET,
  SO_PRIORITY,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
  TC_PRIO_CONTROL,
} from './constants.ts'
import type { OpenFrameSocket } from './ports.ts'
import { encodeLinkSocketAddress } from './socket-address.ts'

/** Two addresses and the type. */
const ETHERNET_HEADER = 14
/** Where the type lies in a frame and where sockaddr_ll holds it. */
const FRAME_TYPE = 12
const ADDRESS_TYPE = 2
/** An index that no interface has: ENXIO. */
const NO_INTERFACE = 0x7fffffff

/** Opened with protocol 0, so the kernel hands it no copy of what arrives. Frames are not padded: the driver does it. */
export const openFrameSocket: OpenFrameSocket = (interfaceIndex) => {
  const { socket, setsockopt, sendmsg } = hfsys()
  const opened = checked('socket AF_PACKET', socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
  if (!opened.ok) return opened
  const descriptor = new Descriptor(opened.value)
  setsockopt(descriptor.fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL)
  const toInterface = encodeLinkSocketAddress(interfaceIndex, 0)
  const toNowhere = encodeLinkSocketAddress(NO_INTERFACE, 0)

  function sendTo(address: Uint8Array, frame: Uint8Array): Result<void, SystemError> {
    if (frame.length < ETHERNET_HEADER)
      return fail({ code: 'EINVAL', call: 'sendmsg', message: `a frame of ${frame.length} bytes has no header` })
    address.set(frame.subarray(FRAME_TYPE, FRAME_TYPE + 2), ADDRESS_TYPE)
    const sent = sendmsg(descriptor.fd, frame, address, undefined, 0)
    return sent < 0 ? fail(systemError('sendmsg', sent, `interface ${interfaceIndex}`)) : ok(undefined)
  }

  return ok({
    send: (frame) => sendTo(toInterface, frame),
    rehearse(frame) {
      sendTo(toNowhere, frame)
      return ok(undefined)
    },
    close: () => descriptor.close(),
  })
}
