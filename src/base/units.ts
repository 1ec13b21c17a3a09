/** A length of time in whole microseconds: the skew at priority 254 and 10 ms advertisements is 78 µs. */
export type Micros = number & { readonly unit: 'us' }

/** The VRRPv3 wire unit, 10 ms (RFC 9568 §5.2.7). */
export type Centiseconds = number & { readonly unit: 'cs' }

/** A point on CLOCK_MONOTONIC in microseconds; the same for every process of one boot, never wall time. */
export type Instant = number & { readonly unit: 'instant-us' }

export const micros = (value: number): Micros => Math.round(value) as Micros
export const seconds = (value: number): Micros => micros(value * 1_000_000)
export const millis = (value: number): Micros => micros(value * 1_000)
export const centiseconds = (value: number): Centiseconds => value as Centiseconds
export const instant = (value: number): Instant => value as Instant

export const microsFromCentiseconds = (cs: Centiseconds): Micros => micros(cs * 10_000)
/** Rounds to the nearest centisecond. */
export const centisecondsFromMicros = (us: Micros): Centiseconds => centiseconds(Math.round(us / 10_000))

/** The instant `delay` later than `from`. */
export const after = (from: Instant, delay: Micros): Instant => (from + delay) as Instant
/** How long from `from` until `to`; negative when `to` is earlier. */
export const elapsed = (from: Instant, to: Instant): Micros => (to - from) as Micros
