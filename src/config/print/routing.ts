import { familyOf } from '../../base/index.ts'
import type {
  Encapsulation,
  NextHop,
  Prefix,
  Route,
  Rule,
  StaticItems,
  VirtualAddress,
  VirtualRouter,
} from '../../model/index.ts'
import { FOR_EVER } from '../../model/index.ts'
import { type Text, word } from './words.ts'

type OfGroup = { readonly trackGroup?: string }

/** @param router  whose it is: what goes without saying there; undefined: of a static address nothing does */
export const addressText = (of: VirtualAddress & OfGroup, router?: VirtualRouter): string =>
  [
    `${of.address}/${of.prefixLength}`,
    ...given('peer', of.peer),
    ...given('brd', of.broadcast),
    ...(of.interface === router?.interface ? [] : [`dev ${word(of.interface)}`]),
    ...(of.onVirtualLink === undefined || isOnOwnLink(of, router) ? [] : ['use_vmac']),
    ...(of.scope === 0 ? [] : [`scope ${of.scope}`]),
    ...given('label', of.label === undefined ? undefined : word(of.label)),
    ...(of.flags ?? []).map((flag) => (flag === 'dad' ? '-nodad' : flag)),
    ...given('preferred_lft', of.preferredLifetime === FOR_EVER ? 'forever' : of.preferredLifetime),
    ...tracking(of),
  ].join(' ')

/** Of the family and on the interface of a virtual router with a link of its own: it is there without a word. */
const isOnOwnLink = (of: VirtualAddress, router: VirtualRouter | undefined): boolean =>
  router?.virtualLink !== undefined && of.interface === router.interface && familyOf(of.address) === router.family

const given = (keyword: string, value: string | number | undefined): readonly string[] =>
  value === undefined ? [] : [`${keyword} ${value}`]

const tracking = (of: OfGroup & { readonly untracked?: true }): readonly string[] => [
  ...(of.untracked ? ['no_track'] : []),
  ...given('track_group', of.trackGroup === undefined ? undefined : word(of.trackGroup)),
]

const prefixText = ({ address, length }: Prefix): string => `${address}/${length}`
const realmsText = (of: number): string => `${of >>> 16}/${of & 0xffff}`

const encapsulationText = (of: Encapsulation): string => {
  switch (of.type) {
    case 'mpls':
      return `encap mpls ${of.labels.join('/')}`
    case 'ila':
      return `encap ila ${of.locator}`
    default: {
      const [trafficClass, hopLimit] = of.type === 'ip' ? ['tos', 'ttl'] : ['tc', 'hoplimit']
      return [
        `encap ${of.type}`,
        ...given('id', of.id),
        ...given('dst', of.destination),
        ...given('src', of.source),
        ...given(trafficClass as string, of.trafficClass),
        ...given(hopLimit as string, of.hopLimit),
        ...given('flags', of.flags),
      ].join(' ')
    }
  }
}

const hopWords = (of: NextHop): readonly string[] => [
  ...(of.via === undefined ? [] : [`via ${of.via.includes(':') ? 'inet6' : 'inet'} ${of.via}`]),
  ...given('dev', of.interface === undefined ? undefined : word(of.interface)),
  ...(of.onlink ? ['onlink'] : []),
  ...given('realms', of.realms === undefined ? undefined : realmsText(of.realms)),
  // Last: what follows could be taken for an option of it.
  ...(of.encapsulation === undefined ? [] : [encapsulationText(of.encapsulation)]),
]

const PREFERENCES: Readonly<Record<number, string>> = { 0: 'medium', 1: 'high', 3: 'low' }

function routeText(of: Route & OfGroup): string {
  const locked = (name: string) => (of.locked.includes(name) ? `${name} lock` : name)
  return [
    of.type,
    prefixText(of.destination),
    ...given('from', of.from && prefixText(of.from)),
    ...given('src', of.preferredSource),
    ...(of.tos === 0 ? [] : [`tos ${of.tos}`]),
    of.vrf === undefined ? `table ${of.table}` : `vrf ${word(of.vrf)}`,
    ...(of.untracked ? [`protocol ${of.protocol}`] : []),
    ...(of.family === 6 ? [] : [`scope ${of.scope}`]),
    ...given('metric', of.metric),
    ...Object.entries(of.metrics).map(([name, value]) => `${locked(name)} ${value}`),
    ...(of.features === undefined ? [] : ['features ecn']),
    ...given(locked('congctl'), of.congestionControl),
    ...given('expires', of.expires),
    ...given('pref', of.preference === undefined ? undefined : (PREFERENCES[of.preference] ?? of.preference)),
    ...given('ttl-propagate', of.propagatesTtl === undefined ? undefined : of.propagatesTtl ? 'enabled' : 'disabled'),
    ...(of.placement === 'prepend' ? [] : [of.placement]),
    ...tracking(of),
    ...hopWords(of),
    ...of.nextHops.map((hop) => ['nexthop', `weight ${hop.weight}`, ...hopWords(hop)].join(' ')),
  ].join(' ')
}

function ruleText(of: Rule & OfGroup): string {
  const { action, mark } = of
  return [
    of.family === 4 ? 'inet' : 'inet6',
    ...(of.inverted ? ['not'] : []),
    ...given('from', of.from && prefixText(of.from)),
    ...given('to', of.to && prefixText(of.to)),
    `preference ${of.preference}`,
    ...(of.tos === 0 ? [] : [`tos ${of.tos}`]),
    ...(mark === undefined ? [] : [`fwmark ${mark.value}${mark.mask === undefined ? '' : `/${mark.mask}`}`]),
    ...given('realms', of.realms === undefined ? undefined : realmsText(of.realms)),
    ...given('suppress_prefixlength', of.suppressPrefixLength),
    ...given('suppress_ifgroup', of.suppressGroup),
    ...given('iif', of.inputInterface && word(of.inputInterface)),
    ...given('oif', of.outputInterface && word(of.outputInterface)),
    ...given('tunnel-id', of.tunnelId),
    ...given('uidrange', of.uids && `${of.uids.from}-${of.uids.to}`),
    ...given('ipproto', of.ipProtocol),
    ...given('sport', of.sourcePorts && `${of.sourcePorts.from}-${of.sourcePorts.to}`),
    ...given('dport', of.destinationPorts && `${of.destinationPorts.from}-${of.destinationPorts.to}`),
    ...(of.untracked ? [`protocol ${of.protocol}`] : []),
    action.type === 'table' ? `table ${action.table}` : action.type === 'goto' ? `goto ${action.target}` : action.type,
    ...tracking(of),
  ].join(' ')
}

const block = (head: string, body: readonly Text[]): readonly Text[] => (body.length === 0 ? [] : [{ head, body }])

/** The routes and rules of a virtual router. */
export const routingText = (of: {
  readonly routes?: readonly Route[]
  readonly rules?: readonly Rule[]
}): readonly Text[] => [
  ...block('virtual_routes', (of.routes ?? []).map(routeText)),
  ...block('virtual_rules', (of.rules ?? []).map(ruleText)),
]

export const staticsText = ({ addresses, routes, rules, trackGroups }: StaticItems): readonly Text[] => [
  ...trackGroups.flatMap(({ name, members }) =>
    // A group without members cannot be written.
    members.length === 0
      ? []
      : [{ head: `track_group ${word(name)}`, body: [{ head: 'group', body: members.map(word) }] }],
  ),
  ...block(
    'static_ipaddress',
    addresses.map((one) => addressText(one)),
  ),
  ...block('static_routes', routes.map(routeText)),
  ...block('static_rules', rules.map(ruleText)),
]
