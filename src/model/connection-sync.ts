import type { IpAddress, Micros } from '../base/index.ts'
import { usualCatchUp } from './usual.ts'

/** lvs_sync_daemon: directors tell each other of their connections. */
export type ConnectionSync = {
  readonly interface: string
  /** Name of the vrrp_instance: while it is master connections are told, else listened to; absent: always both. */
  readonly instance?: string
  /** 0–255; 0 listens to every id. */
  readonly syncId: number
  /** Bytes of a message; absent: what fits a frame. */
  readonly maxLength?: number
  /** The first, where sync_ports says that there are more; absent: as `usualSync`. */
  readonly port?: number
  /** TTL or hop limit; absent: as `usualSync`. */
  readonly ttl?: number
  /** Where messages are sent: a group, or with the embedded core also a host; absent: as `usualSync`. */
  readonly group?: IpAddress
  /** Between Holdfasts: messages are signed by the first, and each verifies; hexadecimal. Absent: they are not. Never logged, never in a snapshot. */
  readonly keys?: readonly string[]
  /** Before a virtual router preempts, all connections are fetched from the master; absent: with what `catchUpOf` has. */
  readonly catchUp?: 'off' | (Pick<CatchUpSettings, 'limit'> & Partial<CatchUpSettings>)
}

export type CatchUpSettings = {
  /** Preemption waits no longer than that. */
  readonly limit: Micros
  /** Of UDP and TCP. */
  readonly port: number
}

/** Undefined: it is off. */
export const catchUpOf = ({ catchUp }: ConnectionSync): CatchUpSettings | undefined =>
  catchUp === 'off' ? undefined : { ...usualCatchUp, ...catchUp }
