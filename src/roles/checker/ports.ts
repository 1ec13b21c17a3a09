import type { IpAddress, Log, Result } from '../../base/index.ts'
import type { Checker, NameServer, ServerName, TlsClient } from '../../model/index.ts'
import type { LookupFailure } from '../../proto/lookup/index.ts'
import type { Outcome } from '../../proto/probe/index.ts'
import type { CancelSignal } from '../../sys/net/index.ts'
import type { Clock, OpenTimer } from '../../sys/time/index.ts'
import type { Found } from './lookup.ts'

/**
 * Runs one probe to its outcome; `request` is the index of the url, `tlsClient` our own side where it speaks TLS. Never
 * rejects; after an abort the outcome is not used.
 */
export type Probe = (checker: Checker, request: number, signal: CancelSignal, tlsClient?: TlsClient) => Promise<Outcome>

/**
 * Tells at once, and after every change until it is closed, which addresses this host has; undefined and a word in the log: the
 * kernel does not tell.
 */
export type WatchAddresses = (
  onAddresses: (held: ReadonlySet<IpAddress>) => void,
  log: Log,
) => { close(): void } | undefined

/** Asks for a name, these name servers or those of the host; never rejects. After an abort the outcome is not used. */
export type LookUp = (
  of: ServerName,
  nameServers: readonly NameServer[] | undefined,
  signal: AbortSignal,
) => Promise<Result<Found, LookupFailure>>

export type CheckerPorts = {
  readonly clock: Clock
  readonly openTimer: OpenTimer
  readonly probe: Probe
  readonly lookUp: LookUp
  readonly watchAddresses: WatchAddresses
  /** Uniform in 0 ≤ x < 1. */
  readonly random: () => number
  /** Probes under way at a time; the others wait their turn. */
  readonly probesAtATime: number
}
