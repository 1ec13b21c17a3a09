/**
 * The health of many real servers → quorum ± hysteresis, sorry server, and the service that the forwarding table is to
 * hold. Pure; follows keepalived.conf(5) (quorum, hysteresis, sorry_server, inhibit_on_failure, alpha). Of our own are what an
 * operator orders (drain, disable, a weight), the slow start and the panic threshold. What ports a
 * destination gets is settled when the configuration is lowered, but for groups whose services differ in it.
 */

export type { QuorumAction } from './action.ts'
export { type Condition, quorumWeight, serves, weightOf } from './condition.ts'
export type { QuorumEvent } from './event.ts'
export { keptInPanic, type PanicCandidate } from './panic.ts'
export { nextStepAt, type Ramp, rampedWeight } from './slow-start.ts'
export { initialQuorum, type QuorumState, resumedQuorum } from './state.ts'
export { type QuorumStep, stepQuorum } from './step.ts'
export { sorryServerInUse, wantedService, wantedServices } from './wanted-service.ts'
