/**
 * Time: the monotonic clock that deadlines are measured on, wall time for logs, and the one timer of a process. Owns a
 * timerfd. A role keeps its deadlines in its states and arms the timer for the earliest; setTimeout is not used for
 * them, because it rounds to milliseconds while a skew can be 78 µs. Where a millisecond does not matter there is `schedule`.
 */

export { lingerUntil, systemClock } from './clock.ts'
export type * from './ports.ts'
export { schedule } from './schedule.ts'
export { openTimer } from './timer.ts'
