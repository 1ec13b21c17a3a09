/**
 * The virtual router's machine (RFC 9568 §6.4 for v3, RFC 3768 §6.4 for v2, keepalived's fault state and options) and
 * the receive checks before it. Pure: events and the time go in, the next state and orders come out. One machine is one
 * virtual router in one address family; it knows nothing of sockets, of other virtual routers or of trackers. The role
 * that owns it carries the orders out and arms a timer for `deadlineOf`. Not here: accept mode, the virtual router MAC;
 * of the HMAC extension and the authentication header only their place among the checks.
 */

export type { Cause, Entered, VrrpAction } from './action.ts'
export { because, type Change, type LastHeard } from './because.ts'
export type { AdvertisementReceived, VrrpEvent } from './event.ts'
export {
  LEAST_PRIORITY,
  leastSkewTime,
  masterDownInterval,
  OWNER,
  RESIGNED,
  resumableFor,
  skewTime,
  type TimedRouter,
} from './intervals.ts'
export { type Backup, deadlineOf, type Fault, type Initialize, type Master, type VrrpState } from './state.ts'
export { step } from './step.ts'
export { eagerOwner, initialize, type Step } from './transition.ts'
export {
  type Accepted,
  type Arrival,
  authenticationType,
  type Expectation,
  type Rejection,
  type Remark,
  validate,
} from './validate.ts'
