import type { Family, IpAddress, Micros } from '../base/index.ts'
import type { Command } from './command.ts'
import type { KeptLine } from './kept-line.ts'
import { interfacesOfRoute, interfacesOfRule, type Route, type Rule } from './routing.ts'
import type { Track } from './tracker.ts'
import type { VirtualLink } from './virtual-link.ts'

/** One entry of virtual_ipaddress or virtual_ipaddress_excluded (keepalived.conf(5)). */
export type VirtualAddress = {
  readonly address: IpAddress
  /** 0–32 or 0–128; a full-length prefix when none was written. */
  readonly prefixLength: number
  /** Where it is put; the virtual router's own interface when none was written. */
  readonly interface: string
  /** Not on that interface itself, but on one with the virtual MAC above it. */
  readonly onVirtualLink?: true
  /** rtnetlink scope: 0 global, 200 site, 253 link, 254 host, or any 0–255. */
  readonly scope: number
  /** IPv4 address label, at most 15 bytes. */
  readonly label?: string
  /** IPv4 broadcast address. */
  readonly broadcast?: IpAddress
  /** The other end of a point-to-point link. */
  readonly peer?: IpAddress
  /** In alphabetical order; `dad` (written -nodad): IPv6 with duplicate address detection. */
  readonly flags?: readonly AddressFlag[]
  /** Seconds for which it may be chosen as a source; 0xffffffff: for ever. IPv6: 0 for a full-length prefix, else for ever. */
  readonly preferredLifetime?: number
  /** no_track: the state of its interface does not matter. */
  readonly untracked?: true
}

export type AddressFlag = 'autojoin' | 'dad' | 'home' | 'mngtmpaddr' | 'noprefixroute'

/** A lifetime that does not end, in seconds. */
export const FOR_EVER = 0xffff_ffff

/** How often, and how long after what, virtual addresses are announced by gratuitous ARP or unsolicited NA. */
export type AnnouncementSettings = {
  /** Second burst this long after becoming master; 0: none. */
  readonly masterDelay: Micros
  /** Messages an address in one burst, at least 1. */
  readonly masterRepeat: number
  /** Period of announcements while master; 0: none. */
  readonly masterRefresh: Micros
  readonly masterRefreshRepeat: number
  /** The same pair after a weaker master was heard; repeat 0: none. */
  readonly lowerPrioDelay: Micros
  readonly lowerPrioRepeat: number
  /** Least gap between two gratuitous ARPs on one interface; 0: none. */
  readonly garpInterval: Micros
  /** The same for unsolicited neighbour advertisements. */
  readonly gnaInterval: Micros
  /** Period of announcements, while master, on interfaces other than the one that advertisements go by; 0, absent: none. */
  readonly extraInterval?: Micros
  /** On all of those, not only on virtual links. */
  readonly extraOnAll?: boolean
}

/** What is told of a virtual router: what it entered, that its master heard a weaker one, or its new priority. */
export type VrrpNotifyState =
  | 'MASTER'
  | 'BACKUP'
  | 'FAULT'
  | 'STOP'
  | 'DELETED'
  | 'MASTER_RX_LOWER_PRI'
  | 'MASTER_PRIORITY'
  | 'BACKUP_PRIORITY'

export type VirtualRouterNotifications = {
  readonly master?: Command
  readonly backup?: Command
  readonly fault?: Command
  readonly stop?: Command
  readonly deleted?: Command
  readonly masterRxLowerPri?: Command
  /** Called after each of the others with `INSTANCE name STATE priority`. */
  readonly any?: Command
}

/** auth_hmac: advertisements carry an HMAC (draft-cassen-vrrp-auth-hmac). */
export type HmacSettings = {
  /** Each key verifies. Hexadecimal, 32–64 bytes. Never logged, never in a snapshot. */
  readonly keys: readonly { readonly id: number; readonly key: string }[]
  /** The id of the key that signs. */
  readonly activeKey: number
  /** Seconds that a sender's clock may differ from ours; 1–300. */
  readonly window: number
  /** `time`: within the window, and growing; `monotonic`: growing only. */
  readonly antiReplay: (typeof antiReplays)[number]
  /** What is not signed: refused; accepted; accepted, and we do not sign either. */
  readonly mode: (typeof hmacModes)[number]
}

export const antiReplays = ['time', 'monotonic'] as const
export const hmacModes = ['enforce', 'permissive', 'receive-only'] as const

/** One vrrp_instance: an id on an interface in one address family, everything defaulted. */
export type VirtualRouter = {
  readonly name: string
  readonly family: Family
  readonly version: 2 | 3
  readonly interface: string
  /**
   * Unicast comes and goes by any interface: of the host, and `interface` is empty, or of the VRF that `interface` names. Its
   * `source` is known and not link-local, and each of its addresses has an interface of its own.
   */
  readonly anyInterface?: true
  /** Absent: advertisements and virtual addresses are on the interface itself. */
  readonly virtualLink?: VirtualLink
  /** 1–255. */
  readonly virtualRouterId: number
  readonly initialState: 'master' | 'backup'
  /** Base priority, 1–255; 255 owns the addresses. */
  readonly priority: number
  readonly advertisementInterval: Micros
  /** RFC 2338 simple text, or IP authentication header; the password is at most 8 bytes. Never logged, never in a snapshot. */
  readonly authentication?: { readonly type: 'pass' | 'ah'; readonly password: string }
  /** Excludes `authentication`. */
  readonly hmac?: HmacSettings
  /** In the order written; all of `family`. */
  readonly addresses: readonly VirtualAddress[]
  /** Managed but not advertised; any family. */
  readonly excludedAddresses: readonly VirtualAddress[]
  /** Packets to its addresses are dropped, but for neighbour discovery (RFC 9568 §6.1, Accept_Mode off). Never of an owner. */
  readonly dropsPackets?: true
  /** There while it is master; absent: none. */
  readonly routes?: readonly Route[]
  readonly rules?: readonly Rule[]
  /** strict_mode: what RFC 3768 and RFC 9568 leave no choice in. All it implies stands in the other fields. */
  readonly strict?: true
  /** Lines that have no effect; absent: none. */
  readonly kept?: readonly KeptLine[]
  readonly preempt: boolean
  readonly preemptDelay: Micros
  /** mcast_src_ip or unicast_src_ip; the interface's first address of the family (IPv6: link-local) when absent. */
  readonly source?: IpAddress
  /** track_src_ip: in fault while the host does not have `source`; over IPv4 multicast leaves from it all the same without. */
  readonly tracksSource?: true
  readonly multicastGroup: IpAddress
  /** Empty: multicast. */
  readonly unicastPeers: readonly IpAddress[]
  /** Peers whose advertisements must arrive with a TTL or hop limit within these; of others any will do. */
  readonly peerTtlLimits?: readonly { readonly peer: IpAddress; readonly min: number; readonly max: number }[]
  /** TTL or hop limit of unicast advertisements. */
  readonly unicastTtl: number
  readonly checkUnicastSource: boolean
  /** Advertisements to miss before a backup takes over, 1–100. */
  readonly downTimerAdverts: number
  readonly announcements: AnnouncementSettings
  readonly lowerPrioNoAdvert: boolean
  readonly higherPrioSendAdvert: boolean
  readonly ownerIgnoreAdverts: boolean
  readonly skipCheckAdvAddr: boolean
  /** v3 over IPv4 without the pseudo-header in the checksum (v3_checksum_as_v2). */
  readonly v3ChecksumAsV2: boolean
  /**
   * Version 3 over IPv4 with the group in the pseudo-header of what goes to unicast peers, as keepalived before 1.3.7. Without a
   * word we do not send so, but take it.
   */
  readonly oldUnicastChecksum?: 'always' | 'never'
  /** Bytes for what has arrived and was not read; absent: ours. */
  readonly receiveBuffer?: number
  /** When the first address of a subnet goes, the others stay: set on the interface while it runs. */
  readonly promotesSecondaries?: true
  /** The state of the own interface does not matter. */
  readonly dontTrackPrimary: boolean
  /** As written in the virtual router itself; its sync group may change and add to them. */
  readonly tracks: readonly Track[]
  /** Its removal is told of as DELETED, as with `notify.deleted`; else as FAULT. */
  readonly tellsDeleted?: true
  /** unicast_fault_no_peer: it is meant to speak to peers, has none, and stays in fault. */
  readonly lacksPeers?: true
  /** timer_expired_backup: a master that was held up so long that one of this priority has taken its place gives way. */
  readonly oversleptPriority?: number
  /** FIFOs hear of its effective priority (notify_priority_changes). */
  readonly tellsPriority?: true
  /** Mail is sent of its changes. */
  readonly smtpAlert?: true
  readonly notify: VirtualRouterNotifications
}

/** What makes two models' routers the same one across a reload: id, family and interface, not the name. */
export const virtualRouterKey = (of: Pick<VirtualRouter, 'interface' | 'family' | 'virtualRouterId'>): string =>
  `${of.interface}/ipv${of.family}/${of.virtualRouterId}`

/** The interfaces of its addresses, routes and rules: it is in fault while one of them is down. Its own is another matter. */
export function neededInterfaces(router: VirtualRouter): ReadonlySet<string> {
  const { addresses, excludedAddresses, routes = [], rules = [] } = router
  const needed = new Set([
    // What is on a virtual link depends on that, which is looked after by itself.
    ...[...addresses, ...excludedAddresses].flatMap((one) => (one.untracked || one.onVirtualLink ? [] : one.interface)),
    ...routes.flatMap((one) => (one.untracked ? [] : interfacesOfRoute(one))),
    ...rules.flatMap((one) => (one.untracked ? [] : interfacesOfRule(one))),
  ])
  needed.delete(router.interface)
  return needed
}
