import { expect, test } from 'vitest'
import { address, type Micros } from '../../src/base/index.ts'
import type { VirtualRouter } from '../../src/model/index.ts'
import { load, router, told } from './files.ts'

const s = (seconds: number) => (seconds * 1_000_000) as Micros

test('a virtual router with the least written has every default of keepalived.conf(5)', () => {
  const { value, told } = router('')
  expect(told).toEqual([])
  expect(value).toEqual({
    name: 'VI_1',
    family: 4,
    version: 2,
    interface: 'eth0',
    virtualRouterId: 51,
    initialState: 'backup',
    priority: 100,
    advertisementInterval: s(1),
    addresses: [{ address: '192.0.2.1', prefixLength: 24, interface: 'eth0', scope: 0 }],
    excludedAddresses: [],
    preempt: true,
    preemptDelay: s(0),
    multicastGroup: '224.0.0.18',
    unicastPeers: [],
    unicastTtl: 255,
    checkUnicastSource: false,
    downTimerAdverts: 3,
    announcements: {
      masterDelay: s(5),
      masterRepeat: 5,
      masterRefresh: s(0),
      masterRefreshRepeat: 1,
      lowerPrioDelay: s(5),
      lowerPrioRepeat: 5,
      garpInterval: s(0),
      gnaInterval: s(0),
    },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: true,
    ownerIgnoreAdverts: false,
    skipCheckAdvAddr: false,
    v3ChecksumAsV2: false,
    dontTrackPrimary: false,
    tracks: [],
    notify: {},
  } satisfies Omit<VirtualRouter, 'addresses' | 'multicastGroup'> & Record<string, unknown>)
})

const rows: readonly (readonly [claim: string, lines: string, fields: Partial<VirtualRouter>])[] = [
  ['state MASTER without priority owns the addresses', 'state MASTER', { initialState: 'master', priority: 255 }],
  ['priority 255 without state begins as master', 'priority 255', { initialState: 'master', priority: 255 }],
  ['the last of a repeated word counts', 'priority 1\npriority 2', { priority: 2 }],
  ['version 3 has fractions of a second', 'version 3\nadvert_int 0.25', { version: 3, advertisementInterval: s(0.25) }],
  ['nopreempt', 'nopreempt', { preempt: false }],
  ['kernel_rx_buf_size', 'kernel_rx_buf_size 100000', { receiveBuffer: 100_000 }],
  ['promote_secondaries', 'promote_secondaries', { promotesSecondaries: true }],
  ['track_src_ip', 'mcast_src_ip 192.0.2.5\ntrack_src_ip', { tracksSource: true }],
  [
    'old_unicast_checksum',
    'old_unicast_checksum\nunicast_peer {\n192.0.2.9\n}',
    { oldUnicastChecksum: 'always', unicastPeers: [address('192.0.2.9')] },
  ],
  [
    'old_unicast_checksum never',
    'old_unicast_checksum never\nunicast_peer {\n192.0.2.9\n}',
    { oldUnicastChecksum: 'never', unicastPeers: [address('192.0.2.9')] },
  ],
  ['preempt undoes nopreempt', 'nopreempt\npreempt', { preempt: true }],
  ['preempt_delay', 'preempt_delay 30.5', { preemptDelay: s(30.5) }],
  [
    'the six announcement words',
    'garp_master_delay 1\ngarp_master_repeat 0\ngarp_master_refresh 60\ngarp_master_refresh_repeat 2\ngarp_lower_prio_delay 0.5\ngarp_lower_prio_repeat 0',
    {
      announcements: {
        masterDelay: s(1),
        masterRepeat: 1,
        masterRefresh: s(60),
        masterRefreshRepeat: 2,
        lowerPrioDelay: s(0.5),
        lowerPrioRepeat: 0,
        garpInterval: s(0),
        gnaInterval: s(0),
      },
    },
  ],
  [
    'booleans may go without a word',
    'lower_prio_no_advert\nhigher_prio_send_advert no\nskip_check_adv_addr on\nv3_checksum_as_v2 true',
    { lowerPrioNoAdvert: true, higherPrioSendAdvert: false, skipCheckAdvAddr: true, v3ChecksumAsV2: true },
  ],
  ['skip_check_adv_addr false means false', 'skip_check_adv_addr false', { skipCheckAdvAddr: false }],
  ['owner_ignore_adverts is for owners', 'owner_ignore_adverts', { ownerIgnoreAdverts: false }],
  ['owner_ignore_adverts of an owner', 'owner_ignore_adverts\npriority 255', { ownerIgnoreAdverts: true }],
  ['dont_track_primary', 'dont_track_primary', { dontTrackPrimary: true }],
  ['the number of adverts to miss', 'down_timer_adverts 5', { downTimerAdverts: 5 }],
  ['accepted words change nothing', 'smtp_alert\naccept', {}],
]
for (const [claim, lines, fields] of rows)
  test(`vrrp_instance: ${claim}`, () => {
    const { value, told } = router(lines)
    expect(told).toEqual([])
    expect(value).toMatchObject(fields)
  })

test('unicast: source, peers, ttl', () => {
  const { value, told } = router(
    'unicast_src_ip 10.0.0.1\nunicast_peer {\n10.0.0.2\n10.0.0.3\n}\nunicast_ttl 3\ncheck_unicast_src',
  )
  expect(told).toEqual([])
  expect(value).toMatchObject({
    source: '10.0.0.1',
    unicastPeers: ['10.0.0.2', '10.0.0.3'],
    unicastTtl: 3,
    checkUnicastSource: true,
  })
})

test('multicast: source and group', () => {
  expect(router('mcast_src_ip 10.0.0.1\nmcast_dst_ip 224.0.0.200').value).toMatchObject({
    source: '10.0.0.1',
    multicastGroup: '224.0.0.200',
  })
})

test('IPv6 is version 3, and its group is ff02::12', () => {
  const { value, told } = router('virtual_ipaddress {\nfe80::1/64\n2001:db8::1/64\n}')
  expect(told).toEqual([])
  expect(value).toMatchObject({ family: 6, version: 3, multicastGroup: 'ff02::12', unicastTtl: 64 })
})

test('an address line has device, scope, label and broadcast in any order', () => {
  const { value, told } = router(`virtual_ipaddress {
    192.0.2.1/24 dev eth1 label eth1:1 scope link brd +
    192.0.2.2/30 broadcast - scope 200
    192.0.2.3/24 brd 192.0.2.255
    192.0.2.4
  }
  virtual_ipaddress_excluded {
    2001:db8::1/64
  }`)
  expect(told).toEqual([])
  expect(value.addresses).toEqual([
    {
      address: '192.0.2.1',
      prefixLength: 24,
      interface: 'eth1',
      scope: 253,
      label: 'eth1:1',
      broadcast: '192.0.2.255',
    },
    { address: '192.0.2.2', prefixLength: 30, interface: 'eth0', scope: 200, broadcast: '192.0.2.0' },
    { address: '192.0.2.3', prefixLength: 24, interface: 'eth0', scope: 0, broadcast: '192.0.2.255' },
    { address: '192.0.2.4', prefixLength: 32, interface: 'eth0', scope: 0 },
  ])
  expect(value.excludedAddresses).toEqual([{ address: '2001:db8::1', prefixLength: 64, interface: 'eth0', scope: 0 }])
})

test('commands have arguments inside the quotes, then user and group', () => {
  const { value, told } = router(`notify_master "/bin/a 'b c' d" root wheel
notify_backup /bin/b
notify_fault "/bin/f"
notify_stop "/bin/s"
notify_deleted "/bin/d"
notify_master_rx_lower_pri "/bin/l"
notify "/bin/n" :`)
  expect(told).toEqual([])
  expect(value.notify).toEqual({
    master: { argv: ['/bin/a', 'b c', 'd'], user: 'root', group: 'wheel' },
    backup: { argv: ['/bin/b'] },
    fault: { argv: ['/bin/f'] },
    stop: { argv: ['/bin/s'] },
    deleted: { argv: ['/bin/d'] },
    masterRxLowerPri: { argv: ['/bin/l'] },
    any: { argv: ['/bin/n'], user: ':' },
  })
})

test('peers have limits of their TTL, which switch check_unicast_src on', () => {
  const { value, told } = router(
    'unicast_peer {\n192.0.2.12 min_ttl 250 max_ttl 252\n192.0.2.13\n192.0.2.14 min_ttl 9\n}',
  )
  expect(told).toEqual([])
  expect(value).toMatchObject({
    unicastPeers: ['192.0.2.12', '192.0.2.13', '192.0.2.14'],
    checkUnicastSource: true,
    peerTtlLimits: [
      { peer: '192.0.2.12', min: 250, max: 252 },
      { peer: '192.0.2.14', min: 9, max: 255 },
    ],
  })
})

test('notify_deleted may stand without a command', () =>
  expect(router('notify_deleted')).toMatchObject({ value: { tellsDeleted: true, notify: {} }, told: [] }))

test('auth_type AH', () =>
  expect(router('authentication {\nauth_type AH\nauth_pass secret\n}')).toMatchObject({
    value: { authentication: { type: 'ah', password: 'secret' } },
    told: [],
  }))

test('a password of PASS is kept to 8 bytes', () => {
  const { value, told } = router('authentication {\nauth_type PASS\nauth_pass 123456789\n}')
  expect(value.authentication).toEqual({ type: 'pass', password: '12345678' })
  expect(told).toEqual(['4:11 warning remark: auth_pass is longer than 8 bytes; only the first 8 count'])
})

test('V-019 the interval of version 2 is a whole number of seconds, 1 to 255', () => {
  for (const [written, means] of [
    ['1', 1],
    ['255', 255],
    ['1.5', 2],
  ] as const)
    expect(router(`version 2\nadvert_int ${written}`).value.advertisementInterval).toBe(s(means))
  for (const written of ['0', '256', '1000']) {
    const { value, told } = router(`version 2\nadvert_int ${written}`)
    expect(told).not.toEqual([])
    const seconds = value.advertisementInterval / 1_000_000
    expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 255).toBe(true)
  }
})

const complaints: readonly (readonly [lines: string, told: string | RegExp])[] = [
  ['preempt_delay 10s', /^2:15 error value: preempt_delay 10s has a unit/],
  ['advert_int 1e1', /^2:12 error value: advert_int 1e1 is not a number of seconds/],
  ['advert_int 1.5', '2:1 warning remark: advert_int 1.5: version 2 has whole seconds; using 2'],
  [
    'version 3\nadvert_int 0.015',
    '3:1 warning remark: advert_int 0.015: version 3 has hundredths of a second; using 0.02',
  ],
  ['priority 0x10', /^2:10 error value: priority 0x10 is not a whole number/],
  ['state Master', '2:7 error value: state Master is neither MASTER nor BACKUP; using BACKUP'],
  ['lower_prio_no_advert True', /is neither true, on, yes nor/],
  [
    'state MASTER\npriority 9\nnopreempt',
    '4:1 warning remark: nopreempt does not go with state MASTER; vrrp_instance VI_1 preempts',
  ],
  [
    'nopreempt\npreempt_delay 3',
    '3:1 warning remark: preempt_delay does not go with nopreempt; vrrp_instance VI_1 has none',
  ],
  ['interface averyveryverylongname', /is no interface name/],
  ['mcast_src_ip 2001:db8::1', /is not IPv4 as the virtual router is/],
  ['mcast_dst_ip 10.0.0.1', /is not a multicast address/],
  ['unicast_ttl 3', '2:1 warning deprecated: no unicast peers; advertisements go by multicast'],
  ['unicast_peer {\n10.0.0.2 10.0.0.3\n}', /^3:10 error value: 10.0.0.3 is no option of a peer/],
  ['unicast_peer {\n10.0.0.2/24\n}', /means nothing here/],
  ['unicast_peer {\n2001:db8::2\n}', /is not IPv4; it is left out/],
  ['notify /bin/a\nnotify /bin/b', '3:1 warning remark: notify is given already; the first one is used'],
  ['notify ""', /is no command/],
  [`notify "/bin/a 'b"`, /has a quote that is not closed/],
  ['notify \'/bin/a "$HOME" # b\'', /^2:8 error value: notify .* has a quote that is not closed/],
  ['notify', '2:1 error missing-argument: notify needs a command; the line has no effect'],
  ['version 3\nauthentication {\nauth_type PASS\nauth_pass x\n}', /is version 3, which knows no authentication/],
  ['authentication {\nauth_type PASS\n}', /auth_type PASS without a password/],
  ['authentication {\nauth_type ah\nauth_pass x\n}', /auth_type ah is neither PASS nor AH/],
  ['version 2\nvirtual_ipaddress {\n2001:db8::1\n}', '2:1 warning remark: version 2 knows no IPv6; version 3 is used'],
  [
    'virtual_ipaddress {\n192.0.2.1\n2001:db8::1\n}',
    /^4:1 error value: 2001:db8::1 is not IPv4 as the first address is/,
  ],
  [
    'virtual_ipaddress {\n192.0.2.1\n192.0.2.1/24\n}',
    '4:1 warning remark: 192.0.2.1 is there twice; the second is left out',
  ],
  ['virtual_ipaddress {\n192.0.2.1 192.0.2.2\n}', /^3:11 error value: 192.0.2.2 is no option of an address/],
  [
    'virtual_ipaddress {\n192.0.2.1 label averyveryverylonglabel\n}',
    /label averyveryverylonglabel is not 1 to 15 bytes long/,
  ],
  ['virtual_ipaddress {\n192.0.2.1/31 brd +\n}', /brd \+ needs a prefix of at most \/30/],
  ['virtual_ipaddress {\n192.0.2.1 dev\n}', /^3:11 error missing-argument: dev needs a value/],
  ['virtual_ipaddress {\n2001:db8::1 label x\n}', '3:13 error value: label is for IPv4 only; it has no effect'],
  ['virtual_ipaddress {\nfe80::1/64 scope link\n}', '3:12 error value: scope is for IPv4 only; it has no effect'],
  ['state MASTER\nstate BACKUP', '3:1 warning remark: state BACKUP behind state MASTER has no effect'],
  [
    'native_ipv6',
    '2:1 error value: native_ipv6 does not go with the IPv4 addresses of vrrp_instance VI_1; it has no effect',
  ],
  [
    'track_interface {\neth1\neth0 weight 5\n}',
    '4:1 warning remark: eth0 is its own interface, which is watched anyway; the line has no effect',
  ],
]
for (const [lines, message] of complaints)
  test(`vrrp_instance, with a complaint: ${lines.replaceAll('\n', ' ')}`, () => {
    const { told } = router(lines)
    if (typeof message === 'string') expect(told).toContain(message)
    else
      expect(
        told.some((one) => message.test(one)),
        told.join('\n'),
      ).toBe(true)
  })

const dropped: readonly (readonly [claim: string, text: string, told: RegExp])[] = [
  ['no interface', 'vrrp_instance A {\nvirtual_router_id 1\n}', /^1:1 error object: vrrp_instance A has no interface/],
  ['no id', 'vrrp_instance A {\ninterface eth0\n}', /^1:1 error object: vrrp_instance A has no virtual_router_id/],
  ['no name', 'vrrp_instance {\ninterface eth0\n}', /^1:1 error missing-argument: vrrp_instance needs a name/],
  ['loopback', 'vrrp_instance A {\ninterface lo\nvirtual_router_id 1\n}', /on the loopback interface/],
  [
    'version 3 without an address',
    'vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nversion 3\n}',
    /has no virtual address; it is left out/,
  ],
]
for (const [claim, text, message] of dropped)
  test(`a virtual router is left out: ${claim}`, () => {
    const loaded = load(text)
    expect(loaded.model.virtualRouters).toEqual([])
    expect(told(loaded).join('\n')).toMatch(message)
  })

test('no_virtual_ipaddress lets version 3 go without an address', () => {
  const loaded = load('vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nversion 3\nno_virtual_ipaddress\n}')
  expect(told(loaded)).toEqual([])
  expect(loaded.model.virtualRouters).toHaveLength(1)
})

test('the same id on one interface in one family: the second is left out, and both places are told', () => {
  const one = (name: string, address: string, on = 'eth0') =>
    `vrrp_instance ${name} {\ninterface ${on}\nvirtual_router_id 5\nvirtual_ipaddress { ${address} }\n}\n`
  const loaded = load(
    one('A', '192.0.2.1') + one('B', '192.0.2.2') + one('C', '2001:db8::1') + one('D', '192.0.2.3', 'eth1'),
  )
  expect(loaded.model.virtualRouters.map((router) => router.name)).toEqual(['A', 'C', 'D'])
  expect(loaded.diagnostics.map((one) => [one.line, one.column, one.related.map((place) => place.line)])).toEqual([
    [8, 1, [3]],
  ])
})

test('more than 255 addresses are managed but not advertised', () => {
  const all = Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join('\n')
  const { value, told } = router(`virtual_ipaddress {\n${all}\n}`)
  expect([value.addresses.length, value.excludedAddresses.length]).toEqual([255, 45])
  expect(told).toEqual(['258:1 warning remark: more than 255 addresses; from here on they are not advertised'])
})

test('a virtual router takes from global_defs what it does not say', () => {
  const loaded = load(`vrrp_instance A {
interface eth0
virtual_router_id 1
garp_master_repeat 9
virtual_ipaddress { 192.0.2.1 }
}
global_defs {
vrrp_version 3
vrrp_garp_master_delay 2
vrrp_garp_master_repeat 3
vrrp_garp_master_refresh 60
vrrp_garp_interval 0.001
vrrp_gna_interval 0.002
vrrp_down_timer_adverts 4
vrrp_lower_prio_no_advert
vrrp_higher_prio_send_advert false
vrrp_check_unicast_src
vrrp_skip_check_adv_addr
v3_checksum_as_v2
vrrp_mcast_group4 224.0.0.99
}`)
  expect(told(loaded)).toEqual([])
  expect(loaded.model.virtualRouters[0]).toMatchObject({
    version: 3,
    announcements: {
      masterDelay: s(2),
      masterRepeat: 9,
      masterRefresh: s(60),
      lowerPrioDelay: s(2),
      lowerPrioRepeat: 3,
      garpInterval: s(0.001),
      gnaInterval: s(0.002),
    },
    downTimerAdverts: 4,
    lowerPrioNoAdvert: true,
    higherPrioSendAdvert: false,
    checkUnicastSource: true,
    skipCheckAdvAddr: true,
    v3ChecksumAsV2: true,
    multicastGroup: '224.0.0.99',
  })
})

test('vrrp_min_garp makes one burst of one', () => {
  const loaded = load(
    'global_defs {\nvrrp_min_garp\n}\nvrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 192.0.2.1 }\n}',
  )
  expect(loaded.model.virtualRouters[0]?.announcements).toMatchObject({
    masterDelay: 0,
    masterRepeat: 1,
    masterRefresh: 0,
    lowerPrioRepeat: 1,
  })
})

test('global_defs blocks merge, and defaults are those of keepalived.conf(5)', () => {
  expect(load('').model.global).toEqual({
    routerId: 'alpha',
    mail: { recipients: [], port: 25, connectTimeout: s(30) },
    enableScriptSecurity: false,
    childWaitTime: s(5),
    lvsFlush: false,
    lvsFlushOnStop: false,
  })
  const loaded = load(`global_defs {
notification_email { a@example.com "B <b@example.com>" }
notification_email { c@example.com }
notification_email_from d@example.com
smtp_server 192.0.2.9 2525
smtp_helo_name h
smtp_connect_timeout 0
script_user nobody nogroup
enable_script_security
}
child_wait_time 9
global_defs {
router_id LVS
startup_script "/bin/a b" root
shutdown_script /bin/z
state_dump_file /tmp/x
vrrp_rt_priority 50
lvs_flush
lvs_flush_onstop
smtp_alert
}`)
  expect(told(loaded)).toEqual([])
  expect(loaded.model.global).toEqual({
    routerId: 'LVS',
    mail: {
      recipients: ['a@example.com', 'B <b@example.com>', 'c@example.com'],
      from: 'd@example.com',
      server: '192.0.2.9',
      port: 2525,
      heloName: 'h',
      connectTimeout: s(1),
    },
    scriptUser: { user: 'nobody', group: 'nogroup' },
    enableScriptSecurity: true,
    startupScript: { argv: ['/bin/a', 'b'], user: 'root' },
    shutdownScript: { argv: ['/bin/z'] },
    stateDumpFile: '/tmp/x',
    childWaitTime: s(9),
    vrrpRtPriority: 50,
    lvsFlush: true,
    lvsFlushOnStop: true,
  })
})

test('garp_extra_if: a period, on all interfaces or on virtual links; the older name is deprecated; a 0 undoes the global one', () => {
  const announced = (text: string) => {
    const loaded = load(text)
    const { extraInterval, extraOnAll } = loaded.model.virtualRouters[0]?.announcements ?? {}
    return { extraInterval, extraOnAll, told: told(loaded) }
  }
  const instance = (lines: string, globals = '') =>
    `global_defs {\n${globals}\n}\nvrrp_instance A {\n${lines}\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.1\n}\n}`
  expect(announced(instance('garp_extra_if 30'))).toEqual({ extraInterval: s(30), extraOnAll: false, told: [] })
  expect(announced(instance('garp_extra_if all 0.5'))).toEqual({ extraInterval: s(0.5), extraOnAll: true, told: [] })
  expect(announced(instance('', 'vrrp_garp_extra_if all 9'))).toEqual({
    extraInterval: s(9),
    extraOnAll: true,
    told: [],
  })
  expect(announced(instance('garp_extra_if 0', 'vrrp_garp_extra_if all 9'))).toMatchObject({ extraInterval: 0 })
  expect(announced(instance('vmac_garp_intvl 7'))).toMatchObject({
    extraInterval: s(7),
    told: ['5:1 warning deprecated: vmac_garp_intvl is an old word for garp_extra_if'],
  })
})

test('vrrp_rx_bufs_policy in bytes is for all that do not say otherwise; MTU and ADVERT leave what there is', () => {
  const buffers = (policy: string) =>
    load(
      `global_defs {\nvrrp_rx_bufs_policy ${policy}\nvrrp_rx_bufs_multiplier 5\n}\n${['A', 'B\nkernel_rx_buf_size 7000']
        .map((name, i) => {
          const [title, more = ''] = name.split('\n')
          return `vrrp_instance ${title} {\n${more}\ninterface eth0\nvirtual_router_id ${i + 1}\nvirtual_ipaddress {\n192.0.2.${i}\n}\n}`
        })
        .join('\n')}`,
    ).model.virtualRouters.map(({ receiveBuffer }) => receiveBuffer)
  expect(buffers('9000')).toEqual([9000, 7000])
  expect(buffers('mtu')).toEqual([undefined, 7000])
})

test('preempt_delay does not go with priority 255, which is master from the start', () => {
  const { value, told: complaints } = router('priority 255\npreempt_delay 10')
  expect([value.initialState, value.preemptDelay]).toEqual(['master', 0])
  expect(complaints).toEqual([
    '3:1 warning remark: preempt_delay does not go with priority 255; vrrp_instance VI_1 has none',
  ])
})
