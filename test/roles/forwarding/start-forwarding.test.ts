import { expect, test } from 'vitest'
import { address, fail, type LogFields, ok, silentLog } from '../../../src/base/index.ts'
import type { BackendCapabilities, Destination, ForwardingState, ServiceState } from '../../../src/forwarding/index.ts'
import {
  endpoint,
  type ForwardingSettings,
  type SchedulerName,
  schedulers,
  serviceKey,
} from '../../../src/model/index.ts'
import type { ForwardingSnapshot } from '../../../src/observe/index.ts'
import { startForwarding } from '../../../src/roles/forwarding/index.ts'
import {
  channelPair,
  type ForwardingSlice,
  type FromForwarding,
  type ToForwarding,
} from '../../../src/roles/ipc/index.ts'
import { fakeBackend } from './fake-backend.ts'

const slice: ForwardingSlice = {
  backend: 'ebpf',
  pinDirectory: '/sys/fs/bpf/holdfast/test',
  runDirectory: '/run/x',
  flush: false,
}

const destination = (last: number, method: Destination['method'] = 'dr'): Destination => ({
  address: address(`192.0.2.${last}`),
  port: 80,
  weight: 1,
  method,
  upperThreshold: 0,
  lowerThreshold: 0,
})

const service = (
  last: number,
  destinations: readonly Destination[],
  scheduler: SchedulerName = 'rr',
): ServiceState => ({
  service: {
    address: { kind: 'address', protocol: 'tcp', address: address(`203.0.113.${last}`), port: 80 },
    scheduler,
    onePacket: false,
  },
  destinations,
})

const key = (last: number) => `tcp/203.0.113.${last}:80`

/** The role on a channel in memory, with a clock that the test turns. */
function role(
  initial?: ForwardingState,
  own = initial?.services.map(({ service: one }) => serviceKey(one.address)) ?? [],
) {
  const remembered = [own]
  const fake = fakeBackend(initial)
  const [roleEnd, end] = channelPair<ToForwarding, FromForwarding>()
  const said: FromForwarding[] = []
  const alarms: (() => void)[] = []
  const here = new Set<string>()
  const looks: (readonly string[])[] = []
  const logged: string[] = []
  const write = (message: string, fields: LogFields = {}) =>
    void logged.push([message, ...Object.values(fields)].join(' | '))
  let gone = false
  end.onMessage((message) => void said.push(message))
  end.onClosed(() => {
    gone = true
  })
  startForwarding(
    roleEnd,
    {
      openBackend: async () => ok(fake.backend),
      notHere(all) {
        looks.push(all)
        return all.filter((one) => !here.has(one))
      },
      ownServices: () => own,
      rememberOwnServices(_, keys) {
        remembered.push([...keys])
        return ok(undefined)
      },
      schedule(_, action) {
        alarms.push(action)
        return () => void alarms.splice(alarms.indexOf(action), 1)
      },
    },
    { ...silentLog, warn: write, error: write },
  )
  let order = 0
  const settle = async () => {
    for (let i = 0; i < 100; i++) await Promise.resolve()
  }
  return {
    fake,
    /** Every list of own services that was written down. */
    remembered,
    said,
    here,
    /** Local addresses that the host was asked about, each time. */
    looks,
    logged,
    alarms,
    end,
    gone: () => gone,
    async tell(...messages: ToForwarding[]) {
      for (const message of messages) end.send(message)
      await settle()
    },
    async serve() {
      await this.tell({ type: 'offer', revision: 1, slice }, { type: 'commit', revision: 1 })
    },
    want(complete: boolean, ...services: ServiceState[]) {
      order += 1
      return this.tell({ type: 'services-wanted', order, complete, services })
    },
    snapshot: () =>
      JSON.parse(said.findLast((message) => message.type === 'snapshot')?.snapshot ?? '') as ForwardingSnapshot,
    failures: () => said.findLast((message) => message.type === 'services-applied')?.failures,
    held: () => fake.state.services.map(({ service: one }) => serviceKey(one.address)),
  }
}

test('a complete list that keeps a service leaves it alone, and removes what it neither lists nor keeps', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]), service(2, [destination(1)]), service(3, [destination(1)]))
  const [first, , third] = one.held()
  if (first === undefined || third === undefined) throw new Error('three were wanted')
  one.fake.applied.splice(0)
  await one.tell({
    type: 'services-wanted',
    order: 9,
    complete: true,
    services: [service(3, [destination(2)])],
    kept: [first],
  })
  expect(one.held()).toEqual([first, third])
  expect(one.fake.applied.flat().map(({ type }) => type)).toEqual([
    'put-destination',
    'remove-destination',
    'remove-service',
  ])
})

test('a change of one service asks the backend for nothing else', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]), service(2, [destination(1)]))
  one.fake.applied.splice(0)
  await one.want(false, service(2, [destination(1), destination(2)]))
  expect(one.fake.applied.flat()).toMatchObject([{ type: 'put-destination', destination: destination(2) }])
})

test('an offer is answered ready, a commit applied', async () => {
  const one = role()
  await one.serve()
  expect(one.said).toEqual([{ type: 'started' }, { type: 'ready', revision: 1 }, { type: 'applied', revision: 1 }])
})

test('a kernel that cannot do it refuses the offer with its reason', async () => {
  const one = role()
  one.fake.probed = fail({ reason: 'no-bpf', message: 'no BPF here' })
  await one.tell({ type: 'offer', revision: 1, slice })
  expect(one.said.at(-1)).toEqual({ type: 'refused', revision: 1, reason: 'no BPF here' })
  expect(one.fake.closed).toBe('services-in-place')
})

test('another pin directory is refused on a reload; the same slice is not', async () => {
  const one = role()
  await one.serve()
  await one.tell({ type: 'offer', revision: 2, slice: { ...slice, pinDirectory: '/elsewhere' } })
  expect(one.said.at(-1)).toMatchObject({ type: 'refused', revision: 2 })
  await one.tell({ type: 'offer', revision: 3, slice })
  expect(one.said.at(-1)).toEqual({ type: 'ready', revision: 3 })
})

test('a large table is put in pieces, between which signs of life are answered; one that differs in a server is one order', async () => {
  const one = role()
  await one.serve()
  const servers = Array.from({ length: 20 }, (_, i) => destination(i))
  const all = Array.from({ length: 200 }, (_, i) => service(i, servers))
  await one.want(true, ...all)
  one.end.send({ type: 'ping' })
  while (one.failures() === undefined) await new Promise((resolve) => setImmediate(resolve))
  expect(one.held().length).toBe(200)
  const types = one.said.map(({ type }) => type)
  expect(types.indexOf('pong')).toBeLessThan(types.indexOf('services-applied'))
  for (const ops of one.fake.applied) {
    expect(ops.length).toBeLessThan(1_100)
    // A service and its servers go together.
    expect(ops[0]?.type).toBe('put-service')
  }
  one.fake.applied.splice(0)
  const changed = { ...destination(7), weight: 9 }
  await one.want(true, ...all.map((state, i) => (i === 70 ? service(70, servers.with(7, changed)) : state)))
  expect(one.fake.applied).toEqual([[{ type: 'put-destination', serviceKey: key(70), destination: changed }]])
})

test('nothing is planned before the first complete list: what is held stays', async () => {
  const one = role({ services: [service(1, [destination(1)])] })
  await one.serve()
  await one.want(false, service(2, [destination(2)]))
  expect(one.held()).toEqual([key(1)])
  await one.want(true, service(2, [destination(2)]))
  expect(one.held()).toEqual([key(2)])
})

test('what is held as wanted is taken over without an order', async () => {
  const one = role({ services: [service(1, [destination(1)])] })
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  expect(one.fake.applied).toEqual([])
  expect(one.failures()).toEqual([])
})

test('an incremental list changes the services in it and leaves the others', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]), service(2, [destination(2)]))
  await one.want(false, service(2, [destination(3)]))
  expect(one.fake.state.services.map(({ destinations }) => destinations.map((held) => held.address))).toEqual([
    ['192.0.2.1'],
    ['192.0.2.3'],
  ])
})

test('lvs_flush removes what was held before, once', async () => {
  const one = role({ services: [service(1, [destination(1)])] })
  const flushing = { ...slice, flush: true }
  await one.tell({ type: 'offer', revision: 1, slice: flushing }, { type: 'commit', revision: 1 })
  expect(one.held()).toEqual([])
  await one.want(true, service(1, [destination(1)]))
  await one.tell({ type: 'offer', revision: 2, slice: flushing }, { type: 'commit', revision: 2 })
  expect(one.held()).toEqual([key(1)])
})

const unsupported: readonly [string, ServiceState, RegExp][] = [
  ['scheduler', service(1, [destination(1)], 'lblcr'), /lb_algo lblcr is not supported; there are rr, wrr, lc, wlc/],
  [
    'address family',
    {
      ...service(1, []),
      service: {
        ...service(1, []).service,
        address: { kind: 'address', protocol: 'tcp', address: address('2001:db8::1'), port: 80 },
      },
    },
    /IPv6/,
  ],
  [
    'protocol',
    {
      ...service(1, []),
      service: {
        ...service(1, []).service,
        address: { kind: 'address', protocol: 'sctp', address: address('192.0.2.1'), port: 80 },
      },
    },
    /protocol sctp/,
  ],
  [
    'firewall mark',
    { ...service(1, []), service: { ...service(1, []).service, address: { kind: 'fwmark', family: 4, mark: 7 } } },
    /firewall mark/,
  ],
]
for (const [what, wanted, reason] of unsupported)
  test(`an unsupported ${what} fails that service alone, with a reason that status shows`, async () => {
    const one = role()
    await one.serve()
    await one.want(true, wanted, service(9, [destination(9)]))
    expect(one.held()).toEqual([key(9)])
    expect(one.failures()).toMatchObject([{ serviceKey: serviceKey(wanted.service.address) }])
    await one.tell({ type: 'snapshot-requested', id: 5 })
    const snapshot = one.snapshot()
    expect(snapshot.services.find(({ failure }) => failure !== undefined)?.failure).toMatch(reason)
    expect(one.alarms).toEqual([])
  })

test('a snapshot about some addresses has only the destinations there, and only services that have some', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1), destination(2)]), service(2, [destination(3)]))
  await one.tell({ type: 'snapshot-requested', id: 5, addresses: [destination(2).address] })
  expect(one.snapshot()).toMatchObject({ exits: {}, settings: {} })
  expect(one.snapshot().services).toMatchObject([
    { destinations: [{ address: destination(2).address, weight: destination(2).weight, activeConnections: 0 }] },
  ])
  await one.tell({ type: 'snapshot-requested', id: 6 })
  expect(one.snapshot().services.map(({ destinations }) => destinations.length)).toEqual([2, 1])
})

test('an answer tells up to which order the table is, and that trying again is of no use where it is not', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  await one.want(false, service(1, [destination(1)], 'dh'))
  expect(one.said.filter(({ type }) => type === 'services-applied')).toMatchObject([
    { order: 1, failures: [] },
    { order: 2, failures: [{ serviceKey: key(1), final: true }] },
  ])
})

test('a ping is answered while an order is being worked off', async () => {
  const one = role()
  await one.serve()
  one.end.send({ type: 'services-wanted', order: 1, complete: true, services: [service(1, [destination(1)])] })
  await one.tell({ type: 'ping' })
  expect(one.said.map(({ type }) => type)).toContain('pong')
})

const everything: BackendCapabilities = {
  methods: ['nat', 'dr', 'tun', 'fullnat'],
  schedulers,
  families: [4, 6],
  protocols: ['tcp', 'udp', 'sctp'],
  tunnels: ['ipip', 'gue', 'gre'],
  firewallMarks: true,
}
const gue = { type: 'gue', port: 6080, checksum: 'none' } as const
const marked: ServiceState = {
  service: {
    address: { kind: 'fwmark', family: 6, mark: 7 },
    scheduler: 'mh',
    schedulerFlags: ['flag-2'],
    persistence: { timeout: 50, prefixLength: 64 },
    onePacket: false,
    localAddresses: [address('2001:db8::9')],
    tcpOptionAddress: true,
  },
  destinations: [
    { ...destination(1, 'tun'), tunnel: gue },
    { ...destination(2, 'fullnat'), address: address('2001:db8::2') },
  ],
}

test('all that a backend can do is asked of it as it is wanted', async () => {
  const one = role()
  one.here.add('2001:db8::9')
  one.fake.probed = ok(everything)
  await one.serve()
  await one.want(true, marked)
  expect(one.fake.state.services).toEqual([marked])
  expect(one.failures()).toEqual([])
  expect(one.logged).toEqual([])
  await one.tell({ type: 'snapshot-requested', id: 5 })
  expect(one.snapshot()).toMatchObject({
    connectionTable: { size: 4096, connections: 0 },
    timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
    settings: { sloppy_tcp: 1 },
    exits: { 'not-ours': 3 },
    services: [
      {
        key: 'fwmark/6/7',
        scheduler: 'mh',
        schedulerFlags: ['flag-2'],
        persistenceTimeout: 50,
        persistencePrefixLength: 64,
        localAddresses: ['2001:db8::9'],
        tcpOptionAddress: true,
        destinations: [{ method: 'tun', tunnel: gue }, { method: 'fullnat' }],
      },
    ],
  })
})

const missing: readonly (readonly [what: string, can: Partial<BackendCapabilities>, left: number, said: RegExp])[] = [
  ['firewall marks', { firewallMarks: false }, 0, /services by firewall mark are not supported/],
  ['IPv6', { families: [4] }, 0, /IPv6 is not supported for forwarding; there are IPv4/],
  ['IPv4', { families: [6] }, 1, /192\.0\.2\.1:80: IPv4 is not supported for forwarding; there are IPv6/],
  ['a scheduler', { schedulers: ['rr'] }, 0, /lb_algo mh is not supported; there are rr/],
  ['TUN', { methods: ['fullnat'] }, 1, /192\.0\.2\.1:80: lb_kind TUN is not supported; there are FNAT/],
  ['GUE', { tunnels: ['ipip'] }, 1, /192\.0\.2\.1:80: TUN type gue is not supported; there are ipip/],
  ['FULLNAT', { methods: ['tun'] }, 1, /\[2001:db8::2\]:80: lb_kind FNAT is not supported; there are TUN/],
]
for (const [what, can, left, said] of missing)
  test(`a backend without ${what} gets what is left, and the reason is told once`, async () => {
    const one = role()
    one.here.add('2001:db8::9')
    one.fake.probed = ok({ ...everything, ...can })
    await one.serve()
    await one.want(true, marked)
    expect(one.fake.state.services.flatMap(({ destinations }) => destinations)).toHaveLength(left)
    expect(one.failures()).toHaveLength(1)
    expect(one.failures()?.[0]).toMatchObject({ reason: expect.stringMatching(said), final: true })
    expect(one.alarms).toEqual([])
  })

test('many servers that cannot be held are one reason', async () => {
  const one = role()
  await one.serve()
  await one.want(
    true,
    service(
      1,
      [1, 2, 3, 4, 5].map((last) => destination(last, 'fullnat')),
    ),
  )
  expect(one.failures()?.map(({ reason }) => reason)).toEqual([
    '192.0.2.1:80, 192.0.2.2:80, 192.0.2.3:80 and 2 more: lb_kind FNAT is not supported; there are NAT, DR',
  ])
})

test('a backend that says itself that it cannot is not asked again until something changes', async () => {
  const one = role()
  await one.serve()
  one.fake.refuse = (op) =>
    op.type === 'put-service'
      ? { reason: 'not-supported', message: 'no engine sip' }
      : { reason: 'not-found', message: 'no such service' }
  await one.want(true, service(1, [destination(1)]))
  expect(one.failures()).toEqual([{ serviceKey: key(1), reason: 'no engine sip', final: true }])
  expect(one.alarms).toEqual([])
  one.fake.refuse = undefined
  await one.want(false, service(1, [destination(1)]))
  expect(one.failures()).toEqual([])
  expect(one.held()).toEqual([key(1)])
})

test('a local address that this host does not have is warned of once, and stands in status while it is so', async () => {
  const one = role()
  one.fake.probed = ok(everything)
  await one.serve()
  await one.want(true, marked)
  await one.want(false, marked)
  expect(one.logged).toEqual([
    'answers of servers will not come back | fwmark/6/7 | local address 2001:db8::9 not on this host; add it to an interface, or take it out of the group',
  ])
  const failure = async () => {
    await one.tell({ type: 'snapshot-requested', id: 5 })
    return one.snapshot().services[0]?.failure
  }
  expect(await failure()).toMatch(/local address 2001:db8::9 not on this host/)
  one.here.add('2001:db8::9')
  expect(await failure()).toBeUndefined()
})

test('the host is asked once for all local addresses, and at a verdict for those of its service', async () => {
  const one = role()
  one.fake.probed = ok(everything)
  await one.serve()
  const natted = (last: number, ...localAddresses: string[]): ServiceState => ({
    service: { ...service(last, []).service, localAddresses: localAddresses.map(address) },
    destinations: [destination(1, 'fullnat')],
  })
  await one.want(true, natted(1, '192.0.2.9'), natted(2, '192.0.2.9', '192.0.2.10'), service(3, [destination(1)]))
  expect(one.looks.splice(0)).toEqual([['192.0.2.9', '192.0.2.10']])
  expect(one.logged.splice(0)).toHaveLength(2)
  await one.want(false, service(3, [destination(2)]))
  expect(one.looks).toEqual([])
  await one.want(false, natted(1, '192.0.2.9'))
  expect([one.looks.splice(0), one.logged]).toEqual([[['192.0.2.9']], []])
  one.here.add('192.0.2.9')
  await one.want(false, natted(1, '192.0.2.9'))
  one.here.delete('192.0.2.9')
  await one.want(false, natted(1, '192.0.2.9'))
  expect(one.logged).toHaveLength(1)
})

const settings = (ipvs: ForwardingSettings['ipvs']) => ({ settings: { ipvs } })

test('settings and timeouts are applied at the commit, and those taken out of the file go back to their defaults', async () => {
  const one = role()
  const apply = (revision: number, more: Partial<ForwardingSlice>) => {
    one.fake.controls.length = 0
    return one.tell({ type: 'offer', revision, slice: { ...slice, ...more } }, { type: 'commit', revision })
  }
  await apply(1, { ...settings({ sloppy_tcp: 1, am_droprate: 5 }), timeouts: { tcp: 60, tcpFin: 5, udp: 0 } })
  expect(one.fake.controls).toEqual([
    { type: 'set-settings', settings: { sloppy_tcp: 1, am_droprate: 5 } },
    { type: 'set-timeouts', timeouts: { tcp: 60, tcpFin: 5, udp: 0 } },
  ])
  await apply(2, { ...settings({ am_droprate: 7 }), timeouts: { tcp: 0, tcpFin: 6, udp: 8 } })
  expect(one.fake.controls).toEqual([
    { type: 'set-settings', settings: { am_droprate: 7, sloppy_tcp: 0 } },
    { type: 'set-timeouts', timeouts: { tcp: 900, tcpFin: 6, udp: 8 } },
  ])
  await apply(3, {})
  expect(one.fake.controls).toEqual([
    { type: 'set-settings', settings: { am_droprate: 10 } },
    { type: 'set-timeouts', timeouts: { tcp: 0, tcpFin: 120, udp: 300 } },
  ])
  await apply(4, {})
  expect(one.fake.controls).toEqual([])
})

test('an offer that is withdrawn sets nothing', async () => {
  const one = role()
  await one.serve()
  await one.tell(
    { type: 'offer', revision: 2, slice: { ...slice, ...settings({ sloppy_tcp: 1 }) } },
    { type: 'withdraw', revision: 2 },
  )
  expect(one.fake.controls).toEqual([])
})

test('a setting that the backend does not have is said, and forwarding goes on', async () => {
  const one = role()
  one.fake.refuseControl = () => 'no such setting'
  await one.tell(
    { type: 'offer', revision: 1, slice: { ...slice, ...settings({ sloppy_sctp: 1 }) } },
    { type: 'commit', revision: 1 },
  )
  expect(one.said.at(-1)).toEqual({ type: 'applied', revision: 1 })
  expect(one.logged).toEqual(['forwarding is not set as configured | no such setting'])
})

test('what only a restart can change is named at a reload', async () => {
  const one = role()
  await one.serve()
  const changed = { ipvs: {}, connectionTableSize: 2048, interfaces: ['eth0'], xdp: 'off' } as const
  await one.tell(
    { type: 'offer', revision: 2, slice: { ...slice, settings: changed } },
    { type: 'commit', revision: 2 },
  )
  expect(one.logged).toEqual([
    'forwarding takes these from the file when the daemon is restarted | connection_table_size, interfaces, xdp',
  ])
})

test('settings of the embedded core are named where another backend runs', async () => {
  const one = role()
  Object.assign(one.fake.backend, { kind: 'ipvs' })
  const wish = { ipvs: {}, connectionTableSize: 2048, interfaces: ['eth0'], xdp: 'off' } as const
  await one.tell({ type: 'offer', revision: 1, slice: { ...slice, backend: 'ipvs', settings: wish } })
  expect(one.logged).toEqual([
    'settings of the embedded core have no effect here | connection_table_size, interfaces, xdp',
  ])
})

test('an unsupported forwarding method costs that real server only', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1), destination(2, 'tun')]))
  expect(one.fake.state.services[0]?.destinations.map((held) => held.address)).toEqual(['192.0.2.1'])
  expect(one.failures()?.[0]?.reason).toMatch(/192\.0\.2\.2:80: lb_kind TUN is not supported; there are NAT, DR/)
})

test('a service that becomes unsupported stays what it was', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  await one.want(true, service(1, [destination(1)], 'dh'))
  expect(one.fake.state.services[0]?.service.scheduler).toBe('rr')
  expect(one.failures()).toHaveLength(1)
})

test('a failed order is told, and retried later from a fresh read-back until it succeeds', async () => {
  const one = role()
  await one.serve()
  one.fake.refuse = (op) => (op.type === 'put-destination' ? 'the table is full' : undefined)
  await one.want(true, service(1, [destination(1)]))
  expect(one.failures()).toEqual([{ serviceKey: key(1), reason: 'the table is full' }])
  expect(one.alarms).toHaveLength(1)

  const reads = one.fake.calls.filter((call) => call === 'read').length
  one.fake.refuse = undefined
  one.alarms.shift()?.()
  await one.tell()
  expect(one.fake.calls.filter((call) => call === 'read')).toHaveLength(reads + 1)
  expect(one.failures()).toEqual([])
  expect(one.fake.state.services[0]?.destinations).toHaveLength(1)
  expect(one.alarms).toEqual([])
})

test('ten thousand refused destinations are one sentence for each reason', async () => {
  const one = role()
  await one.serve()
  one.fake.refuse = (op) => {
    if (op.type !== 'put-destination') return undefined
    const at = endpoint(op.destination)
    if (op.destination.weight === 3) return { reason: 'invalid', message: `${at}: no such weight` }
    return op.destination.weight === 2 ? 'the list cannot be written' : `${at}: the table is full`
  }
  const all = Array.from({ length: 10_000 }, (_, i) => ({
    ...destination(1),
    port: i + 1,
    weight: i === 4 ? 3 : i < 7 && i > 4 ? 2 : 1,
  }))
  await one.want(true, service(1, all))
  expect(one.failures()).toEqual([
    {
      serviceKey: key(1),
      reason: '192.0.2.1:1, 192.0.2.1:2, 192.0.2.1:3 and 9994 more: the table is full',
    },
    { serviceKey: key(1), reason: '192.0.2.1:5: no such weight', final: true },
    { serviceKey: key(1), reason: 'the list cannot be written' },
  ])
})

test('stop removes everything, or leaves it when told so', async () => {
  const one = role()
  await one.serve()
  await one.tell({ type: 'stop', leave: false })
  expect([one.fake.closed, one.gone()]).toEqual(['nothing', true])
  const other = role()
  await other.serve()
  await other.tell({ type: 'stop', leave: true })
  expect(other.fake.closed).toBe('services-in-place')
})

test('when the supervisor dies the services stay in place and the role ends', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  one.end.close()
  await one.tell()
  expect(one.fake.closed).toBe('services-in-place')
  expect(one.held()).toEqual([key(1)])
})

test('a role that was never committed removes nothing at its stop', async () => {
  const one = role({ services: [service(1, [])] })
  await one.tell(
    { type: 'offer', revision: 1, slice },
    { type: 'withdraw', revision: 1 },
    { type: 'stop', leave: false },
  )
  expect(one.fake.closed).toBe('services-in-place')
})

test('a service made by hand is not removed, neither by a plan nor at stop', async () => {
  const one = role({ services: [service(7, [destination(7)])] }, [])
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  await one.want(true)
  expect(one.held()).toEqual([key(7)])
  await one.want(true, service(1, [destination(1)]))
  await one.tell({ type: 'stop', leave: false })
  expect([one.held(), one.fake.closed]).toEqual([[key(7)], 'services-in-place'])
  expect(one.remembered.at(-1)).toEqual([])
})

test('own services are written down before they are put, and forgotten once they are gone', async () => {
  const one = role()
  await one.serve()
  let atFirstOrder: readonly string[] | undefined
  one.fake.refuse = () => {
    atFirstOrder ??= one.remembered.at(-1)
    return undefined
  }
  await one.want(true, service(1, [destination(1)]))
  expect(atFirstOrder).toEqual([key(1)])
  await one.want(true, service(2, [destination(1)]))
  expect(one.remembered.at(-1)).toEqual([key(2)])
})

test('a service of an earlier daemon that is not wanted any more is removed', async () => {
  const one = role({ services: [service(1, [destination(1)]), service(7, [])] }, [key(1)])
  await one.serve()
  await one.want(true)
  expect(one.held()).toEqual([key(7)])
})

test('what is asked by hand is answered, lists in pieces', async () => {
  const one = role()
  await one.serve()
  const put = { type: 'put-service', service: service(7, []).service } as const
  await one.tell({ type: 'asked', id: 4, ask: { type: 'apply', ops: [put] } })
  expect(one.said.at(-1)).toEqual({ type: 'answer', id: 4, part: [{ ok: true, value: undefined }], more: false })
  expect(one.held()).toEqual([key(7)])
  const many = Array.from({ length: 2_500 }, () => put)
  await one.tell({ type: 'asked', id: 5, ask: { type: 'apply', ops: many } })
  const parts = one.said.filter((message) => message.type === 'answer' && message.id === 5)
  expect(parts).toMatchObject([{ more: true }, { more: true }, { more: false }])
})

test('an edit by hand stays until what is wanted of that service changes', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]), service(2, [destination(2)]))
  const edited = { ...destination(1), weight: 5 }
  const op = { type: 'put-destination', serviceKey: key(1), destination: edited } as const
  await one.tell({ type: 'asked', id: 1, ask: { type: 'apply', ops: [op] } })
  const weights = () => one.fake.state.services[0]?.destinations.map(({ weight }) => weight)
  await one.want(false, service(2, [destination(3)]))
  expect(weights()).toEqual([5])
  await one.want(false, service(1, [{ ...destination(1), weight: 2 }]))
  expect(weights()).toEqual([2])
})

test('a service deleted by hand comes back when it changes, and edits of others stay', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]), service(2, [destination(2)]))
  const removed = { type: 'remove-service', serviceKey: key(1) } as const
  const edited = { type: 'remove-destination', serviceKey: key(2), destinationKey: '192.0.2.2:80' } as const
  await one.tell({ type: 'asked', id: 1, ask: { type: 'apply', ops: [removed, edited] } })
  one.fake.refuse = (op) =>
    op.type === 'put-destination' && !one.held().includes(op.serviceKey) ? 'no such service' : undefined
  await one.want(false, service(1, [destination(1), destination(4)]))
  one.alarms.shift()?.()
  await one.tell()
  const held = new Map(
    one.fake.state.services.map((state) => [serviceKey(state.service.address), state.destinations.length]),
  )
  expect(held).toEqual(
    new Map([
      [key(2), 0],
      [key(1), 2],
    ]),
  )
})

test('what was made by hand and is then configured becomes what is configured', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  const ops = [
    { type: 'put-service', service: service(2, [], 'lc').service },
    { type: 'put-destination', serviceKey: key(2), destination: destination(9) },
  ] as const
  await one.tell({ type: 'asked', id: 1, ask: { type: 'apply', ops } })
  await one.want(true, service(1, [destination(1)]), service(2, [destination(2)]))
  expect(one.fake.state.services[1]).toEqual(service(2, [destination(2)]))
})

/** Orders about the service with this number wait until `done`. */
function slowFor(fake: ReturnType<typeof role>['fake'], last: number) {
  let done = () => {}
  const ready = new Promise<void>((resolve) => {
    done = () => {
      fake.readies = undefined
      resolve()
    }
  })
  fake.readies = (ops) => (JSON.stringify(ops).includes(`203.0.113.${last}`) ? ready : undefined)
  return { done }
}

test('a service that has to wait for the backend keeps no other waiting, and says meanwhile why it is not there', async () => {
  const one = role()
  await one.serve()
  const { done } = slowFor(one.fake, 2)
  await one.want(true, service(1, [destination(1)]), service(2, [destination(1)]))
  expect(one.held()).toEqual([key(1)])
  expect(one.failures()).toEqual([{ serviceKey: key(2), reason: 'its forwarding programs are being loaded' }])
  await one.want(false, service(1, [destination(1), destination(2)]))
  expect(one.fake.state.services[0]?.destinations).toHaveLength(2)
  await one.want(false, service(2, [destination(7)]))
  expect(one.held()).toEqual([key(1)])
  done()
  await one.tell()
  expect(one.held()).toEqual([key(1), key(2)])
  expect(one.fake.state.services[1]?.destinations).toEqual([destination(7)])
  expect(one.said.at(-1)).toEqual({ type: 'services-applied', order: 3, failures: [] })
  expect(one.alarms).toEqual([])
})

test('what is not wanted any more is not waited for', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]), service(2, [destination(1)]))
  const { done } = slowFor(one.fake, 2)
  await one.want(false, service(2, [destination(1), destination(2)]))
  expect(one.failures()).toHaveLength(1)
  one.fake.readies = undefined
  await one.want(true, service(1, [destination(1)]))
  expect([one.held(), one.failures()]).toEqual([[key(1)], []])
  done()
  await one.tell()
  expect(one.held()).toEqual([key(1)])
})

test('an order by hand that has to wait keeps nobody waiting, and is answered before the role ends', async () => {
  const one = role()
  await one.serve()
  await one.want(true, service(1, [destination(1)]))
  const { done } = slowFor(one.fake, 2)
  const { service: late } = service(2, [])
  await one.tell(
    { type: 'asked', id: 1, ask: { type: 'apply', ops: [{ type: 'put-service', service: late }] } },
    { type: 'asked', id: 2, ask: { type: 'read' } },
  )
  const answers = () => one.said.flatMap((message) => (message.type === 'answer' ? [message.id] : []))
  expect(answers()).toEqual([2])
  await one.want(false, service(1, [destination(1), destination(2)]))
  expect(one.fake.state.services[0]?.destinations).toHaveLength(2)
  await one.tell({ type: 'stop', leave: true })
  expect(one.gone()).toBe(false)
  done()
  await one.tell()
  expect([answers(), one.gone()]).toEqual([[2, 1], true])
  expect(one.held()).toEqual([key(1), key(2)])
})
