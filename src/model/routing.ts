import type { Family, IpAddress } from '../base/index.ts'

/** A network: host bits may be set. */
export type Prefix = { readonly address: IpAddress; readonly length: number }

/** How a packet is wrapped on its way (lwtunnel); in numbers of the kernel. */
export type Encapsulation =
  | {
      readonly type: 'ip' | 'ip6'
      /** Decimal, up to 2⁶⁴−1. */
      readonly id?: string
      readonly destination?: IpAddress
      readonly source?: IpAddress
      /** tos, tc. */
      readonly trafficClass?: number
      /** ttl, hoplimit. */
      readonly hopLimit?: number
      readonly flags?: number
    }
  | { readonly type: 'mpls'; readonly labels: readonly number[] }
  /** The locator: 64 bits as four groups of hexadecimal digits. */
  | { readonly type: 'ila'; readonly locator: string }

/** Where a packet goes next. */
export type NextHop = {
  /** Of either family. */
  readonly via?: IpAddress
  readonly interface?: string
  readonly onlink?: true
  readonly encapsulation?: Encapsulation
  /** Both realms: FROM in the upper, TO in the lower 16 bits. */
  readonly realms?: number
}

export const routeMetrics = [
  'mtu',
  'window',
  'rtt',
  'rttvar',
  'ssthresh',
  'cwnd',
  'advmss',
  'reordering',
  'hoplimit',
  'initcwnd',
  'rto_min',
  'initrwnd',
  'quickack',
  'fastopen_no_cookie',
] as const
export type RouteMetric = (typeof routeMetrics)[number]

export const routeTypes = [
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
] as const
export type RouteType = (typeof routeTypes)[number]

/** Protocols within IP that have names (IPPROTO_*); others go by their number. */
export const ipProtocols: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  ipencap: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  icmpv6: 58,
  ospf: 89,
  pim: 103,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  udplite: 136,
}

/** One line of static_routes or virtual_routes (keepalived.conf(5)); names are numbers. */
export type Route = NextHop & {
  readonly family: Family
  readonly type: RouteType
  readonly destination: Prefix
  /** IPv6: only for packets from there. */
  readonly from?: Prefix
  readonly preferredSource?: IpAddress
  readonly tos: number
  readonly table: number
  /** The VRF whose table it is in, instead of `table`. */
  readonly vrf?: string
  /** RTPROT_*: 18, keepalived, unless it is `untracked`. */
  readonly protocol: number
  readonly scope: number
  /** RTA_PRIORITY. */
  readonly metric?: number
  /** In the kernel's units. */
  readonly metrics: { readonly [Name in RouteMetric]?: number }
  /** Features of TCP: ECN is 1. */
  readonly features?: number
  readonly congestionControl?: string
  /** Those of `metrics`, and `congctl`, that the kernel may not change. */
  readonly locked: readonly string[]
  /** Seconds; IPv6. */
  readonly expires?: number
  /** ICMPv6 router preference: 0 medium, 1 high, 3 low. */
  readonly preference?: number
  readonly propagatesTtl?: boolean
  /** Several ways; then the route itself has none. */
  readonly nextHops: readonly (NextHop & { readonly weight: number })[]
  /** Among routes with the same key: first, last, or only if there is none. */
  readonly placement: 'prepend' | 'append' | 'add'
  /** no_track: its interfaces and its removal by others do not matter. */
  readonly untracked?: true
}

export type RuleAction =
  | { readonly type: 'table'; readonly table: number }
  | { readonly type: 'goto'; readonly target: number }
  | { readonly type: 'nop' | 'blackhole' | 'unreachable' | 'prohibit' | 'l3mdev' }

export type PortRange = { readonly from: number; readonly to: number }

/** One line of static_rules or virtual_rules (keepalived.conf(5)); names are numbers. */
export type Rule = {
  readonly family: Family
  readonly from?: Prefix
  readonly to?: Prefix
  readonly inverted?: true
  /** Lower comes first. */
  readonly preference: number
  readonly tos: number
  readonly mark?: { readonly value: number; readonly mask?: number }
  /** As of a next hop. */
  readonly realms?: number
  readonly suppressPrefixLength?: number
  readonly suppressGroup?: number
  readonly inputInterface?: string
  readonly outputInterface?: string
  /** Decimal, up to 2⁶⁴−1. */
  readonly tunnelId?: string
  readonly uids?: PortRange
  /** FRA_PROTOCOL: 18, keepalived, unless it is `untracked`. */
  readonly protocol: number
  readonly ipProtocol?: number
  readonly sourcePorts?: PortRange
  readonly destinationPorts?: PortRange
  readonly action: RuleAction
  readonly untracked?: true
}

/** The interfaces whose loss concerns those who need this route or rule. */
export const interfacesOfRoute = (of: Route): readonly string[] =>
  [of, ...of.nextHops].flatMap(({ interface: name }) => name ?? [])
export const interfacesOfRule = (of: Rule): readonly string[] =>
  [of.inputInterface, of.outputInterface].flatMap((name) => name ?? [])

/** RTPROT_KEEPALIVED: what keepalived puts into the kernel, and so do we. */
export const ROUTE_PROTOCOL = 18
