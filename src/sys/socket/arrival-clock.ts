import { after, hostIsLittleEndian, type Instant, type Micros, micros } from '../../base/index.ts'
import { SCM_TIMESTAMPNS, SOL_SOCKET } from './constants.ts'
import { findControlMessage } from './control-message.ts'

/** Whose datagram waited longer did not listen: it counts from when it does again. */
const LONGEST = 10_000
/** µs by which the clocks may move against each other between two datagrams; NTP moves them by 500 in a second. */
const STEP = 1_000

/** When a datagram came that is read now. */
export type ArrivalClock = (stampedAt: Micros | undefined) => Instant

/**
 * Turns the stamps of the kernel, which are wall time, into moments of the clock that deadlines are measured on. It is never
 * late by more than the reading was, and a wall clock that is set moves nothing: after that a datagram came when it was read.
 * @param wall µs since 1970
 */
export function openArrivalClock(clock: { now(): Instant; wall(): Micros }): ArrivalClock {
  let offset: number | undefined
  return (stampedAt) => {
    const wall = clock.wall()
    const now = clock.now()
    const isSteady = offset !== undefined && Math.abs(wall - now - offset) <= STEP
    offset = wall - now
    if (stampedAt === undefined || !isSteady) return now
    const waited = wall - stampedAt
    return waited < 0 || waited > LONGEST ? now : after(now, micros(-waited))
  }
}

/**
 * The stamp in the control messages of a socket with SO_TIMESTAMPNS, in µs since 1970, rounded up; undefined where there is none.
 * @param wordSize bytes in a C long, of which the stamp has two
 */
export function stampOf(control: Uint8Array, wordSize: number): Micros | undefined {
  const stamp = findControlMessage(control, wordSize, SOL_SOCKET, SCM_TIMESTAMPNS)
  if (stamp === undefined || stamp.length < 2 * wordSize) return undefined
  const view = new DataView(stamp.buffer, stamp.byteOffset, stamp.length)
  const long = (at: number): number =>
    wordSize === 8 ? Number(view.getBigInt64(at, hostIsLittleEndian)) : view.getInt32(at, hostIsLittleEndian)
  return micros(long(0) * 1_000_000 + Math.ceil(long(wordSize) / 1_000))
}
