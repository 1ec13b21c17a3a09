import type { Family, IpAddress, Micros } from '../base/index.ts'
import type { TrackedWeight } from './tracker.ts'

/** One bfd_instance: a session with one neighbour (RFC 5880, asynchronous mode). */
export type BfdSession = {
  /** At most 31 bytes. */
  readonly name: string
  readonly family: Family
  readonly neighbour: IpAddress
  /** Absent: the kernel's choice. */
  readonly source?: IpAddress
  /** On which the neighbour is, or the source: what is link-local says nothing without. */
  readonly interface?: string
  /** RFC 5883: port 4784, over routers. */
  readonly multihop: boolean
  /** Required Min RX and Desired Min TX while up; Desired Min TX otherwise, at least a second. */
  readonly minReceive: Micros
  readonly minTransmit: Micros
  readonly idleTransmit: Micros
  /** 1–255: so many intervals without a packet, and the neighbour finds us down. */
  readonly multiplier: number
  /** Silent until the neighbour speaks. */
  readonly passive: boolean
  /** Of what is sent. */
  readonly hopLimit: number
  /** What is received may be so many below `hopLimit`; absent: it is not looked at. */
  readonly maxHops?: number
  /** Who is told: both unless one is named. */
  readonly vrrp: boolean
  readonly checker: boolean
  /** Absent: 0. */
  readonly weight?: TrackedWeight
}

/** Two sessions of one key would be one to the neighbour; the name is not part of it. */
export const bfdSessionKey = (of: Pick<BfdSession, 'neighbour' | 'interface' | 'source' | 'multihop'>): string =>
  `${neighbourText(of)} from ${of.source ?? 'any'}${of.multihop ? ' multihop' : ''}`

/** `fe80::2%eth0` (RFC 4007 §11). */
export const neighbourText = ({
  neighbour,
  interface: name,
}: {
  readonly neighbour: IpAddress
  readonly interface?: string
}): string => (name === undefined ? neighbour : `${neighbour}%${name}`)
