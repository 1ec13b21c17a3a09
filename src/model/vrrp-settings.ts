import type { Micros } from '../base/index.ts'

/** garp_group: interfaces that share the least gaps between announcements. */
export type GarpGroup = {
  readonly interfaces: readonly string[]
  /** Between gratuitous ARPs; 0: none. */
  readonly garpInterval: Micros
  /** Between unsolicited neighbour advertisements. */
  readonly gnaInterval: Micros
}

/** interface_up_down_delays: a change of the interface counts once it has lasted so long. */
export type InterfaceDelay = { readonly interface: string; readonly down: Micros; readonly up: Micros }

/** MTU: as long as the interface takes them; ADVERT: as long as the advertisements of the virtual router. */
export type ReceiveRoom = { readonly size: 'MTU' | 'ADVERT'; readonly messages: number }

/** What holds for all virtual routers of this host. */
export type VrrpSettings = {
  readonly garpGroups?: readonly GarpGroup[]
  readonly interfaceDelays?: readonly InterfaceDelay[]
  /** log_unknown_vrids. */
  readonly logUnknownIds?: true
  /** max_auto_priority: real-time priority rises up to `most`, a step each time that a timer is late by `lateness`. */
  readonly autoPriority?: { readonly most: number; readonly lateness: Micros }
  /** vrrp_rx_bufs_policy: a socket has room for so many messages of this size of each virtual router on it; less than ours is ours. */
  readonly receiveRoom?: ReceiveRoom
  /** disable_local_igmp: no IGMP reports for link-local groups while virtual routers run. */
  readonly disableLocalIgmp?: true
  /** vrrp_delay_after_boot: virtual routers begin so long after the host's start. */
  readonly delayAfterBoot?: Micros
}
