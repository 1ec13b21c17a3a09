/**
 * The health of many real servers → quorum ± hysteresis, sorry server, and the service that the forwarding table is to
 * hold. Pure; follows keepalived.conf(5) (quorum, hysteresis, sorry_server, inhibit_on_failure, alpha). What ports a
 * destination gets is settled when the configuration is lowered, but for groups whose services differ in it.
 */

export type { QuorumAction } from './action.ts'
export type { QuorumEvent } from './event.ts'
export { initialQuorum, type QuorumState, resumedQuorum } from './state.ts'
export { type QuorumStep, stepQuorum } from './step.ts'
export { livingWeight, sorryServerInUse, wantedService, wantedServices } from './wanted-service.ts'
