/**
 * The control socket: JSON lines over a unix stream socket of mode 0600. Both ends live here; what requests mean is
 * decided by the supervisor. A line is at most 1 MiB from a client; a malformed one is the handler's to answer.
 */

export * from './client.ts'
export * from './line-splitter.ts'
export * from './server.ts'
