import { describe, expect, test } from 'vitest'
import { type Instant, instant, type Micros, micros } from '../../src/base/index.ts'
import { openArrivalClock, stampOf } from '../../src/sys/socket/arrival-clock.ts'
import { encodeControlMessages } from '../../src/sys/socket/control-message.ts'

const SOL_SOCKET = 1
const SCM_TIMESTAMPNS = 35

describe('when a datagram came', () => {
  /** Wall time minus the clock's. */
  const FIRST = 1_700_000_000_000_000
  /** A socket that has read a datagram at 0 s, and now reads one at 1 s; `moved`: so far the wall clock moved meanwhile. */
  function arrival(stampedAt: (wall: number) => number | undefined, moved = 0): Instant {
    let now = instant(0)
    let offset = FIRST
    const arrivalOf = openArrivalClock({ now: () => now, wall: () => micros(now + offset) })
    arrivalOf(undefined)
    now = instant(1_000_000)
    offset += moved
    return arrivalOf(stampedAt(now + offset) as Micros | undefined)
  }

  test.each([
    ['is so long ago as its stamp', (wall: number) => wall - 130, 0, 999_870],
    ['is so long ago as its stamp while NTP slews', (wall: number) => wall - 130, 500, 999_870],
    ['is now without a stamp', () => undefined, 0, 1_000_000],
    ['is now when the stamp is of the future', (wall: number) => wall + 1, 0, 1_000_000],
    ['may be some milliseconds ago', (wall: number) => wall - 10_000, 0, 990_000],
    ['is now when that is longer ago: the process has not listened', (wall: number) => wall - 10_001, 0, 1_000_000],
    ['is now when the wall clock was set forward', (wall: number) => wall - 5_000, 5_000, 1_000_000],
    ['is now when the wall clock was set back', (wall: number) => wall - 130, -3_600_000_000, 1_000_000],
  ])('%s', (_name, stampedAt, moved, arrived) => {
    expect(arrival(stampedAt, moved)).toBe(arrived)
  })

  test('a clock that was set counts again from the next datagram on', () => {
    let offset = FIRST
    const arrivalOf = openArrivalClock({ now: () => instant(500), wall: () => micros(500 + offset) })
    const read = () => arrivalOf(micros(500 + offset - 130))
    expect([read(), read()]).toEqual([500, 370])
    offset -= 60_000_000
    expect([read(), read()]).toEqual([500, 370])
  })
})

describe('the stamp of the kernel', () => {
  const stamp = (data: Uint8Array, wordSize: number, type = SCM_TIMESTAMPNS) =>
    stampOf(encodeControlMessages([{ level: SOL_SOCKET, type, data }], wordSize), wordSize)

  test('is in microseconds, rounded up, for both word sizes', () => {
    expect(stamp(new Uint8Array(new BigInt64Array([1_790_000_000n, 123_456_001n]).buffer), 8)).toBe(
      1_790_000_000_123_457,
    )
    expect(stamp(new Uint8Array(new Int32Array([1_790_000_000, 123_456_000]).buffer), 4)).toBe(1_790_000_000_123_456)
  })

  test('is not in other messages, nor in one that is cut', () => {
    expect(stamp(new Uint8Array(16), 8, 29)).toBeUndefined()
    expect(stamp(new Uint8Array(15), 8)).toBeUndefined()
    expect(stampOf(new Uint8Array(0), 8)).toBeUndefined()
  })
})
