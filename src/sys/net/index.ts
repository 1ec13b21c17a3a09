/**
 * TCP conversations as a client: a connection that is only tried, one request with its answer, and a dialogue by turns, raw bytes both ways.
 * Owns each socket for as long as its promise is open; whatever ends it, the socket is closed. For the checker role.
 * Every failure is a value with the phase it came in; what an answer means is not known here. Does not resolve names and
 * keeps no connection alive.
 */

export { converse, type Turn } from './converse.ts'
export { dialWithin } from './dial-within.ts'
export { type Digest, openMd5 } from './digest.ts'
export { type Exchange, exchange } from './exchange.ts'
export type { ConnectTarget, NetFailure } from './target.ts'
export type { TlsIdentity, TlsOptions, TlsVersion } from './tls.ts'
export { tryConnect } from './try-connect.ts'
