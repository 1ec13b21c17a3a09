import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { type Descriptor, isWouldBlock, type SystemError, systemError } from '../descriptor/index.ts'
import { SOCKET_ADDRESS_SIZE } from './socket-address.ts'

/** Datagrams taken at one wake-up, so that a flood leaves time for the timers; the rest wakes the loop again. */
const BATCH = 64

export type ReceiveLoop = {
  readonly descriptor: Descriptor
  /** What errors are about. */
  readonly subject: string
  /** Bytes; what is longer arrives cut. */
  readonly longest: number
  /** Bytes of ancillary data there is room for. */
  readonly control: number
  /** All three hold until it returns. It may close the descriptor. */
  readonly onDatagram: (payload: Uint8Array, from: Uint8Array, control: Uint8Array) => void
}

/**
 * Takes datagrams whenever there are some; the descriptor is closed when it cannot be watched.
 * @returns takes at once what waits, a batch at most
 */
export function receiveDatagrams(loop: ReceiveLoop): Result<() => void, SystemError> {
  const { descriptor, onDatagram } = loop
  const { recvmsg } = hfsys()
  const data = new Uint8Array(loop.longest)
  const from = new Uint8Array(SOCKET_ADDRESS_SIZE)
  const control = new Uint8Array(loop.control)
  const lengths = new Int32Array(3)
  const take = () => {
    // The handler may close the socket, so each turn looks.
    for (let left = BATCH; left > 0 && !descriptor.closed; left--) {
      const size = recvmsg(descriptor.fd, data, from, control, 0, lengths)
      if (size < 0) {
        if (isWouldBlock(size)) return
        // A pending error of the socket, told once: the next datagram comes all the same.
        continue
      }
      onDatagram(data.subarray(0, size), from.subarray(0, lengths[0]), control.subarray(0, lengths[1]))
    }
  }
  const watching = descriptor.whenReadable(take)
  if (watching >= 0) return ok(take)
  descriptor.close()
  return fail(systemError('epoll_ctl', watching, loop.subject))
}
