import { argumentsOf, type LineName, lines, type OptionFacts } from '../../src/config/keywords/index.ts'
import { waysToWrite, wrongWays } from './examples.ts'

export const router = (text: string): string =>
  `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress { 192.0.2.1/24 }\n${text}\n}\n`
const tracked = (block: string, name: string, more: string) => (words: string) =>
  `${block} ${name} {\n${more}\n}\n${router(`track_${block.replace(/^(?:vrrp|track|bfd)_(?:track_)?/, '').replace('instance', 'bfd')} {\n${name} ${words}\n}`)}`
const virtualServer = (text: string): string =>
  `virtual_server 192.0.2.60 80 {\nprotocol TCP\n${text}\nreal_server 198.51.100.7 80 {\n}\n}\n`

/** A file with a line of each kind in it, ended by the words given. */
export const files: Readonly<Record<LineName, (words: string) => string>> = {
  address: (words) => router(`virtual_ipaddress_excluded {\n192.0.2.9/24 ${words}\n}`),
  route: (words) => router(`virtual_routes {\n198.51.100.0/24 ${words}\n}`),
  nexthop: (words) => router(`virtual_routes {\n198.51.100.0/24 nexthop via 192.0.2.254 dev eth0 ${words}\n}`),
  'encap ip': (words) => router(`virtual_routes {\n198.51.100.0/24 dev eth0 encap ip id 1 ${words}\n}`),
  'encap ip6': (words) => router(`virtual_routes {\n198.51.100.0/24 dev eth0 encap ip6 id 1 ${words}\n}`),
  rule: (words) => router(`virtual_rules {\npreference 7 ${words}\n}`),
  track_interface: (words) => router(`track_interface {\neth5 ${words}\n}`),
  track_script: tracked('vrrp_script', 'one', 'script /bin/true\nweight 2'),
  track_file: tracked('track_file', 'one', 'file /run/one\nweight 2'),
  track_process: tracked('vrrp_track_process', 'one', 'process one\nweight 2'),
  track_bfd: tracked('bfd_instance', 'one', 'neighbor_ip 192.0.2.77'),
  unicast_peer: (words) => router(`unicast_peer {\n192.0.2.5 ${words}\n}`),
  virtual_server_group: (words) =>
    `virtual_server_group one {\n192.0.2.61 80\n${words}\n}\nvirtual_server group one {\nprotocol TCP\nreal_server 198.51.100.7 80 {\n}\n}\n`,
  use_vmac: (words) => router(`use_vmac ${words}`),
  use_ipvlan: (words) => router(`use_ipvlan 192.0.2.9 ${words}`),
  lvs_sync_daemon: (words) => `global_defs {\nlvs_sync_daemon eth0 ${words}\n}\n${router('')}`,
  lvs_sync_catch_up: (words) => `global_defs {\nlvs_sync_daemon eth0\nlvs_sync_catch_up 60 ${words}\n}\n${router('')}`,
  lvs_timeouts: (words) => `global_defs {\nlvs_timeouts tcp 0 ${words}\n}\n`,
  method: (words) => virtualServer(`lb_algo rr\nlb_kind TUN ${words}`),
  scheduler: (words) => virtualServer(`lb_kind NAT\nlb_algo sh ${words}`),
}

type Case = {
  /** The words instead of those made from the argument grammar. */
  readonly words?: readonly string[]
  /** What else stands in the line. */
  readonly beside?: string
  readonly file?: (words: string) => string
  /** The ways that cannot be, likewise. */
  readonly wrong?: readonly string[]
  /** Why the model stays as it is, or why there is a complaint. */
  readonly nothing?: string
}

const inGroup = (block: string, line: string) => (words: string) =>
  `track_group routers { group { VI_1 } }\n${block} {\n${line} ${words}\n}\n${router('')}`
const route6 = (words: string): string => router(`virtual_routes {\n2001:db8:1::/48 dev eth0 ${words}\n}`)
const TABLE = { beside: 'table 100' }
const EMPTY: Case = { nothing: 'without meaning' }

const cases: Readonly<Record<string, Case>> = {
  'address scope': { words: ['scope 0', 'scope 253', 'scope link'] },
  'address track_group': {
    words: ['track_group routers'],
    file: inGroup('static_ipaddress', '192.0.2.200/24 dev eth0'),
  },
  'address peer': { words: ['peer 192.0.2.10'] },
  'address use_vmac': {
    file: (words) => router(`use_vmac\nvirtual_ipaddress_excluded {\n192.0.2.9/24 dev eth3 ${words}\n}`),
  },
  'route encap': {
    words: ['encap ip id 7', 'encap ip6 id 7', 'encap mpls 100/200', 'encap ila 1:2:3:4'],
    beside: 'dev eth0',
  },
  'nexthop encap': { words: ['encap ip id 7', 'encap ip6 id 7', 'encap mpls 100/200', 'encap ila 1:2:3:4'] },
  'nexthop via': { words: ['via 192.0.2.7', 'via inet 192.0.2.7', 'via inet6 2001:db8::7'] },
  'nexthop gw': { words: ['gw 192.0.2.7'] },
  'route via': { words: ['via 192.0.2.7', 'via inet 192.0.2.7', 'via inet6 2001:db8::7'] },
  'route gw': { words: ['gw 192.0.2.7'] },
  'route as': { nothing: 'refused' },
  'route to': EMPTY,
  'route inet': EMPTY,
  'route inet6': { words: ['inet6 ::/0 dev eth0'], file: (words) => router(`virtual_routes {\n${words}\n}`) },
  'route from': { words: ['from 2001:db8:2::/48'], file: route6 },
  'route expires': { file: route6 },
  'route pref': { file: route6 },
  'route protocol': { beside: 'no_track' },
  'route or': { beside: 'via 192.0.2.7', words: ['or 192.0.2.8'] },
  'route track_group': { words: ['track_group routers'], file: inGroup('static_routes', '198.51.100.0/24 dev eth0') },
  'route table': { words: ['table 100', 'table local'] },
  'route prepend': { nothing: 'as without' },
  // The route has a tos as well, of names.
  'encap ip tos': { wrong: ['tos 256'] },
  'encap ip6 dst': { words: ['dst 2001:db8::7'] },
  'encap ip6 src': { words: ['src 2001:db8::7'] },
  'rule table': { words: ['table 100', 'table main'] },
  'rule lookup': { words: ['lookup 100', 'lookup main'] },
  'rule inet': { ...TABLE, nothing: 'as without' },
  'rule inet6': TABLE,
  'rule type': { beside: 'blackhole', nothing: 'without meaning' },
  'rule goto': { words: ['goto 8', 'goto 4294967295'] },
  'rule track_group': {
    beside: '',
    words: ['track_group routers'],
    file: inGroup('static_rules', 'iif eth0 preference 7 table 100'),
  },
  'rule protocol': { beside: 'table 100 no_track' },
  'rule ipproto': { words: ['ipproto tcp', 'ipproto 99'], ...TABLE },
  'rule from': { words: ['from 198.51.100.0/24'], ...TABLE },
  'rule to': { words: ['to 198.51.100.0/24'], ...TABLE },
  'rule uidrange': { words: ['uidrange 0-4294967295', 'uidrange 5'], ...TABLE },
  'rule sport': { words: ['sport 0-65535', 'sport 5'], ...TABLE },
  'rule dport': { words: ['dport 0-65535', 'dport 5'], ...TABLE },
  'lvs_sync_daemon inst': { words: ['inst VI_1'] },
  'lvs_sync_daemon group': { words: ['group 224.0.0.90'] },
  'method port': { beside: 'type gue' },
  'method nocsum': { beside: 'type gue port 6080', nothing: 'as without' },
  'method csum': { beside: 'type gre' },
  'method remcsum': { beside: 'type gue port 6080' },
  'method type': { words: ['type gre', 'type gue port 6080', 'type ipip'] },
  'scheduler mh-port': { file: (words) => virtualServer(`lb_kind NAT\nlb_algo mh ${words}`) },
  'scheduler mh-fallback': { file: (words) => virtualServer(`lb_kind NAT\nlb_algo mh ${words}`) },
  'scheduler ops': { file: (words) => virtualServer(`protocol UDP\nlb_kind NAT\nlb_algo sh ${words}`) },
  'track_script noreverse': { file: tracked('vrrp_script', 'one', 'script /bin/true\nweight 2 reverse') },
  'track_file noreverse': { file: tracked('track_file', 'one', 'file /run/one\nweight 2 reverse') },
  'track_process noreverse': { file: tracked('vrrp_track_process', 'one', 'process one\nweight 2 reverse') },
  'track_interface noreverse': { beside: 'weight 5 reverse' },
  'track_bfd noreverse': { beside: 'weight 5 reverse' },
  'use_ipvlan bridge': { nothing: 'as without' },
}

const usual: Readonly<Partial<Record<LineName, Case>>> = { rule: TABLE }
/** Actions of rules stand for themselves. */
const ACTIONS = ['table', 'lookup', 'goto', 'nop', 'blackhole', 'unreachable', 'prohibit', 'l3mdev']

/** An option of a line in a file of its own. */
export type Tried = {
  readonly key: string
  readonly facts: OptionFacts
  readonly name: string
  readonly beside: string
  readonly file: (words: string) => string
  readonly nothing: string | undefined
  /** Every way to write it, and ways that cannot be. */
  readonly written: readonly string[]
  readonly wrong: readonly string[]
}

const all = (Object.keys(lines) as LineName[]).flatMap((line) =>
  (lines[line].options as readonly OptionFacts[]).flatMap((facts) =>
    facts.names.map((name) => ({ line, facts, name })),
  ),
)

/** Each option of each kind of line. */
export const tried: readonly Tried[] = all.map(({ line, facts, name }) => {
  const key = `${line} ${name}`
  const isAction = line === 'rule' && ACTIONS.includes(name)
  const {
    words,
    beside = '',
    file = files[line],
    nothing,
    wrong,
  }: Case = {
    ...(isAction ? {} : usual[line]),
    ...cases[key],
  }
  const argument = facts.takes === 'flag' ? undefined : argumentsOf(facts.takes)
  const after = (ways: readonly string[]) => ways.map((one) => `${name} ${one}`.trim())
  return {
    key,
    facts,
    name,
    beside,
    file,
    nothing,
    written: words ?? after(waysToWrite(argument, facts)),
    wrong: wrong ?? after(wrongWays(argument, facts)),
  }
})
