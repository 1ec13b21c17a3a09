import { after, type Instant, type IpAddress, micros } from '../../base/index.ts'
import type { Rejection } from '../../proto/vrrp/index.ts'
import type { VrrpDatagram } from '../../sys/socket/index.ts'

/** What became of an advertisement: why it was refused, or the priority of one that was accepted. */
export type Verdict = Rejection | number

/** The last datagram judged for a virtual router. */
export type Judged = {
  readonly bytes: Uint8Array
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly hopLimit: number
  readonly header: Uint8Array | undefined
  /** In which state it came. */
  readonly state: string
  readonly until: Instant
  readonly verdict: Verdict
}

/**
 * What became of the same datagram a moment ago: within a tenth of the advertisement interval it has nothing new to say, and
 * thousands of them a second cost next to nothing. Undefined: it has to be judged.
 */
export function verdictOf(
  last: Judged | undefined,
  { payload, source, destination, hopLimit, header }: VrrpDatagram,
  state: string,
  now: Instant,
): Verdict | undefined {
  if (last === undefined || now >= last.until || last.source !== source || last.state !== state) return undefined
  if (last.hopLimit !== hopLimit || last.destination !== destination || !sameBytes(last.bytes, payload))
    return undefined
  return header === last.header || (header && last.header && sameBytes(header, last.header)) ? last.verdict : undefined
}

/** @param interval µs, of the advertisements of the virtual router */
export function judged(
  { payload, source, destination, hopLimit, header }: VrrpDatagram,
  state: string,
  now: Instant,
  interval: number,
  verdict: Verdict,
): Judged {
  const until = after(now, micros(Math.floor(interval / 10)))
  return {
    bytes: payload.slice(),
    source,
    destination,
    hopLimit,
    header: header?.slice(),
    state,
    until,
    verdict,
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
