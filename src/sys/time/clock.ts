import { type Instant, instant } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import type { Clock } from './ports.ts'

/** CLOCK_MONOTONIC, shared by all processes of one boot; rounded down, so a timer armed for T fires at `now() >= T`. */
export const systemClock: Clock = {
  now: () => instant(hfsys().clock()),
  wall: () => Date.now(),
}

/**
 * Keeps the processor until then. For the last microseconds before a moment that counts: a timer wakes up after it, and a loop in
 * JavaScript would be compiled when it has run so often.
 */
export const lingerUntil = (at: Instant): void => hfsys().linger(at)
