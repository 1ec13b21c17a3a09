import { addressBytes, familyOf, hostIsLittleEndian as host, type IpAddress } from '../../base/index.ts'
import {
  type Encapsulation,
  type NextHop,
  type Prefix,
  type Route,
  type RouteMetric,
  type Rule,
  routeMetrics,
  routeTypes,
} from '../../model/index.ts'
import * as wire from '../../wire/netlink/index.ts'

const AF_INET = 2
const AF_INET6 = 10
const numberOf = (family: 4 | 6): number => (family === 4 ? AF_INET : AF_INET6)

/** What is greater has no room in the header. */
const LARGEST_TABLE = 255

const METRIC: Readonly<Record<RouteMetric, number>> = {
  mtu: wire.RTAX_MTU,
  window: wire.RTAX_WINDOW,
  rtt: wire.RTAX_RTT,
  rttvar: wire.RTAX_RTTVAR,
  ssthresh: wire.RTAX_SSTHRESH,
  cwnd: wire.RTAX_CWND,
  advmss: wire.RTAX_ADVMSS,
  reordering: wire.RTAX_REORDERING,
  hoplimit: wire.RTAX_HOPLIMIT,
  initcwnd: wire.RTAX_INITCWND,
  rto_min: wire.RTAX_RTO_MIN,
  initrwnd: wire.RTAX_INITRWND,
  quickack: wire.RTAX_QUICKACK,
  fastopen_no_cookie: wire.RTAX_FASTOPEN_NO_COOKIE,
}

/** Tells the index of an interface; undefined: there is none of this name, or it is down. */
export type IndexOf = (name: string) => number | undefined

/** Tells the table of a VRF; undefined: there is none of this name. */
export type TableOf = (vrf: string) => number | undefined

/** A route as the kernel is told of it; a string names the interface that is not there. */
export function routeRequest(
  route: Route,
  indexOf: IndexOf,
  tableOf: TableOf = () => undefined,
): wire.RouteMessage | string {
  const table = route.vrf === undefined ? route.table : tableOf(route.vrf)
  if (table === undefined) return route.vrf ?? ''
  const { destination, from, preferredSource, metric, nextHops } = route
  const attributes: wire.Attribute[] = []
  const put = (...more: readonly wire.Attribute[]) => attributes.push(...more)
  if (table > LARGEST_TABLE) put(wire.uint32Attribute(wire.RTA_TABLE, table, host))
  if (destination.length > 0) put(wire.bytesAttribute(wire.RTA_DST, addressBytes(destination.address)))
  if (from !== undefined) put(wire.bytesAttribute(wire.RTA_SRC, addressBytes(from.address)))
  if (preferredSource !== undefined) put(wire.bytesAttribute(wire.RTA_PREFSRC, addressBytes(preferredSource)))
  if (metric !== undefined) put(wire.uint32Attribute(wire.RTA_PRIORITY, metric, host))
  if (route.expires !== undefined) put(wire.uint32Attribute(wire.RTA_EXPIRES, route.expires, host))
  if (route.preference !== undefined) put(wire.uint8Attribute(wire.RTA_PREF, route.preference))
  if (route.propagatesTtl !== undefined) put(wire.uint8Attribute(wire.RTA_TTL_PROPAGATE, route.propagatesTtl ? 1 : 0))
  const metrics = metricsOf(route)
  if (metrics.length > 0) put(wire.nestedAttribute(wire.RTA_METRICS, metrics, host))
  const own = wayOf(route, route.family, indexOf)
  if (typeof own === 'string') return own
  put(...own.attributes)
  if (own.index !== undefined) put(wire.uint32Attribute(wire.RTA_OIF, own.index, host))
  const entries: wire.NextHopEntry[] = []
  for (const hop of nextHops) {
    const way = wayOf(hop, route.family, indexOf)
    if (typeof way === 'string') return way
    entries.push({ flags: way.flags, hops: hop.weight - 1, index: way.index ?? 0, attributes: way.attributes })
  }
  if (entries.length > 0) put(wire.multipathAttribute(wire.RTA_MULTIPATH, entries, host))
  return {
    family: numberOf(route.family),
    destinationLength: destination.length,
    sourceLength: from?.length ?? 0,
    tos: route.tos,
    table: table > LARGEST_TABLE ? 0 : table,
    protocol: route.protocol,
    scope: route.scope,
    type: routeTypes.indexOf(route.type) + 1,
    flags: own.flags,
    attributes,
  }
}

type Way = {
  readonly flags: number
  readonly index: number | undefined
  readonly attributes: readonly wire.Attribute[]
}

function wayOf(hop: NextHop, family: 4 | 6, indexOf: IndexOf): Way | string {
  const { via, interface: name, onlink, encapsulation, realms } = hop
  const index = name === undefined ? undefined : indexOf(name)
  if (name !== undefined && index === undefined) return name
  return {
    flags: onlink ? wire.RTNH_F_ONLINK : 0,
    index,
    attributes: [
      ...(via === undefined ? [] : [gatewayAttribute(via, family)]),
      ...(realms === undefined ? [] : [wire.uint32Attribute(wire.RTA_FLOW, realms, host)]),
      ...(encapsulation === undefined ? [] : encapsulationAttributes(encapsulation)),
    ],
  }
}

function gatewayAttribute(via: IpAddress, family: 4 | 6): wire.Attribute {
  const bytes = addressBytes(via)
  if (familyOf(via) === family) return wire.bytesAttribute(wire.RTA_GATEWAY, bytes)
  // struct rtvia: the family in host order, then the address.
  const value = new Uint8Array(2 + bytes.length)
  new DataView(value.buffer).setUint16(0, numberOf(familyOf(via)), host)
  value.set(bytes, 2)
  return wire.bytesAttribute(wire.RTA_VIA, value)
}

function metricsOf({ metrics, features, congestionControl, locked }: Route): readonly wire.Attribute[] {
  const locks = locked.reduce(
    (bits, name) => bits | (1 << (name === 'congctl' ? wire.RTAX_CC_ALGO : METRIC[name as RouteMetric])),
    0,
  )
  return [
    ...(locks === 0 ? [] : [wire.uint32Attribute(wire.RTAX_LOCK, locks, host)]),
    ...routeMetrics.flatMap((name) => {
      const value = metrics[name]
      return value === undefined ? [] : [wire.uint32Attribute(METRIC[name], value, host)]
    }),
    ...(features === undefined ? [] : [wire.uint32Attribute(wire.RTAX_FEATURES, features, host)]),
    ...(congestionControl === undefined ? [] : [wire.stringAttribute(wire.RTAX_CC_ALGO, congestionControl)]),
  ]
}

function encapsulationAttributes(of: Encapsulation): readonly wire.Attribute[] {
  const wrapped = (type: number, inner: readonly wire.Attribute[]) => [
    wire.uint16Attribute(wire.RTA_ENCAP_TYPE, type, host),
    wire.nestedAttribute(wire.RTA_ENCAP, inner, host),
  ]
  switch (of.type) {
    case 'mpls':
      return wrapped(wire.LWTUNNEL_ENCAP_MPLS, [wire.bytesAttribute(wire.MPLS_IPTUNNEL_DST, labelStack(of.labels))])
    case 'ila': {
      const locator = new Uint8Array(8)
      const view = new DataView(locator.buffer)
      of.locator.split(':').forEach((group, i) => {
        view.setUint16(2 * i, Number.parseInt(group, 16))
      })
      return wrapped(wire.LWTUNNEL_ENCAP_ILA, [wire.bytesAttribute(wire.ILA_ATTR_LOCATOR, locator)])
    }
    default: {
      const four = of.type === 'ip'
      const { id, destination, source, hopLimit, trafficClass, flags } = of
      return wrapped(four ? wire.LWTUNNEL_ENCAP_IP : wire.LWTUNNEL_ENCAP_IP6, [
        ...(id === undefined ? [] : [wire.bytesAttribute(wire.LWTUNNEL_IP_ID, sixtyFourBits(id))]),
        ...(destination === undefined ? [] : [wire.bytesAttribute(wire.LWTUNNEL_IP_DST, addressBytes(destination))]),
        ...(source === undefined ? [] : [wire.bytesAttribute(wire.LWTUNNEL_IP_SRC, addressBytes(source))]),
        ...(hopLimit === undefined ? [] : [wire.uint8Attribute(wire.LWTUNNEL_IP_TTL, hopLimit)]),
        ...(trafficClass === undefined ? [] : [wire.uint8Attribute(wire.LWTUNNEL_IP_TOS, trafficClass)]),
        ...(flags === undefined ? [] : [wire.uint16Attribute(wire.LWTUNNEL_IP_FLAGS, flags, false)]),
      ])
    }
  }
}

/** RFC 3032 §2.1: 20 bits of label, three of class, the bottom of the stack, eight of TTL. */
function labelStack(labels: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * labels.length)
  const view = new DataView(bytes.buffer)
  labels.forEach((label, i) => {
    view.setUint32(4 * i, ((label << 12) | (i === labels.length - 1 ? 0x100 : 0)) >>> 0)
  })
  return bytes
}

/** In network order. */
function sixtyFourBits(decimal: string): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(decimal))
  return bytes
}

const ACTION = {
  table: wire.FR_ACT_TO_TBL,
  l3mdev: wire.FR_ACT_TO_TBL,
  goto: wire.FR_ACT_GOTO,
  nop: wire.FR_ACT_NOP,
  blackhole: wire.FR_ACT_BLACKHOLE,
  unreachable: wire.FR_ACT_UNREACHABLE,
  prohibit: wire.FR_ACT_PROHIBIT,
} as const

/** A rule as the kernel is told of it. */
export function ruleRequest(rule: Rule): wire.RuleMessage {
  const { action, from, to, mark } = rule
  const table = action.type === 'table' ? action.table : 0
  const attributes: wire.Attribute[] = []
  const word = (type: number, value: number | undefined) => {
    if (value !== undefined) attributes.push(wire.uint32Attribute(type, value, host))
  }
  const bytes = (type: number, value: Uint8Array | undefined) => {
    if (value !== undefined) attributes.push(wire.bytesAttribute(type, value))
  }
  const name = (type: number, value: string | undefined) => {
    if (value !== undefined) attributes.push(wire.stringAttribute(type, value))
  }
  const prefix = (type: number, value: Prefix | undefined) =>
    bytes(type, value === undefined || value.length === 0 ? undefined : addressBytes(value.address))
  word(wire.FRA_PRIORITY, rule.preference)
  prefix(wire.FRA_SRC, from)
  prefix(wire.FRA_DST, to)
  if (mark !== undefined) {
    word(wire.FRA_FWMARK, mark.value)
    word(wire.FRA_FWMASK, mark.mask)
  }
  word(wire.FRA_FLOW, rule.realms)
  word(wire.FRA_SUPPRESS_PREFIXLEN, rule.suppressPrefixLength)
  word(wire.FRA_SUPPRESS_IFGROUP, rule.suppressGroup)
  name(wire.FRA_IIFNAME, rule.inputInterface)
  name(wire.FRA_OIFNAME, rule.outputInterface)
  bytes(wire.FRA_TUN_ID, rule.tunnelId === undefined ? undefined : sixtyFourBits(rule.tunnelId))
  bytes(wire.FRA_UID_RANGE, rule.uids && pair(rule.uids.from, rule.uids.to, 4))
  attributes.push(wire.uint8Attribute(wire.FRA_PROTOCOL, rule.protocol))
  if (rule.ipProtocol !== undefined) attributes.push(wire.uint8Attribute(wire.FRA_IP_PROTO, rule.ipProtocol))
  bytes(wire.FRA_SPORT_RANGE, rule.sourcePorts && pair(rule.sourcePorts.from, rule.sourcePorts.to, 2))
  bytes(wire.FRA_DPORT_RANGE, rule.destinationPorts && pair(rule.destinationPorts.from, rule.destinationPorts.to, 2))
  if (action.type === 'goto') word(wire.FRA_GOTO, action.target)
  if (action.type === 'l3mdev') attributes.push(wire.uint8Attribute(wire.FRA_L3MDEV, 1))
  if (table > LARGEST_TABLE) word(wire.FRA_TABLE, table)
  return {
    family: numberOf(rule.family),
    destinationLength: to?.length ?? 0,
    sourceLength: from?.length ?? 0,
    tos: rule.tos,
    table: table > LARGEST_TABLE ? 0 : table,
    action: ACTION[action.type],
    flags: rule.inverted ? wire.FIB_RULE_INVERT : 0,
    attributes,
  }
}

/** First and last, in host order. */
function pair(first: number, last: number, size: 2 | 4): Uint8Array {
  const bytes = new Uint8Array(2 * size)
  const view = new DataView(bytes.buffer)
  const put = (at: number, value: number) =>
    size === 2 ? view.setUint16(at, value, host) : view.setUint32(at, value, host)
  put(0, first)
  put(size, last)
  return bytes
}
