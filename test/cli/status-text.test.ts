import { expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { bytes, count, since } from '../../src/cli/status/amounts.ts'
import { paletteFor } from '../../src/cli/status/palette.ts'
import { statusText } from '../../src/cli/status/status-text.ts'
import type { DaemonSnapshot } from '../../src/observe/index.ts'

const now = Date.parse('2026-01-02T00:00:00.000Z')
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString()

const still = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
const table = {
  connectionTable: { size: 262_144, connections: 1_243 },
  timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
  settings: {},
} as const

const snapshot: DaemonSnapshot = {
  version: '1.2.3',
  pid: 42,
  startedAt: ago(90_000),
  configurationFile: '/etc/keepalived/keepalived.conf',
  configurationLoadedAt: ago(65),
  lastReloadError: 'f:3:1: error: broken\nf:9:1: error: broken too',
  roles: [
    { role: 'vrrp', pid: 43, state: 'running', restarts: 0 },
    { role: 'checker', state: 'waiting', restarts: 2 },
  ],
  virtualRouters: [
    {
      name: 'VI_1',
      interface: 'eth0',
      family: 4,
      version: 2,
      virtualRouterId: 51,
      state: 'master',
      since: ago(125),
      basePriority: 150,
      effectivePriority: 150,
      advertisementInterval: 1,
      masterInterval: 1,
      masterAddress: address('192.168.2.210'),
      addresses: ['192.168.2.240/32'],
      advertisementsSent: 12_345,
      advertisementsReceived: 3,
      priorityZeroSent: 0,
      priorityZeroReceived: 0,
      becameMaster: 1,
      releasedMaster: 0,
      incidents: [
        { kind: 'removed', subject: '192.168.2.240', count: 1, last: ago(61) },
        { kind: 'claimed', subject: '192.168.2.240', by: '02:00:00:00:00:09', count: 5, last: ago(3) },
      ],
      drops: { authentication: 17, ttl: 2 },
    },
    {
      name: 'VI_6',
      interface: 'eth7',
      family: 6,
      version: 3,
      virtualRouterId: 6,
      state: 'fault',
      since: ago(5),
      faultReason: 'eth7: no such interface',
      basePriority: 100,
      effectivePriority: 90,
      advertisementInterval: 0.1,
      masterInterval: 0.1,
      addresses: [],
      advertisementsSent: 0,
      advertisementsReceived: 0,
      priorityZeroSent: 0,
      priorityZeroReceived: 0,
      becameMaster: 0,
      releasedMaster: 0,
      drops: {},
    },
  ],
  bfdSessions: [],
  virtualServers: [
    {
      key: 'tcp/192.168.2.240:80',
      scheduler: 'wlc',
      quorum: 'up',
      sorryServerInUse: false,
      realServers: [
        {
          address: address('192.168.2.212'),
          port: 80,
          state: 'up',
          weight: 1,
          since: ago(100),
          checkers: [{ kind: 'tcp', up: true, lastProbe: ago(3), lastOutcome: 'connected' }],
        },
        {
          address: address('192.168.2.213'),
          port: 80,
          state: 'down',
          weight: 1,
          since: ago(10),
          reason: 'connection refused',
          checkers: [
            { kind: 'tcp', up: true, lastProbe: ago(2), lastOutcome: 'connected' },
            { kind: 'tcp', up: false, lastProbe: ago(1), lastOutcome: 'refused' },
          ],
        },
      ],
    },
  ],
  forwarding: {
    backend: 'ebpf',
    ...table,
    services: [
      {
        key: 'tcp/192.168.2.240:80',
        scheduler: 'wlc',
        persistenceTimeout: 50,
        ...still,
        rates: still,
        destinations: [
          {
            address: address('192.168.2.212'),
            port: 80,
            method: 'dr',
            weight: 1,
            activeConnections: 7,
            inactiveConnections: 1_234,
            persistentConnections: 2,
            connections: 5_000,
            inPackets: 0,
            outPackets: 0,
            inBytes: 1_234_567,
            outBytes: 0,
            rates: { ...still, connections: 12.4, inBytes: 34_567 },
          },
        ],
      },
    ],
    exits: {
      forwarded: 9_123,
      'no-destination': 4,
      'table-full': 17,
      local: 7,
      ttl: 0,
      'no-service': 3,
      'path-mtu': 1,
      'of-a-newer-core': 2,
    },
  },
}

test('a FIFO that nobody reads and mail that does not leave are named below the roles, others are not', () => {
  const deliveries = [
    { to: '/run/all', waiting: 1_000, lost: 17 },
    { to: '/run/read', waiting: 0, lost: 0 },
    { to: 'mail', waiting: 1, lost: 0 },
  ]
  const lines = statusText({ ...snapshot, deliveries }, now, paletteFor(false))
    .trimEnd()
    .split('\n')
  expect(lines.slice(-2)).toEqual(['lines for /run/all: 1 000 waiting, 17 lost', 'mail: 1 waiting, 0 lost'])
})

test('a list of real servers that cannot be used is named below the servers, others are not', () => {
  const serverSources = [
    { file: '/srv/a.yaml', servers: 2 },
    { file: '/srv/b.yaml', servers: 3, problem: '/srv/b.yaml:1:1: it is no list of servers' },
  ]
  const lines = statusText({ ...snapshot, serverSources }, now, paletteFor(false)).split('\n')
  expect(lines.filter((line) => line.includes('/srv/'))).toEqual([
    '/srv/b.yaml cannot be used, 3 servers known: /srv/b.yaml:1:1: it is no list of servers',
  ])
})

test('people see aligned tables of routers, servers and roles', () => {
  expect(statusText(snapshot, now, paletteFor(false))).toBe(`holdfastd 1.2.3  pid 42, up 1d 1h
/etc/keepalived/keepalived.conf, loaded 1m 5s ago
The last reload was refused, nothing was changed:
  f:3:1: error: broken
  f:9:1: error: broken too

VIRTUAL ROUTER  ON               STATE   FOR     PRIORITY  MASTER                SENT  RECEIVED  REJECTED
VI_1            eth0/51 v2 IPv4  MASTER  2m 5s        150  192.168.2.210 (us)  12 345         3        19
  holds 192.168.2.240/32
  192.168.2.240 was removed and put back once, last 1m 1s ago
  192.168.2.240 is claimed by 02:00:00:00:00:09, 5 times, last 3s ago
  rejected: 17 authentication, 2 ttl
VI_6            eth7/6 v3 IPv6   FAULT   5s     90 of 100  -                        0         0         0
  eth7: no such interface

VIRTUAL SERVER         STATE  FOR     WEIGHT  ACTIVE  INACTIVE  CONNECTIONS      IN  OUT  NEW/S   IN/S  OUT/S  LAST CHECK
tcp/192.168.2.240:80   UP
  wlc, persistent 50 s
  192.168.2.212:80 dr  UP     1m 40s       1       7     1 234        5 000  1.2 MB    -     12  35 kB      -  connected 3s ago
  192.168.2.213:80     DOWN   10s          -       -         -            -       -    -      -      -      -  refused 1s ago (1 of 2)
    connection refused
ebpf, 1 243 connections; there is room for 262 144
packets: 9 123 forwarded, 7 local
packets for the stack: 3 no-service
packets not forwarded: 17 table-full, 4 no-destination, 2 of-a-newer-core
noted: 1 path-mtu
  no-destination: no server may take it; see to weights, uthreshold and the health of the servers
  table-full: no room for another connection; raise lvs_settings connection_table_size and restart

ROLE     STATE    PID  RESTARTS
vrrp     running   43         0
checker  waiting    -         2
  what it knows is missing above
`)
})

test('of problems alone those servers are left out that are as configured, and all are counted', () => {
  const real = { address: address('10.0.0.1'), port: 80, state: 'up', weight: 1, since: ago(9), checkers: [] } as const
  const others = Array.from({ length: 999 }, (_, i) => ({ ...real, port: i + 1_000 }))
  const down = { ...real, port: 81, state: 'down', reason: 'TCP_CHECK 10.0.0.1:81: refused' } as const
  const drained = { ...real, port: 82, orders: [{ kind: 'drain', by: 'alice', since: ago(5) }] } as const
  const server = { key: 'tcp/192.0.2.1:80', scheduler: 'rr', quorum: 'up', sorryServerInUse: false } as const
  const well = { ...server, key: 'tcp/192.0.2.2:80', realServers: [real] }
  const many = { ...snapshot, virtualServers: [{ ...server, realServers: [...others, down, drained] }, well] }
  const text = statusText(many, now, paletteFor(false), undefined, 'problems')
  expect(text).toContain(
    '1 of 1 002 real servers down, 1 bound by orders; 0 of 2 virtual servers without quorum\nVIRTUAL SERVER',
  )
  expect(text.match(/^ {2}10\.0\.0\.1:\d+/gm)).toEqual(['  10.0.0.1:81', '  10.0.0.1:82'])
  expect(text).not.toContain('192.0.2.2:80')
  const sound = statusText({ ...many, virtualServers: [well] }, now, paletteFor(false), undefined, 'problems')
  expect(sound).toContain('0 of 1 real servers down; 0 of 1 virtual servers without quorum\n')
  expect(sound).not.toContain('VIRTUAL SERVER')
})

test('of a check that this host cannot make it is told what hinders it', () => {
  const detail = 'could not bind to interface nosuch (ENODEV)'
  const checkers = [{ kind: 'tcp', up: true, lastProbe: ago(1), lastOutcome: 'local-error', detail }]
  const real = { address: address('10.0.0.1'), port: 80, state: 'unknown', weight: 1, since: ago(9), checkers } as const
  const server = { key: 'tcp/192.0.2.1:80', scheduler: 'rr', quorum: 'up', sorryServerInUse: false } as const
  const one = { ...snapshot, virtualServers: [{ ...server, realServers: [real] }] }
  expect(statusText(one, now, paletteFor(false))).toContain(`\n    tcp check cannot be made: ${detail}\n`)
})

test('a narrow terminal costs the least important columns, then the ends of lines; no line is wider', () => {
  const widthOf = (line: string) => line.length
  for (const width of [30, 60, 80, 100, 120, 200]) {
    const text = statusText(snapshot, now, paletteFor(false), width)
    const lines = text.split('\n').filter((line) => !line.includes('reload') && !line.startsWith('holdfastd'))
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width)
    expect(text).toMatch(/VI_1 +(eth0\S* v2 IPv4 +)?MASTER/)
  }
  const narrow = statusText(snapshot, now, paletteFor(false), 80)
  expect(narrow).toMatch(/^VIRTUAL SERVER +STATE +FOR +WEIGHT +ACTIVE +LAST CHECK$/m)
  expect(statusText(snapshot, now, paletteFor(false), 200)).toBe(statusText(snapshot, now, paletteFor(false)))
})

test('colours change nothing but colour', () => {
  const plain = statusText(snapshot, now, paletteFor(false))
  const coloured = statusText(snapshot, now, paletteFor(true))
  expect(coloured).not.toBe(plain)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences are what is taken out
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain)
})

test('a virtual router shows its sync group, and what it tracks that is not good', () => {
  const weighed = { weight: -60, reverse: false } as const
  const tracked = [
    { kind: 'interface', name: 'eth1', ...weighed, found: 'good' },
    { kind: 'interface', name: 'eth2', weight: 0, reverse: false, found: 'bad', reason: 'no carrier' },
    { kind: 'script', name: 'chk', ...weighed, found: 'bad', reason: 'ended with exit code 1' },
    { kind: 'script', name: 'new', ...weighed, found: 'unknown' },
    { kind: 'script', name: 'own', ...weighed, found: 'ignored' },
    { kind: 'file', name: 'calm', ...weighed, found: 0 },
    { kind: 'file', name: 'load', ...weighed, found: 80 },
  ] as const
  const routers = snapshot.virtualRouters.map((one) => ({ ...one, syncGroup: 'VG', tracked }))
  const text = statusText({ ...snapshot, virtualRouters: routers.slice(0, 1) }, now, paletteFor(false))
  const notes = text.split('\n').filter((line) => /^ {2}(?:in|interface|script|file) /.test(line))
  expect(notes).toEqual([
    '  in sync group VG',
    '  interface eth2: no carrier',
    '  script chk ended with exit code 1, weight -60',
    '  script new has no result yet, weight -60',
    '  script own may not be run and counts for nothing, weight -60',
    '  file load holds 80, weight -60',
  ])
})

test('a sorry server in the table has a row of its own, and a service that failed says why', () => {
  const held = snapshot.forwarding?.services[0]?.destinations[0]
  if (held === undefined) throw new Error('no destination')
  const text = statusText(
    {
      ...snapshot,
      forwarding: {
        backend: 'ebpf',
        ...table,
        exits: {},
        services: [
          {
            key: 'tcp/192.168.2.240:80',
            scheduler: 'wlc',
            ...still,
            rates: still,
            failure: 'lb_algo dh is not supported',
            destinations: [{ ...held, address: address('192.168.2.99') }],
          },
        ],
      },
    },
    now,
    paletteFor(false),
  )
  expect(text).toMatch(/192\.168\.2\.99:80 dr +SPARE/)
  expect(text).toMatch(/lb_algo dh is not supported/)
})

for (const [seconds, text] of [
  [0, '0s'],
  [59, '59s'],
  [60, '1m'],
  [3_725, '1h 2m'],
  [200_000, '2d 7h'],
] as const)
  test(`${seconds} s ago is ${text}`, () => expect(since(ago(seconds), now)).toBe(text))

test('bytes are shown in two digits and their unit', () =>
  expect([0, 999, 1_000, 9_949, 9_951, 999_499, 999_500, 34e6, 5e15].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '999 kB',
    '1.0 MB',
    '34 MB',
    '5.0 PB',
  ]))

test('thousands are set apart', () => expect([count(7), count(1_234_567)]).toEqual(['7', '1 234 567']))

test('a service is shown with what is special about it, and each server with how it is reached', () => {
  const held = snapshot.forwarding?.services[0]?.destinations[0]
  if (held === undefined) throw new Error('no destination')
  const to = (last: number, method: string, tunnel?: { type: string; port: number; checksum: string }) => ({
    ...held,
    address: address(`192.168.2.${last}`),
    port: 0,
    method,
    ...(tunnel === undefined ? {} : { tunnel }),
  })
  const text = statusText(
    {
      ...snapshot,
      virtualServers: [
        { key: 'fwmark/4/7', scheduler: 'mh', quorum: 'up', sorryServerInUse: false, realServers: [] },
        { key: 'fwmark/6/7', scheduler: 'rr', quorum: 'up', sorryServerInUse: false, realServers: [] },
      ],
      forwarding: {
        backend: 'ipvs',
        ...table,
        exits: {},
        services: [
          {
            key: 'fwmark/4/7',
            scheduler: 'mh',
            schedulerFlags: ['flag-1', 'flag-2'],
            persistenceTimeout: 300,
            persistencePrefixLength: 24,
            persistenceEngine: 'sip',
            onePacket: true,
            localAddresses: [address('10.0.0.1'), address('10.0.0.2')],
            tcpOptionAddress: true,
            ...still,
            rates: still,
            destinations: [
              to(1, 'tun', { type: 'gue', port: 6080, checksum: 'remote-checksum' }),
              to(2, 'tun', { type: 'gre', port: 0, checksum: 'none' }),
              to(3, 'tun'),
              to(4, 'fullnat'),
            ],
          },
          {
            key: 'fwmark/6/7',
            scheduler: 'rr',
            persistenceTimeout: 9,
            persistencePrefixLength: 128,
            ...still,
            rates: still,
            destinations: [],
          },
        ],
      },
    },
    now,
    paletteFor(false),
  )
  expect(text).toMatch(
    /^ {2}mh, flag-1, flag-2, one packet, persistent 300 s by \/24, engine sip, 2 local addresses, toa$/m,
  )
  expect(text).toMatch(/^ {2}rr, persistent 9 s$/m)
  expect(text).toMatch(/2\.1:0 tun gue:6080 remote-checksum +SPARE/)
  expect(text).toMatch(/2\.2:0 tun gre +SPARE/)
  expect(text).toMatch(/2\.3:0 tun +SPARE/)
  expect(text).toMatch(/2\.4:0 fullnat +SPARE.* 0 B +12 +35 kB +0 B$/m)
  expect(text).toMatch(/^ipvs, 1 243 connections$/m)
})

test('with IPv6 there are two tables of connections, and what was made by hand is counted', () => {
  const service = snapshot.forwarding?.services[0]
  if (service === undefined || snapshot.forwarding === undefined) throw new Error('no service')
  const six = { ...service, key: 'tcp/[2001:db8::240]:80', destinations: [] }
  const lines = (services: readonly (typeof service)[]) =>
    statusText({ ...snapshot, forwarding: { ...snapshot.forwarding!, services } }, now, paletteFor(false)).split('\n')
  expect(lines([service, six])).toContain(
    'ebpf, 1 243 connections; there is room for 262 144 of each family; 1 service made by hand',
  )
  expect(lines([service, { ...six, key: 'fwmark/6/7' }, { ...six, key: 'udp/192.0.2.1:53' }])).toContain(
    'ebpf, 1 243 connections; there is room for 262 144 of each family; 2 services made by hand',
  )
})

test.each([0, 8080])('a group is shown once, and what its services carry counts together: port %i', (port) => {
  const virtualServer = snapshot.virtualServers[0]
  const service = snapshot.forwarding?.services[0]
  const held = service?.destinations[0]
  const first = virtualServer?.realServers[0]
  if (virtualServer === undefined || service === undefined || held === undefined || first === undefined)
    throw new Error('no service')
  const others = ['tcp/192.168.2.241:80', 'tcp/192.168.2.242:443', 'tcp/192.168.2.243:80', 'tcp/192.168.2.244:80']
  const text = statusText(
    {
      ...snapshot,
      virtualServers: [{ ...virtualServer, group: { name: 'WEB', others }, realServers: [{ ...first, port }] }],
      forwarding: {
        backend: 'ebpf',
        ...table,
        exits: {},
        services: [
          service,
          { ...service, key: 'tcp/192.168.2.241:80', failure: 'the table is full' },
          { ...service, key: 'tcp/192.168.2.242:443', destinations: [{ ...held, port: 443 }] },
        ],
      },
    },
    now,
    paletteFor(false),
  )
  expect(text).toMatch(/^ {2}group WEB, tcp\/192.168.2.241:80, tcp\/192.168.2.242:443 and 2 more$/m)
  expect(text).toMatch(/^ {2}the table is full$/m)
  expect(text).toMatch(
    new RegExp(`^ {2}192.168.2.212:${port} dr +UP +1m 40s +1 +21 +3 702 +15 000 +3.7 MB +- +37 +104 kB +- `, 'm'),
  )
  expect(text).not.toMatch(/SPARE/)
})
