import type { Instant } from '../../base/index.ts'

/** CLOCK_MONOTONIC; and wall time for logs and snapshots only. */
export type Clock = {
  now(): Instant
  /** Milliseconds since 1970. */
  wall(): number
}

/** One timer of the process, absolute on CLOCK_MONOTONIC. Firing late or twice must do no harm. */
export type Timer = {
  /** Replaces whatever was armed; undefined disarms. A moment in the past fires at once. */
  arm(at: Instant | undefined): void
  close(): void
}
export type OpenTimer = (onFire: () => void) => Timer
