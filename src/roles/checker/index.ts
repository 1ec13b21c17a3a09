/**
 * The checker role: holds every conversation with real servers, and with name servers about who they are, and turns what comes
 * back into wanted services. Owns the sockets of probes and lookups and one timer; started by the process entry, which also takes its privileges away. Reads what strangers
 * send, so each probe is bounded in bytes and time, and so is how many run at once. Health survives a reload and, by the
 * records in its slice, a restart. A probe's socket is bound to an interface or marked only where the hfsys addon is.
 */

export type { CheckerPorts, LookUp, Probe } from './ports.ts'
export { startChecker } from './start-checker.ts'
export { systemPorts } from './system-ports.ts'
