/**
 * A change → the notifications it calls for, and when they may run. Owns which script of the configuration belongs to
 * which change, with keepalived's arguments, its lines and subjects, and the rule that only what was applied is announced: what is told of a
 * service waits for the forwarding table. How a script is run, as whom and after which other, is decided by who performs
 * the actions. Pure. Scripts, lines for FIFOs and mail are what there is; traps would be one more kind.
 */

export type { NotifyAction } from './action.ts'
export type { NotifyEvent } from './event.ts'
export * from './notifications.ts'
export { initialNotify, type NotifyState, notifyDeadline } from './state.ts'
export { type NotifyStep, stepNotify } from './step.ts'
