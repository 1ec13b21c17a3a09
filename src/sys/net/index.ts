/**
 * Conversations as a client: a TCP connection that is only tried, one request with its answer, a dialogue by turns, and a
 * datagram of UDP or ICMP with what comes back for it, raw bytes both ways; and streams between directors, at either end. Owns each socket for as long as its promise is
 * open; whatever ends it, the socket is closed. For the checker role, and streams for forwarding. Every failure is a value with the phase it came in;
 * what an answer means is not known here. Does not resolve names and keeps no connection alive.
 */

export { ask, type Question } from './ask.ts'
export { Cancellation, type CancelSignal } from './cancellation.ts'
export { converse, type Turn } from './converse.ts'
export { dial } from './dial.ts'
export { dialWithin } from './dial-within.ts'
export { type Digest, openMd5 } from './digest.ts'
export { type Exchange, exchange } from './exchange.ts'
export { type Http2Answer, type Http2Exchange, http2Exchange } from './http2-exchange.ts'
export { randomBytes } from './random.ts'
export { listenForStreams, openStream, type Stream, type StreamListener } from './stream.ts'
export type { ConnectTarget, NetFailure } from './target.ts'
export type { TlsIdentity, TlsOptions, TlsVersion } from './tls.ts'
export { tryConnect } from './try-connect.ts'
