import type { Family, IpAddress, Result } from '../../base/index.ts'
import type { GenericMessage } from '../../wire/genetlink/index.ts'
import type { Attribute, RouteMessage, RuleMessage } from '../../wire/netlink/index.ts'

/** A netlink request the kernel refused; `message` includes the kernel's extended acknowledgement where there is one. */
export type NetlinkError = { readonly code: string; readonly message: string }

export type Link = {
  readonly index: number
  readonly name: string
  /** Administratively up. */
  readonly up: boolean
  /** IFF_RUNNING: carrier. */
  readonly running: boolean
  readonly loopback: boolean
  readonly multicast: boolean
  readonly noArp: boolean
  readonly mtu: number
  /** 6 bytes for Ethernet; empty where there is none. */
  readonly mac: Uint8Array
  /** ARPHRD_*: 1 Ethernet, 772 loopback … */
  readonly type: number
  readonly masterIndex?: number
  /** IFLA_INFO_KIND: veth, bridge, macvlan, vlan …; absent for physical devices. */
  readonly kind?: string
  /** Of a VRF: its routing table. */
  readonly table?: number
  /** Of a macvlan or ipvlan: the index of the interface below, and the mode (MACVLAN_MODE_*, IPVLAN_MODE_*). */
  readonly over?: { readonly index: number; readonly mode: number }
  /** IFLA_IFALIAS: words for people, or the mark of who made it. */
  readonly alias?: string
  /** IFLA_GROUP; absent: 0. */
  readonly group?: number
}

export type LinkAddress = {
  readonly interfaceIndex: number
  readonly address: IpAddress
  readonly prefixLength: number
  readonly scope: number
  readonly label?: string
  readonly broadcast?: IpAddress
  /** IFA_F_*. */
  readonly flags: number
  /** IFA_PROTO, who made it; 0 unknown (kernels before 5.18 never tell). */
  readonly protocol: number
}

export type Route = {
  /** Interface the packet leaves by. */
  readonly interfaceIndex: number
  /** Absent: the destination is on the link. */
  readonly gateway?: IpAddress
  readonly preferredSource?: IpAddress
  /** RTN_*: 1 unicast, 2 local … */
  readonly type: number
}

export type Neighbour = {
  readonly interfaceIndex: number
  readonly address: IpAddress
  /** Empty while unresolved. */
  readonly mac: Uint8Array
  /** NUD_* bits. */
  readonly state: number
}

/** RTPROT_KEEPALIVED, which marks routes and rules of keepalived, and ours. */
export const ROUTE_PROTOCOL = 18

/** The IFA_PROTO value that marks addresses of this daemon. */
export const ADDRESS_PROTOCOL = 0x48

/** An address to be put on an interface. */
export type AddressRequest = Omit<LinkAddress, 'flags' | 'protocol'> & {
  /** The other end of a point-to-point link. */
  readonly peer?: IpAddress
  /** IFA_F_*; absent: IPv6 without duplicate address detection. */
  readonly flags?: number
  /** Seconds; absent: for ever, but for IPv6 with a full-length prefix 0, so that it is not chosen as a source. */
  readonly preferredLifetime?: number
}

/** Requests are executed and acknowledged before the call returns (the kernel runs them inside sendmsg). */
export type RouteClient = {
  links(): Result<readonly Link[], NetlinkError>
  addresses(family?: Family): Result<readonly LinkAddress[], NetlinkError>
  neighbours(): Result<readonly Neighbour[], NetlinkError>
  route(to: IpAddress): Result<Route, NetlinkError>
  /**
   * Adds with ADDRESS_PROTOCOL.
   * @returns `present`: it was there before, whatever its scope, label and flags
   */
  addAddress(request: AddressRequest): Result<'added' | 'present', NetlinkError>
  /**
   * Does all that `addAddress` does, in a message that the kernel acknowledges without reading it: nothing is added, no lock is
   * waited for, and the next `addAddress` is quick.
   */
  rehearseAddress(request: AddressRequest): void
  /**
   * EADDRNOTAVAIL and ENODEV count as success. Other addresses of the same subnet stay, also where the host's
   * promote_secondaries is off and this was the first of them.
   */
  deleteAddress(
    request: Pick<AddressRequest, 'interfaceIndex' | 'address' | 'prefixLength' | 'peer'>,
  ): Result<void, NetlinkError>
  /**
   * @param placement  among routes with the same destination, TOS and priority: first, last, or only if there is none
   * @returns `present`: the very same was there before
   */
  addRoute(route: RouteMessage, placement: 'prepend' | 'append' | 'add'): Result<'added' | 'present', NetlinkError>
  /** One that is not there counts as deleted. */
  deleteRoute(route: RouteMessage): Result<void, NetlinkError>
  addRule(rule: RuleMessage): Result<'added' | 'present', NetlinkError>
  deleteRule(rule: RuleMessage): Result<void, NetlinkError>
  /** All with ROUTE_PROTOCOL, whoever made them. */
  markedRouting(): Result<
    { readonly routes: readonly RouteMessage[]; readonly rules: readonly RuleMessage[] },
    NetlinkError
  >
  close(): void
}
/** @param options  `receiveBuffer`: bytes of answers that may wait to be read; absent: as the kernel has it */
export type OpenRouteClient = (options?: {
  readonly receiveBuffer?: number | undefined
}) => Result<RouteClient, NetlinkError>

export type RouteEvent =
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'link-removed'; readonly index: number; readonly name: string }
  | { readonly type: 'address'; readonly address: LinkAddress }
  | { readonly type: 'address-removed'; readonly address: LinkAddress }
  | { readonly type: 'neighbour'; readonly neighbour: Neighbour; readonly removed: boolean }
  | { readonly type: 'route-changed' }
  /** Of those with ROUTE_PROTOCOL some went, or rules did; once for all that came together. */
  | { readonly type: 'routing-removed' }
  /** Events were lost (ENOBUFS): read everything again. */
  | { readonly type: 'resync' }

export type RouteMonitor = { close(): void }
export type OpenRouteMonitor = (options: {
  readonly groups: readonly ('link' | 'address' | 'neighbour' | 'route' | 'own-routing')[]
  readonly onEvent: (event: RouteEvent) => void
  /** Bytes of news that may wait to be read; at least a megabyte. */
  readonly receiveBuffer?: number | undefined
}) => Result<RouteMonitor, NetlinkError>

/** Speaks to one family of generic netlink. `what` opens the message of an error. */
export type GenericClient = {
  /** Carried out when the call returns. */
  execute(what: string, command: number, attributes: readonly Attribute[]): Result<void, NetlinkError>
  /** The only answer; undefined where there was none. Its bytes are the caller's. */
  ask(what: string, command: number, attributes: readonly Attribute[]): Result<GenericMessage | undefined, NetlinkError>
  /** What `read` makes of every answer; it keeps no part of the message by reference, and leaves out by undefined. */
  dump<T>(
    what: string,
    command: number,
    attributes: readonly Attribute[],
    read: (message: GenericMessage) => T | undefined,
  ): Result<readonly T[], NetlinkError>
  close(): void
}

/**
 * @param family   as the kernel knows it: `IPVS`
 * @param version  of the family's messages
 * ENOENT: the kernel has no such family; the module that brings it may not be loaded.
 */
export type OpenGenericClient = (family: string, version: number) => Result<GenericClient, NetlinkError>
