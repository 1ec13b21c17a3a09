/**
 * One BFD session in asynchronous mode as a function of values (RFC 5880 §6; RFC 5881 and 5883 differ only in how packets
 * travel). What came in and what time it is go in; packets to send and changes of state come out. It owns nothing; the vrrp
 * role gives it packets that are well formed and of its neighbour, and random numbers. No demand mode of our own (the
 * neighbour's is honoured), no echo, no authentication.
 */

export type { BfdAction } from './action.ts'
export { type BfdDiagnostic, diagnosticText } from './diagnostic.ts'
export type { BfdEvent } from './event.ts'
export { detectionTime, type RandomSource, transmitInterval } from './intervals.ts'
export { type BfdState, bfdDeadline, initialBfd, type Remote } from './state.ts'
export { type BfdStep, stepBfd } from './step.ts'
