import type { Encapsulation, NextHop, Prefix, Route, RouteMetric, Rule } from '../model/index.ts'

/** RT_TABLE_MAIN, which goes without saying. */
const MAIN = 254
const PREFERENCES: Readonly<Record<number, string>> = { 0: 'medium', 1: 'high', 3: 'low' }
/** The kernel's units in a millisecond. */
const TIMES: Readonly<Partial<Record<RouteMetric, number>>> = { rtt: 8, rttvar: 4, rto_min: 1 }
const METRICS: readonly RouteMetric[] = [
  ...(['mtu', 'window', 'ssthresh', 'cwnd', 'advmss', 'reordering', 'hoplimit', 'initcwnd', 'initrwnd'] as const),
  ...(['quickack', 'fastopen_no_cookie'] as const),
]

const given = (keyword: string, value: string | number | undefined): readonly string[] =>
  value === undefined ? [] : [`${keyword} ${value}`]

/** `198.51.100.0/24`; a single address stands without its length. */
const prefixText = ({ address, length }: Prefix): string =>
  length === (address.includes(':') ? 128 : 32) ? address : `${address}/${length}`

/** A virtual route in the words of keepalived's dumps, which are not those of its configuration. */
export function keepalivedRoute(of: Route): string {
  const metric = (name: RouteMetric): readonly string[] => {
    const value = of.metrics[name]
    if (value === undefined) return []
    const units = TIMES[name]
    const lock = of.locked.includes(name) ? 'lock ' : ''
    return [`${name} ${lock}${units === undefined ? value : `${Math.floor(value / units)}ms`}`]
  }
  const isFree = of.untracked === true || of.interface === undefined
  return [
    ...(of.type === 'unicast' ? [of.placement] : ['add', of.type]),
    prefixText(of.destination),
    ...given('from', of.from && prefixText(of.from)),
    ...given('src', of.preferredSource),
    ...(of.tos === 0 ? [] : [`tos ${of.tos}`]),
    ...wayWords(of),
    ...(of.vrf === undefined ? [] : [`vrf ${of.vrf}`]),
    ...(of.vrf !== undefined || of.table === MAIN ? [] : [`table ${of.table}`]),
    `proto ${of.protocol}`,
    ...(of.family === 6 || of.scope === 0 ? [] : [`scope ${of.scope}`]),
    ...given('metric', of.metric),
    ...(of.onlink ? ['onlink'] : []),
    ...given('realms', of.realms === undefined ? undefined : `${of.realms >>> 16}/${of.realms & 0xffff}`),
    ...given('expires', of.expires === undefined ? undefined : `${of.expires}sec`),
    ...given(of.locked.includes('congctl') ? 'congctl lock' : 'congctl', of.congestionControl),
    ...(['rtt', 'rttvar', 'rto_min'] as const).flatMap(metric),
    ...(of.features === undefined ? [] : ['features ecn']),
    ...METRICS.flatMap(metric),
    ...given('pref', of.preference === undefined ? undefined : (PREFERENCES[of.preference] ?? of.preference)),
    ...given('ttl-propagate', of.propagatesTtl === undefined ? undefined : of.propagatesTtl ? 'enabled' : 'disabled'),
    ...of.nextHops.flatMap((hop) => [
      'nexthop',
      ...wayWords(hop),
      ...(hop.weight === 1 ? [] : [`weight ${hop.weight}`]),
      ...(hop.onlink ? ['onlink'] : []),
      ...given('realm', hop.realms === undefined ? undefined : hop.realms & 0xffff),
    ]),
    ...(isFree ? ['no_track'] : []),
  ].join(' ')
}

const wayWords = (of: NextHop): readonly string[] => [
  ...(of.encapsulation === undefined ? [] : [encapsulationText(of.encapsulation)]),
  ...(of.via === undefined ? [] : [`via ${of.via.includes(':') ? 'inet6' : 'inet'} ${of.via}`]),
  ...given('dev', of.interface),
]

function encapsulationText(of: Encapsulation): string {
  if (of.type === 'mpls') return `encap mpls ${of.labels.join('/')}`
  if (of.type === 'ila') return `encap ila ${of.locator}`
  return [
    `encap ${of.type}`,
    ...given('id', of.id),
    ...given('dst', of.destination),
    ...given('src', of.source),
    ...given(of.type === 'ip' ? 'tos' : 'tc', of.trafficClass),
    ...given(of.type === 'ip' ? 'ttl' : 'hoplimit', of.hopLimit),
    ...given('flags', of.flags),
  ].join(' ')
}

/** A virtual rule in the words of keepalived's dumps. */
export function keepalivedRule(of: Rule): string {
  const { action, mark } = of
  const mask = mark?.mask === undefined ? '' : `/0x${mark.mask.toString(16)}`
  return [
    ...(of.inverted ? ['not'] : []),
    `from ${of.from === undefined ? 'all' : prefixText(of.from)}`,
    ...given('to', of.to && prefixText(of.to)),
    `priority ${of.preference}`,
    `tos 0x${of.tos.toString(16)}`,
    ...given('fwmark', mark && `0x${mark.value.toString(16)}${mask}`),
    ...given('iif', of.inputInterface),
    ...given('oif', of.outputInterface),
    ...given('suppress_prefixlen', of.suppressPrefixLength),
    ...given('suppress_ifgroup', of.suppressGroup),
    ...given('tunnel-id', of.tunnelId),
    ...given('uidrange', of.uids && `${of.uids.from}-${of.uids.to}`),
    ...(action.type === 'l3mdev' ? ['l3mdev'] : []),
    `protocol ${of.protocol}`,
    ...given('ipproto', of.ipProtocol),
    ...given('sport', of.sourcePorts && `${of.sourcePorts.from}-${of.sourcePorts.to}`),
    ...given('dport', of.destinationPorts && `${of.destinationPorts.from}-${of.destinationPorts.to}`),
    ...given('realms', of.realms === undefined ? undefined : `${of.realms >>> 16}/${of.realms & 0xffff}`),
    actionText(action),
    ...(of.untracked ? ['no_track'] : []),
  ].join(' ')
}

function actionText(action: Rule['action']): string {
  switch (action.type) {
    case 'table':
      return `lookup ${action.table}`
    case 'l3mdev':
      return 'lookup 0'
    case 'goto':
      return `goto ${action.target}`
    case 'nop':
      return 'nop'
    default:
      return `type ${action.type}`
  }
}
