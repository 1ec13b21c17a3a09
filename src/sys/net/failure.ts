import type { Micros } from '../../base/index.ts'
import type { NetFailure } from './target.ts'

/** The failure behind an errno name. What is not known to come from the network is this host's own trouble. */
export function failureOf(phase: NetFailure['phase'], code: string): NetFailure {
  switch (code) {
    case 'ECONNREFUSED':
      return { phase, reason: 'refused', message: 'connection refused' }
    case 'ETIMEDOUT':
      return { phase, reason: 'timeout', message: 'the kernel gave up on the connection (ETIMEDOUT)' }
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
      return { phase, reason: 'unreachable', message: `no route to the host (${code})` }
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return { phase, reason: 'unreachable', message: `the network is unreachable (${code})` }
    // ICMPv6 alone says so of a firewall or a policy; over IPv4 that is EHOSTUNREACH.
    case 'EACCES':
      return { phase, reason: 'unreachable', message: `administratively prohibited (${code})` }
    // The rarer words of ICMP: protocol unreachable, host isolated, source route failed.
    case 'ENOPROTOOPT':
    case 'ENONET':
    case 'EOPNOTSUPP':
    case 'ENOTSUP':
      return { phase, reason: 'unreachable', message: `refused by ICMP (${code})` }
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
    case 'EPROTO':
      return { phase, reason: 'reset', message: 'the server reset the connection' }
    default:
      return ownTrouble(phase, code)
  }
}

/** Of what this host does by itself, bind(2) say: nothing that the network could have said. */
export const ownTrouble = (phase: NetFailure['phase'], code: string): NetFailure => ({
  phase,
  reason: 'local',
  message: `this host could not ${phase} (${code})`,
})

export function timeoutOf(phase: NetFailure['phase'], limit: Micros): NetFailure {
  const what = {
    connect: 'no connection',
    handshake: 'no TLS handshake',
    send: 'the request could not be sent',
    receive: 'no answer',
  }[phase]
  return lateness(phase, what, limit)
}

/** An answer that has begun, and has no end. */
export const unendedAfter = (limit: Micros): NetFailure => lateness('receive', 'the answer did not end', limit)

const lateness = (phase: NetFailure['phase'], what: string, limit: Micros): NetFailure => ({
  phase,
  reason: 'timeout',
  message: `${what} within ${limit / 1_000_000} s`,
})

/**
 * What broke a stream that may speak TLS. OpenSSL's errors have no errno name; what is in their text goes to the user as its last
 * part. In TLS 1.3 a server refuses our certificate, or that we have none, only after the handshake.
 */
export function streamFailure(phase: 'handshake' | 'receive', error: unknown): NetFailure {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (/^E[A-Z]+$/.test(code)) return failureOf(phase, code)
  const said = 'reason' in Object(error) ? String((error as { reason: unknown }).reason) : code
  const what = phase === 'handshake' ? 'the TLS handshake failed' : 'TLS broke off after the handshake'
  return { phase, reason: 'tls', message: `${what} (${said || 'no reason given'})` }
}

export const cancelled: NetFailure = { phase: 'connect', reason: 'local', message: 'the probe was called off' }

/** The errno name of what Node reports; anything without one is a bug. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}

/** Whole milliseconds for a Node timer, rounded up: no wait ends early. */
export const timerMillis = (limit: Micros): number => Math.min(2_147_483_647, Math.max(1, Math.ceil(limit / 1_000)))
