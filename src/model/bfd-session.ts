import type { Family, IpAddress, Micros } from '../base/index.ts'

/** One bfd_instance: a session with one neighbour (RFC 5880, asynchronous mode). */
export type BfdSession = {
  /** At most 31 bytes. */
  readonly name: string
  readonly family: Family
  readonly neighbour: IpAddress
  /** Absent: the kernel's choice. */
  readonly source?: IpAddress
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
}

/** Two sessions of one key would be one to the neighbour; the name is not part of it. */
export const bfdSessionKey = ({
  neighbour,
  source,
  multihop,
}: Pick<BfdSession, 'neighbour' | 'source' | 'multihop'>): string =>
  `${neighbour} from ${source ?? 'any'}${multihop ? ' multihop' : ''}`
