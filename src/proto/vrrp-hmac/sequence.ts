import type { HmacSettings } from '../../model/index.ts'

/** RFC 1982 over 64 bits. */
export const isLater = (a: bigint, b: bigint): boolean => BigInt.asIntN(64, a - b) > 0n

/** Seconds of the clock against those of a sequence number, over 32 bits; negative: the sequence is ahead. */
export const age = (wallSeconds: number, sequence: bigint): number =>
  Number(BigInt.asIntN(32, BigInt(Math.floor(wallSeconds)) - (sequence >> 32n)))

/**
 * The clock's, or where that has not moved on one more than the last. A last one further ahead of the clock than the window
 * is from a clock that was wrong: in `time` mode the clock begins anew.
 * @param wall milliseconds since 1970
 */
export function nextSequence(
  { antiReplay, window }: Pick<HmacSettings, 'antiReplay' | 'window'>,
  last: bigint | undefined,
  wall: number,
): bigint {
  const seconds = Math.floor(wall / 1_000)
  const fraction = Math.floor(((wall - seconds * 1_000) / 1_000) * 65_536)
  const clock = BigInt.asUintN(64, (BigInt(seconds) << 32n) | (BigInt(fraction) << 16n))
  if (last === undefined || isLater(clock, last)) return clock
  if (antiReplay === 'time' && -age(seconds, last) > window) return clock
  return BigInt.asUintN(64, last + 1n)
}
