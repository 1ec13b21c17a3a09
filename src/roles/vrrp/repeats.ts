import { after, type Instant, type IpAddress, type Micros, micros, sameBytes } from '../../base/index.ts'
import type { Rejection, Remark } from '../../proto/vrrp/index.ts'
import type { VrrpDatagram } from '../../sys/socket/index.ts'

/** What an advertisement says that was accepted. */
export type Said = { readonly priority: number; readonly interval: Micros; readonly remarks: readonly Remark[] }

/** The last datagram judged for a virtual router. */
export type Judged = {
  readonly bytes: Uint8Array
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly hopLimit: number
  readonly header: Uint8Array | undefined
  /** In which state it came, and who had been heard before. */
  readonly state: string
  readonly previous: IpAddress | undefined
  /** The same datagram has nothing new to say before: thousands of them a second cost next to nothing. */
  until: Instant
  /** For how long, then and each time it is heard again. */
  readonly pause: Micros
  readonly verdict: Rejection | Said
  /** Nothing of it was remarked on: when it comes again it need not be judged again. */
  readonly isPlain: boolean
}

/** Whether this is the datagram that was judged last, under the same circumstances. */
export function isSame(
  last: Judged,
  { payload, source, destination, hopLimit, header }: VrrpDatagram,
  state: string,
  previous: IpAddress | undefined,
): boolean {
  if (last.source !== source || last.state !== state || last.previous !== previous) return false
  if (last.hopLimit !== hopLimit || last.destination !== destination || !sameBytes(last.bytes, payload)) return false
  return header === last.header || (header !== undefined && last.header !== undefined && sameBytes(header, last.header))
}

/** @param interval of the advertisements of the virtual router, the shorter of ours and its master's: a tenth of it is the pause */
export function judged(
  { payload, source, destination, hopLimit, header }: VrrpDatagram,
  { state, previous }: Pick<Judged, 'state' | 'previous'>,
  now: Instant,
  interval: number,
  verdict: Judged['verdict'],
  isPlain: boolean,
): Judged {
  const pause = micros(Math.floor(interval / 10))
  return {
    bytes: payload.slice(),
    source,
    destination,
    hopLimit,
    header: header?.slice(),
    state,
    previous,
    until: after(now, pause),
    pause,
    verdict,
    isPlain,
  }
}
