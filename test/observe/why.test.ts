import { expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import {
  type DaemonSnapshot,
  type DestinationSnapshot,
  type ForwardingSnapshot,
  type RealServerSnapshot,
  type VirtualRouterSnapshot,
  type VirtualServerSnapshot,
  why,
} from '../../src/observe/index.ts'

const times = { at: (iso: string) => iso.slice(11, 19), ago: () => '5 s' }
const since = '2026-11-21T18:00:00.000Z'

const router = (more: Partial<VirtualRouterSnapshot> = {}): VirtualRouterSnapshot => ({
  name: 'VI_1',
  interface: 'eth0',
  family: 4,
  version: 2,
  virtualRouterId: 51,
  state: 'master',
  since,
  basePriority: 150,
  effectivePriority: 150,
  advertisementInterval: 1,
  masterInterval: 1,
  addresses: ['192.0.2.100/24'],
  advertisementsSent: 1,
  advertisementsReceived: 0,
  priorityZeroSent: 0,
  priorityZeroReceived: 0,
  becameMaster: 1,
  releasedMaster: 0,
  drops: {},
  ...more,
})
const snapshot = (
  virtualRouters: readonly VirtualRouterSnapshot[],
  virtualServers: readonly VirtualServerSnapshot[] = [],
): DaemonSnapshot => ({
  version: '0',
  pid: 1,
  startedAt: since,
  configurationFile: 'f',
  configurationLoadedAt: since,
  roles: [],
  virtualRouters,
  bfdSessions: [],
  virtualServers,
})
const sentences = (of: DaemonSnapshot, name: string) => {
  const told = why(of, name, times)
  return told.ok ? told.value.sentences : [told.error]
}

test('a master: since when, by what, what it did then, whom it refuses', () => {
  const history = [
    {
      at: since,
      from: 'initialize',
      to: 'backup',
      event: 'started',
      cause: 'started',
      because: 'it was started',
      consequences: [],
    },
    {
      at: since,
      from: 'backup',
      to: 'master',
      event: 'deadline-reached',
      cause: 'master-silent',
      because: 'the master 192.0.2.2 (priority 200) was silent for 3.414 s',
      consequences: [
        { what: 'advertised priority 150', after: 0.0001 },
        { what: 'took 1 address', after: 0.0004 },
      ],
    },
  ]
  const rejected = [{ source: address('192.0.2.9'), reason: 'authentication', count: 7, last: since }]
  expect(sentences(snapshot([router({ history, rejected })]), 'VI_1')).toEqual([
    'VI_1 (eth0, id 51, IPv4, version 2) is master since 18:00:00, 5 s ago.',
    'It became so because the master 192.0.2.2 (priority 200) was silent for 3.414 s.',
    'Then it advertised priority 150 after 0.1 ms, took 1 address after 0.4 ms.',
    'It holds 192.0.2.100/24.',
    'It has accepted no advertisement since its process was started.',
    'Its priority is 150.',
    'Advertisements of 192.0.2.9 were refused 7 times, the last one 5 s ago: with another password; compare `auth_pass`, or give the other cluster another virtual_router_id.',
    'Before, 18:00:00: initialize to backup because it was started.',
  ])
})

test('a backup: who is master and why that one, what weighs on it', () => {
  const tracked = [
    { kind: 'script', name: 'chk', weight: -60, reverse: false, found: 'bad', reason: 'ended with exit code 1' },
  ] as const
  const peer = address('192.0.2.2')
  const one = router({
    state: 'backup',
    effectivePriority: 90,
    tracked,
    masterAddress: peer,
    masterPriority: 100,
    lastHeard: { source: peer, priority: 100, at: since },
    syncGroup: 'G1',
  })
  const told = sentences(snapshot([one, router({ name: 'VI_2', state: 'fault', syncGroup: 'G1' })]), 'VI_1')
  expect(told).toContain('The master is 192.0.2.2 with priority 100, above its own 90.')
  expect(told).toContain('It heard last from 192.0.2.2, 5 s ago: priority 100.')
  expect(told).toContain('Its priority is 90 instead of 150.')
  expect(told).toContain('It tracks script chk (weight -60), which is bad: ended with exit code 1.')
  expect(told).toContain('It moves with sync group G1: VI_2 is in fault.')
  expect(sentences(snapshot([{ ...one, effectivePriority: 150, preempt: false }]), 'VI_1')).toContain(
    'The master is 192.0.2.2 with priority 100, below its own 150; nopreempt lets the master be.',
  )
  const fetching = sentences(snapshot([{ ...one, effectivePriority: 150, fetchingUntil: since }]), 'VI_1')
  expect(fetching.find((sentence) => sentence.startsWith('The master is'))).toMatch(
    /below its own 150; before it preempts, the connections are fetched \(lvs_sync_catch_up\), which it waits for until .* at most\.$/,
  )
})

test('what somebody did to its addresses, and who ordered what', () => {
  const incidents = [
    { kind: 'removed', subject: '192.0.2.100', count: 2, last: since },
    { kind: 'claimed', subject: '192.0.2.100', by: '02:00:00:00:00:66', count: 1, last: since },
  ] as const
  const order = { kind: 'hold', by: 'alice', reason: 'network work', since, until: since } as const
  const told = sentences(snapshot([router({ incidents, order })]), 'VI_1')
  expect(told).toContain('192.0.2.100 was taken away by somebody and put back 2 times, the last one 5 s ago.')
  expect(told).toContain('02:00:00:00:00:66 says that it has 192.0.2.100: once, the last one 5 s ago.')
  expect(told).toContain(
    'alice ordered hold 5 s ago, until 18:00:00 at most (network work): it stays master until it has to give way.',
  )
})

test('a sync group: what each member is and why', () => {
  const members = [
    router({ syncGroup: 'G1', state: 'fault', faultReason: 'eth0 is down' }),
    router({ name: 'VI_2', syncGroup: 'G1', state: 'fault', faultReason: 'sync group G1: VI_1 is in fault' }),
  ]
  expect(sentences(snapshot(members), 'G1')).toEqual([
    'G1 is in fault: 0 of its 2 virtual routers are master, 2 in fault.',
    'VI_1 is in fault since 18:00:00 because eth0 is down.',
    'VI_2 is in fault since 18:00:00 because sync group G1: VI_1 is in fault.',
  ])
})

test('a virtual server: its quorum and what ails its servers', () => {
  const server: VirtualServerSnapshot = {
    key: '192.0.2.100:80/tcp',
    scheduler: 'rr',
    quorum: 'down',
    sorryServerInUse: true,
    realServers: [
      {
        address: address('10.0.0.1'),
        port: 80,
        state: 'down',
        weight: 1,
        since,
        reason: 'TCP_CHECK: connection refused',
        checkers: [],
      },
    ],
  }
  expect(sentences(snapshot([], [server]), '192.0.2.100:80/tcp')).toEqual([
    '192.0.2.100:80/tcp has lost its quorum: 0 of 1 real servers are up.',
    'Its sorry server is in use.',
    '10.0.0.1:80 is down since 18:00:00, 5 s ago: TCP_CHECK: connection refused.',
  ])
})

test('of a real server it is said who has taken it out, and that one serves although it is down', () => {
  const real = { address: address('10.0.0.1'), port: 80, weight: 1, since, checkers: [] } as const
  const server = {
    key: 'fwmark/4/7',
    scheduler: 'rr',
    quorum: 'down',
    sorryServerInUse: false,
    realServers: [
      { ...real, state: 'up', orders: [{ kind: 'drain', by: 'alice', reason: 'new disks', since }] },
      { ...real, state: 'up', effectiveWeight: 7, orders: [{ kind: 'weight', by: 'bob', weight: 7, since }] },
      { ...real, state: 'down', kept: true },
    ],
  } as const
  const told = sentences(snapshot([], [server]), 'fwmark/4/7')
  expect(told[0]).toBe('fwmark/4/7 has lost its quorum: 2 of 3 real servers are up, 1 taken out by hand.')
  expect(told.slice(1)).toEqual([
    '10.0.0.1:80 is up since 18:00:00, 5 s ago, weight 1. It is drained by alice since 18:00:00: new disks.',
    '10.0.0.1:80 is up since 18:00:00, 5 s ago, weight 7. It is given weight 7 by bob since 18:00:00.',
    '10.0.0.1:80 is down since 18:00:00, 5 s ago. It serves all the same: too few others are left.',
  ])
})

const up = { kind: 'tcp', up: true, lastProbe: since, lastOutcome: 'accepted', detail: 'connected' } as const
const down = { kind: 'tcp', up: false, lastProbe: since, lastOutcome: 'refused', detail: 'connection refused' } as const
const rates = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
const amounts = { ...rates, persistentConnections: 0, rates }
const inTable = (weight: number): DestinationSnapshot => ({
  address: address('10.0.0.1'),
  port: 80,
  method: 'nat',
  weight,
  activeConnections: 3,
  inactiveConnections: 1,
  ...amounts,
})
const order = { by: 'alice', reason: 'new disks', since } as const

/** What is said of 10.0.0.1:80; `weight` is that in the table. */
const pools: readonly [
  claim: string,
  real: Partial<RealServerSnapshot>,
  weight: number | undefined,
  first: string,
  others: readonly string[],
][] = [
  [
    'up: it takes connections, and what its check saw last',
    { state: 'up', checkers: [up] },
    1,
    'takes new connections, weight 1.',
    [
      'It is up since 18:00:00, 5 s ago.',
      'Its tcp check counts as up; 5 s ago it saw: connected.',
      'It has 3 active and 1 inactive connections, by nat.',
    ],
  ],
  [
    'down: since when, and by which check',
    { state: 'down', reason: 'TCP_CHECK 10.0.0.1:80: connection refused', checkers: [down] },
    undefined,
    'is not in the forwarding table: it is down.',
    [
      'It is down since 18:00:00, 5 s ago: TCP_CHECK 10.0.0.1:80: connection refused.',
      'Its tcp check counts as down; 5 s ago it saw: connection refused.',
    ],
  ],
  [
    'drained: by whom and what for',
    { state: 'up', checkers: [up], orders: [{ ...order, kind: 'drain' }] },
    0,
    'has weight 0 and takes no new connections: it is drained.',
    ['It is drained by alice since 18:00:00: new disks.'],
  ],
  [
    'disabled and down: both, as each has to be mended',
    { state: 'down', checkers: [down], orders: [{ ...order, kind: 'disable' }] },
    undefined,
    'is not in the forwarding table: it is disabled, and it is down.',
    [],
  ],
  [
    'weight 0 by a check',
    { state: 'up', weight: 5, effectiveWeight: 0, checkers: [up] },
    0,
    'has weight 0 and takes no new connections: its weight is 0.',
    ['Its weight is 0 by its checks, 5 by configuration.'],
  ],
  [
    'never checked with alpha',
    { state: 'unknown', checkers: [{ kind: 'tcp', up: false }] },
    undefined,
    'is not in the forwarding table: no check has said that it is up (alpha).',
    ['No check of it has come to a result yet.', 'Its tcp check has seen nothing yet and counts as down.'],
  ],
  [
    'down in a panic',
    { state: 'down', kept: true, checkers: [down] },
    1,
    'takes new connections, weight 1 although it is down: too few others are left (panic_threshold).',
    [],
  ],
  [
    'slow start',
    { state: 'up', weight: 10, rampedWeight: 3, checkers: [] },
    3,
    'takes new connections, weight 3.',
    ['It starts slowly and has 3 of 10 so far (slow_start).', 'It has no check, so it counts as up.'],
  ],
]
for (const [claim, more, weight, first, others] of pools)
  test(`a real server, ${claim}`, () => {
    const real = {
      address: address('10.0.0.1'),
      port: 80,
      weight: 1,
      since,
      state: 'up',
      checkers: [],
      ...more,
    } as const
    const key = 'tcp/192.0.2.100:80'
    const server = { key, scheduler: 'rr', quorum: 'up', sorryServerInUse: false, realServers: [real] } as const
    const destinations = weight === undefined ? [] : [inTable(weight)]
    const forwarding: ForwardingSnapshot = {
      backend: 'ebpf',
      connectionTable: { size: 1, connections: 0 },
      timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
      settings: {},
      services: [{ key, scheduler: 'rr', ...rates, rates, destinations }],
      exits: {},
    }
    const known = { ...snapshot([], [server]), forwarding }
    const told = sentences(known, '10.0.0.1:80')
    expect(told[0]).toBe(`10.0.0.1:80 of ${key} ${first}`)
    expect(told).toEqual(expect.arrayContaining([...others]))
    expect(sentences(known, '10.0.0.1')).toEqual(told)
    expect(sentences(known, '192.0.2.100:80')[0]).toMatch(/has its quorum/)
  })

test('a real server by the name it is listed by, while the sorry server serves, and without the forwarding role', () => {
  const real = { address: address('10.0.0.1'), port: 80, weight: 1, since, state: 'up', checkers: [up] } as const
  const server = {
    key: 'fwmark/4/7',
    scheduler: 'rr',
    quorum: 'down',
    sorryServerInUse: true,
    realServers: [{ ...real, hostName: 'web1.example' }],
  } as const
  expect(sentences(snapshot([], [server]), 'Web1.Example')[0]).toBe(
    '10.0.0.1:80 (web1.example) of fwmark/4/7 is not to take new connections: the quorum is lost, and the sorry server serves.',
  )
})

test('a name that lists nobody, and a server that was ordered about and is in no list', () => {
  const lists = {
    ...snapshot([]),
    serverSources: [{ name: 'web.test', records: 'A', servers: 0, askedAt: since, problem: 'no such name' }],
    absentServerOrders: [{ ...order, kind: 'drain', realServer: '10.0.0.1' }],
  } as const
  expect(sentences(lists, 'web.test')).toEqual([
    'A web.test lists 0 real servers as far as is known.',
    'It cannot be used: no such name.',
    'It answered last 5 s ago.',
  ])
  expect(sentences(lists, '10.0.0.1')).toEqual([
    '10.0.0.1 is in no list just now.',
    'It is drained by alice since 18:00:00: new disks.',
  ])
})

test('a name that is not there is answered with those that are', () => {
  const routers = [router(), router({ name: 'VI_3', syncGroup: 'G1' })]
  expect(sentences(snapshot(routers), 'VI_2')).toEqual(['there is no VI_2; there are VI_1, VI_3, G1'])
  expect(sentences(snapshot([]), 'VI_2')).toEqual(['there is no VI_2, nor anything else'])
  const dead = { ...snapshot([]), roles: [{ role: 'vrrp', state: 'waiting', restarts: 3 }] as const }
  expect(sentences(dead, 'VI_2')).toEqual([
    'there is no VI_2, nor anything else; the vrrp role is dead, and what it knows is missing',
  ])
})
