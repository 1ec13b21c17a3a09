/**
 * Outcomes over time: one pure machine a checker, which says when to probe, what for, and when enough has been seen to
 * call a real server up or down. Owns delay_loop, retry, delay_before_retry, warm-up, alpha and the order of an HTTP
 * checker's urls, all with keepalived's meaning. Knows nothing of how a probe is made or judged. A departure from
 * keepalived: while the urls are gone through again to bring a server up, one that fails becomes the only one tried, as
 * at any other time; keepalived then asks on at it without noting that it failed.
 */

export type { HealthAction } from './action.ts'
export type { HealthEvent } from './event.ts'
export { isAlive, realServerState } from './real-server.ts'
export { question, reconfigureHealth, sameQuestion } from './reconfigure.ts'
export {
  beginHealth,
  beginsDown,
  type CheckerHealth,
  countsAsUp,
  faultIn,
  type Inherited,
  type Verdict,
} from './state.ts'
export { type HealthStep, stepHealth } from './step.ts'
