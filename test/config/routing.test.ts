import { expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
import {
  FOR_EVER,
  interfacesByTrackGroup,
  neededInterfaces,
  noStaticItems,
  type Route,
  type Rule,
} from '../../src/model/index.ts'
import { load, router, told } from './files.ts'

const statics = (text: string, more: Readonly<Record<string, string>> = {}) => {
  const loaded = load(text, more)
  return { ...(loaded.model.statics ?? noStaticItems), told: told(loaded) }
}
const route = (line: string) => {
  const { routes, told: complaints } = statics(`static_routes {\n${line}\n}`)
  return { value: routes[0] as Route, told: complaints }
}
const rule = (line: string) => {
  const { rules, told: complaints } = statics(`static_rules {\n${line}\n}`)
  return { value: rules[0] as Rule, told: complaints }
}

const plain = {
  family: 4,
  type: 'unicast',
  destination: { address: '192.0.2.0', length: 24 },
  tos: 0,
  table: 254,
  protocol: 18,
  scope: 0,
  metrics: {},
  locked: [],
  nextHops: [],
  placement: 'prepend',
}
const six = { ...plain, family: 6, destination: { address: '2001:db8::', length: 32 } }

const routeRows: readonly [line: string, value: object][] = [
  ['192.0.2.0/24 via 10.0.0.1 dev eth1', { ...plain, via: '10.0.0.1', interface: 'eth1' }],
  ['to 192.0.2.0/24 oif eth1 scope link', { ...plain, interface: 'eth1', scope: 253 }],
  ['192.0.2.0/24 via inet6 2001:db8::1 dev eth1', { ...plain, via: '2001:db8::1', interface: 'eth1' }],
  ['default via 10.0.0.1', { ...plain, destination: { address: '0.0.0.0', length: 0 }, via: '10.0.0.1' }],
  ['any dev eth1', { ...plain, destination: { address: '0.0.0.0', length: 0 }, interface: 'eth1' }],
  ['default via 2001:db8::1', { ...six, destination: { address: '::', length: 0 }, via: '2001:db8::1' }],
  ['inet6 default dev eth1', { ...six, destination: { address: '::', length: 0 }, interface: 'eth1' }],
  ['blackhole 192.0.2.0/24', { ...plain, type: 'blackhole' }],
  ['7 192.0.2.0/24', { ...plain, type: 'unreachable' }],
  ['brd 192.0.2.0/24 dev eth1', { ...plain, type: 'broadcast', interface: 'eth1', scope: 253 }],
  ['local 192.0.2.0/24 dev eth1', { ...plain, type: 'local', interface: 'eth1', scope: 254 }],
  [
    '192.0.2.0/24 dev eth1 table 0x64 metric 5 tos 16 src 192.0.2.1',
    {
      ...plain,
      interface: 'eth1',
      table: 100,
      metric: 5,
      tos: 16,
      preferredSource: '192.0.2.1',
    },
  ],
  [
    '192.0.2.0/24 dev eth1 mtu lock 1400 advmss 1300 congctl lock reno features ecn quickack 1',
    {
      ...plain,
      interface: 'eth1',
      metrics: { mtu: 1400, advmss: 1300, quickack: 1 },
      features: 1,
      congestionControl: 'reno',
      locked: ['congctl', 'mtu'],
    },
  ],
  [
    '192.0.2.0/24 dev eth1 rtt 1s rttvar 300ms rto_min 0.5s',
    {
      ...plain,
      interface: 'eth1',
      metrics: { rtt: 8000, rttvar: 1200, rto_min: 500 },
    },
  ],
  [
    '192.0.2.0/24 dev eth1 rtt 5 rto_min 200s',
    {
      ...plain,
      interface: 'eth1',
      metrics: { rtt: 1600, rto_min: 120_000 },
    },
  ],
  ['192.0.2.0/24 dev eth1 realms 3/4', { ...plain, interface: 'eth1', realms: 0x30004 }],
  [
    '192.0.2.0/24 dev eth1 encap mpls 100/200',
    { ...plain, interface: 'eth1', encapsulation: { type: 'mpls', labels: [100, 200] } },
  ],
  [
    '192.0.2.0/24 encap ip id 5 dst 10.0.0.9 ttl 4 src 10.0.0.8 dev eth1 src 192.0.2.1',
    {
      ...plain,
      interface: 'eth1',
      preferredSource: '192.0.2.1',
      encapsulation: { type: 'ip', id: '5', destination: '10.0.0.9', hopLimit: 4, source: '10.0.0.8' },
    },
  ],
  [
    '2001:db8::/32 encap ip6 dst 2001:db8::9 tc 3 hoplimit 4 flags 1 dev eth1',
    {
      ...six,
      interface: 'eth1',
      encapsulation: { type: 'ip6', destination: '2001:db8::9', trafficClass: 3, hopLimit: 4, flags: 1 },
    },
  ],
  [
    '2001:db8::/32 encap ila 1:2:3:ABCD dev eth1',
    { ...six, interface: 'eth1', encapsulation: { type: 'ila', locator: '1:2:3:abcd' } },
  ],
  [
    '2001:db8::/32 from 2001:db8:1::/48 dev eth1 expires 60 pref high ttl-propagate disabled',
    {
      ...six,
      interface: 'eth1',
      from: { address: '2001:db8:1::', length: 48 },
      expires: 60,
      preference: 1,
      propagatesTtl: false,
    },
  ],
  [
    'append 192.0.2.0/24 dev eth1 protocol 99 no_track',
    { ...plain, interface: 'eth1', protocol: 99, untracked: true, placement: 'append' },
  ],
  [
    '192.0.2.0/24 metric 3 nexthop via 10.0.0.1 dev eth1 weight 256 onlink nexthop dev eth2',
    {
      ...plain,
      metric: 3,
      nextHops: [
        { weight: 256, via: '10.0.0.1', interface: 'eth1', onlink: true },
        { weight: 1, interface: 'eth2' },
      ],
    },
  ],
  ['192.0.2.0/24 dev eth1 vrf blue', { ...plain, interface: 'eth1', vrf: 'blue' }],
]
for (const [line, value] of routeRows)
  test(`a route: ${line}`, () => {
    expect(route(line)).toEqual({ value, told: [] })
  })

const badRoutes: readonly [line: string, complaint: RegExp][] = [
  ['192.0.2.0/33 dev eth1', /^2:1 error value: 192.0.2.0\/33 is no destination; the route 192.0.2.0\/33 is left out$/],
  ['via 10.0.0.1', /there is no destination; the route 10.0.0.1 is left out/],
  ['192.0.2.0/24 via', /^2:14 error missing-argument: via needs a value; the route 192.0.2.0\/24 is left out$/],
  ['192.0.2.0/24 via 10.0.0', /via 10.0.0 is not an IPv4 or IPv6 address/],
  ['192.0.2.0/24 dev eth0/1', /dev eth0\/1 is no interface name/],
  ['192.0.2.0/24 198.51.100.0/24', /198.51.100.0\/24 is no option of a route/],
  ['192.0.2.0/24 table nowhere', /table nowhere is neither a number up to 4294967295 nor a name/],
  ['192.0.2.0/24 dev eth1 metric -1', /metric -1 is not a whole number/],
  ['192.0.2.0/24 src 2001:db8::1', /src makes it IPv6, and it is IPv4/],
  ['2001:db8::/32 via 10.0.0.1', /an IPv6 route has no IPv4 gateway/],
  ['2001:db8::/32 dev eth1 realms 4', /realms are for IPv4 only/],
  ['192.0.2.0/24 encap mpls 1048576', /is no stack of MPLS labels/],
  ['192.0.2.0/24 encap ip ttl 4', /encap ip needs id or dst/],
  ['192.0.2.0/24 encap seg6 x', /encap seg6 is not known/],
  ['192.0.2.0/24 nexthop weight 300 dev eth1', /weight 300 is not a whole number from 1 to 256/],
  ['192.0.2.0/24 nexthop weight 3', /a next hop needs via or dev/],
  ['192.0.2.0/24 nexthop via 10.0.0.1 mtu 1400', /mtu is no option of a next hop/],
  ['192.0.2.0/24 as to 10.0.0.1', /as is not a thing of this kernel/],
]
for (const [line, complaint] of badRoutes)
  test(`a route is left out, with a complaint: ${line}`, () => {
    const { value, told: complaints } = route(line)
    expect(value).toBeUndefined()
    expect(complaints.join('\n')).toMatch(complaint)
  })

test('old words for routes are understood and remarked on', () => {
  expect(route('192.0.2.0/24 via 10.0.0.1 or 10.0.0.2')).toEqual({
    value: {
      ...plain,
      nextHops: [
        { via: '10.0.0.1', weight: 1 },
        { via: '10.0.0.2', weight: 1 },
      ],
    },
    told: ['2:27 warning deprecated: or is an old way to write two next hops'],
  })
  expect(route('default6 dev eth1').value).toEqual({
    ...six,
    destination: { address: '::', length: 0 },
    interface: 'eth1',
  })
  expect(route('192.0.2.0/24 gw 10.0.0.1').told).toEqual(['2:14 warning deprecated: gw is an old word for via'])
})

test('a protocol counts only for what is not watched', () => {
  const { value, told: complaints } = route('192.0.2.0/24 dev eth1 protocol boot')
  expect(value.protocol).toBe(18)
  expect(complaints).toEqual([
    '2:1 warning remark: the route 192.0.2.0/24 has protocol 18 for as long as it is watched',
  ])
  expect(route('192.0.2.0/24 dev eth1 protocol boot no_track').value.protocol).toBe(3)
})

const ruleOf = { family: 4, preference: 7, tos: 0, protocol: 18, action: { type: 'table', table: 100 } }
const ruleRows: readonly [line: string, value: object][] = [
  ['from 192.0.2.0/24 table 100 preference 7', { ...ruleOf, from: { address: '192.0.2.0', length: 24 } }],
  [
    'not to 2001:db8::/32 lookup 100 priority 0x7',
    { ...ruleOf, family: 6, inverted: true, to: { address: '2001:db8::', length: 32 } },
  ],
  ['from all table main order 7', { ...ruleOf, action: { type: 'table', table: 254 } }],
  [
    'inet6 iif eth0 oif eth1 table 100 preference 7',
    { ...ruleOf, family: 6, inputInterface: 'eth0', outputInterface: 'eth1' },
  ],
  ['fwmark 0x10/0xff tos 16 table 100 preference 7', { ...ruleOf, mark: { value: 16, mask: 255 }, tos: 16 }],
  [
    'fwmark 5 realms 3/4 sup_pl 8 suppress_ifgroup 2 table 100 preference 7',
    {
      ...ruleOf,
      mark: { value: 5 },
      realms: 0x30004,
      suppressPrefixLength: 8,
      suppressGroup: 2,
    },
  ],
  [
    'uidrange 5-9 ipproto tcp sport 5-9 dport 80 tunnel-id 18446744073709551615 table 100 preference 7',
    {
      ...ruleOf,
      uids: { from: 5, to: 9 },
      ipProtocol: 6,
      sourcePorts: { from: 5, to: 9 },
      destinationPorts: { from: 80, to: 80 },
      tunnelId: '18446744073709551615',
    },
  ],
  ['dev eth0 goto 9 preference 7', { ...ruleOf, inputInterface: 'eth0', action: { type: 'goto', target: 9 } }],
  ['iif eth0 type blackhole preference 7', { ...ruleOf, inputInterface: 'eth0', action: { type: 'blackhole' } }],
  ['l3mdev preference 7 no_track protocol 5', { ...ruleOf, protocol: 5, untracked: true, action: { type: 'l3mdev' } }],
]
for (const [line, value] of ruleRows)
  test(`a rule: ${line}`, () => {
    expect(rule(line)).toEqual({ value, told: [] })
  })

const badRules: readonly [line: string, complaint: RegExp][] = [
  ['from 192.0.2.0/24 preference 7', /^2:1 error value: there is no action; the rule is left out$/],
  ['from 192.0.2.0/24 to 2001:db8::/32 table 5', /2001:db8::\/32 makes it IPv6, and it is IPv4/],
  ['table 5 blackhole', /blackhole is a second action/],
  ['table 0', /table 0 is neither a number from 1 to \d+ nor a name/],
  ['goto 9', /goto needs a preference of the rule itself/],
  ['goto 9 preference 9', /goto 9 goes back from 9/],
  ['nop suppress_prefixlength 5', /suppress_prefixlength goes with a table only/],
  ['fwmark 5/ table 5', /fwmark 5\/ is not MARK\[\/MASK\]/],
  ['uidrange 9-5 table 5', /uidrange 9-5 is no range/],
  ['wibble table 5', /wibble is no option of a rule/],
]
for (const [line, complaint] of badRules)
  test(`a rule is left out, with a complaint: ${line}`, () => {
    const { value, told: complaints } = rule(line)
    expect(value).toBeUndefined()
    expect(complaints.join('\n')).toMatch(complaint)
  })

test('rules without a preference count down from 16384, each family for itself', () => {
  const { rules, told: complaints } = statics(
    'static_rules {\nfrom 10.0.0.1 table 5\niif eth0 table 6\ninet6 table 7\n}',
  )
  expect(rules.map(({ preference }) => preference)).toEqual([16_384, 16_383, 16_384])
  expect(complaints[0]).toBe('2:1 warning remark: the rule has no preference; using 16384')
})

test('names come from the files of iproute2, those in etc before those in usr, and where global_defs says', () => {
  const text =
    'static_routes {\n192.0.2.0/24 dev eth1 table blue\n198.51.100.0/24 dev eth1 table green realms here/there\n}\n'
  const files = {
    '/etc/iproute2/rt_tables': '#\n100 blue # sky\n',
    '/usr/share/iproute2/rt_tables': '200 blue\n',
    '/usr/share/iproute2/rt_realms': '3 here\n0x4 there\n',
    '/etc/iproute2/rt_tables.d/more.conf': '300 green\n',
    '/etc/iproute2/rt_tables.d/ignored': '301 green\n',
    '/opt/names/rt_tables': '7 blue\n8 green',
  }
  const { routes, told: complaints } = statics(text, files)
  expect(complaints).toEqual([])
  expect(routes.map(({ table }) => table)).toEqual([100, 300])
  expect(routes[1]?.realms).toBe(0x30004)
  const elsewhere = statics(`${text}global_defs {\niproute_etc_dir /opt/names\n}`, files)
  expect(elsewhere.routes.map(({ table }) => table)).toEqual([7, 8])
})

test('addresses with every option', () => {
  const { addresses, told: complaints } = statics(`global_defs {\ndefault_interface eth5\n}
static_ipaddress {
10.9.0.1/24 dev v0 brd + scope site label v0:1
10.9.1.1 peer 10.9.1.2 dev v0 no_track
2001:db8::1/64 preferred_lft forever
2001:db8::2 -nodad home autojoin mngtmpaddr noprefixroute preferred_lft 60
}`)
  expect(complaints).toEqual([])
  expect(addresses).toEqual([
    { address: '10.9.0.1', prefixLength: 24, interface: 'v0', scope: 200, label: 'v0:1', broadcast: '10.9.0.255' },
    { address: '10.9.1.1', prefixLength: 32, interface: 'v0', scope: 0, peer: '10.9.1.2', untracked: true },
    { address: '2001:db8::1', prefixLength: 64, interface: 'eth5', scope: 0, preferredLifetime: FOR_EVER },
    {
      address: '2001:db8::2',
      prefixLength: 128,
      interface: 'eth5',
      scope: 0,
      preferredLifetime: 60,
      flags: ['autojoin', 'dad', 'home', 'mngtmpaddr', 'noprefixroute'],
    },
  ])
})

test('a peer is of the same family, and leaves no room for a broadcast address', () => {
  expect(statics('static_ipaddress {\n10.0.0.1 peer 2001:db8::1\n}').told[0]).toMatch(
    /peer 2001:db8::1 is not an IPv4 address/,
  )
  expect(statics('static_ipaddress {\n10.0.0.1/24 peer 10.0.0.2 brd +\n}')).toMatchObject({
    addresses: [{ peer: '10.0.0.2' }],
    told: ['2:31 warning remark: 10.0.0.1 has a peer; brd has no effect'],
  })
})

test('a virtual router needs the interfaces of what it has, but for what is not tracked', () => {
  const { value, told: complaints } = router(`virtual_ipaddress {
192.0.2.1/24
192.0.2.2 dev eth2
192.0.2.3 dev eth3 no_track
}
virtual_routes {
198.51.100.0/24 nexthop via 10.0.0.1 dev eth4 nexthop via 10.0.1.1 dev eth0
default via 10.0.0.1 dev eth5 no_track
}
virtual_rules {
iif eth6 oif eth7 table 5 preference 9
}`)
  expect(complaints).toEqual([])
  expect([...neededInterfaces(value)]).toEqual(['eth2', 'eth4', 'eth6', 'eth7'])
})

test('a track_group ties static items to virtual routers', () => {
  const text = `track_group tied {
group {
VI_1 VI_9
}
}
track_group none {
group {
}
}
static_routes {
198.51.100.0/24 dev eth4 track_group tied
198.51.101.0/24 via 10.0.0.1 track_group tied
198.51.102.0/24 dev eth5 track_group wrong
}
static_ipaddress {
10.0.0.1 dev eth6 track_group tied
}
vrrp_instance VI_1 {
interface eth0
virtual_router_id 1
virtual_ipaddress { 192.0.2.1 }
}`
  const { told: complaints, ...items } = statics(text)
  expect(complaints).toEqual(
    [
      '3:6 error value: there is no vrrp_instance VI_9; track_group tied goes without it',
      '6:1 error object: track_group none has no members; it is left out',
      '12:38 warning remark: track_group has no effect without an interface',
      '13:38 error value: there is no track_group wrong; it has no effect',
    ].map((one) => expect.stringContaining(one.slice(one.indexOf(' '))) as string),
  )
  expect(items.trackGroups).toEqual([{ name: 'tied', members: ['VI_1'] }])
  expect([...interfacesByTrackGroup(items, 'VI_1')]).toEqual(['eth6', 'eth4'])
  expect([...interfacesByTrackGroup(items, 'VI_2')]).toEqual([])
})

test('what is for static items only, or for virtual ones, is remarked on elsewhere', () => {
  const { value, told: complaints } = router(`virtual_ipaddress {
192.0.2.1/24 track_group g
}
virtual_routes {
default dev eth0 track_group g
}`)
  expect(complaints).toEqual([
    '3:26 warning remark: track_group is for static items; it has no effect here',
    '6:30 warning remark: track_group is for static items; it has no effect here',
  ])
  expect(value.routes).toHaveLength(1)
  expect(statics('static_ipaddress {\n192.0.2.1 dev eth0 use_vmac\n}')).toMatchObject({
    addresses: [{ address: '192.0.2.1', interface: 'eth0' }],
    told: ['2:1 warning remark: use_vmac is for virtual addresses; it has no effect here'],
  })
})

test('reading undoes printing', () => {
  const lines = (rows: readonly (readonly [string, object])[]) => rows.map(([line]) => line).join('\n')
  const text = `track_group tied {\ngroup {\nVI_1\n}\n}
static_ipaddress {\n10.9.0.1/24 dev v0 brd + scope site label v0:1 track_group tied\n10.9.1.1 peer 10.9.1.2 dev v0 no_track
2001:db8::2 dev v0 -nodad home autojoin mngtmpaddr noprefixroute preferred_lft forever\n}
static_routes {\n${lines(routeRows)}\n}\nstatic_rules {\n${lines(ruleRows)}\n}
vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1
virtual_ipaddress {\n192.0.2.1/24 dev eth1 no_track preferred_lft 5\n}
virtual_routes {\n${lines(routeRows)}\n}\nvirtual_rules {\n${lines(ruleRows)}\n}\n}`
  const first = load(text)
  expect(told(first)).toEqual([])
  const again = load(print(first.model, { secrets: 'shown' }))
  expect(told(again)).toEqual([])
  expect(again.model).toEqual(first.model)
  expect(print(again.model)).toBe(print(first.model))
})
