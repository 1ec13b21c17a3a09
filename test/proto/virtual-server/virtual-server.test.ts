import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import { endpoint, type RealServer, serviceKey, type VirtualServer } from '../../../src/model/index.ts'
import {
  type Condition,
  initialQuorum,
  type QuorumState,
  quorumWeight,
  stepQuorum,
  wantedService,
  wantedServices,
} from '../../../src/proto/virtual-server/index.ts'

const real = (host: number, over: Partial<RealServer> = {}): RealServer => ({
  address: address(`10.0.0.${host}`),
  port: 80,
  weight: 1,
  method: 'dr',
  inhibitOnFailure: false,
  upperThreshold: 0,
  lowerThreshold: 0,
  checkers: [],
  ...over,
})
const service = { kind: 'address', protocol: 'tcp', address: address('192.0.2.1'), port: 80 } as const
const virtual = (realServers: readonly RealServer[], over: Partial<VirtualServer> = {}): VirtualServer => ({
  key: serviceKey(service),
  service,
  scheduler: 'wlc',
  onePacket: false,
  realServers,
  quorum: 1,
  hysteresis: 0,
  alpha: false,
  omega: false,
  ...over,
})
const sorryServer = { address: address('10.0.0.99'), port: 80, method: 'nat', inhibit: false } as const
const up: QuorumState = { name: 'up' }
const down: QuorumState = { name: 'down' }

/** Servers of which nothing but this is to be known. */
const living = (server: VirtualServer, alive: readonly boolean[]): readonly Condition[] =>
  server.realServers.map(({ weight }, i) => ({ alive: alive[i] === true, weight }))

const weights = (server: VirtualServer, alive: readonly boolean[], quorum: QuorumState): Record<string, number> =>
  Object.fromEntries(
    wantedService(server, living(server, alive), quorum).destinations.map((d) => [endpoint(d).split(':')[0], d.weight]),
  )

const quorumRows: readonly [
  claim: string,
  quorum: number,
  hysteresis: number,
  from: QuorumState,
  weight: number,
  to: string,
][] = [
  ['a sum of 0 loses it, whatever the hysteresis', 3, 3, up, 0, 'down'],
  ['at quorum it holds', 3, 0, up, 3, 'up'],
  ['below quorum it is lost', 3, 0, up, 2, 'down'],
  ['below quorum but within the hysteresis it holds', 3, 1, up, 2, 'up'],
  ['below quorum minus hysteresis it is lost', 3, 1, up, 1, 'down'],
  ['at quorum it is not gained while hysteresis asks for more', 3, 1, down, 3, 'down'],
  ['at quorum plus hysteresis it is gained', 3, 1, down, 4, 'up'],
  ['a quorum of 0 is not gained by nobody', 0, 0, down, 0, 'down'],
]
for (const [claim, quorum, hysteresis, from, weight, to] of quorumRows)
  test(`quorum, keepalived.conf(5): ${claim}`, () => {
    const { state, actions } = stepQuorum({ quorum, hysteresis }, from, { type: 'weighed', weight })
    expect(state.name).toBe(to)
    expect(actions).toEqual(from.name === to ? [] : [{ type: 'announce-quorum', up: to === 'up' }])
  })

const beginnings: readonly [claim: string, sorry: boolean, weight: number, announced: boolean[]][] = [
  ['with its quorum a service announces the gain', false, 3, [true]],
  ['short of it nothing is announced', false, 2, []],
  ['short of it with a sorry server the loss is announced, for that one serves', true, 2, [false]],
]
for (const [claim, sorry, weight, announced] of beginnings)
  test(`at the beginning, keepalived: ${claim}`, () => {
    const server = { quorum: 3, hysteresis: 0, ...(sorry ? { sorryServer } : {}) }
    const { actions } = stepQuorum(server, initialQuorum, { type: 'began', weight })
    expect(actions.map(({ up }) => up)).toEqual(announced)
  })

const two = [real(1, { weight: 2 }), real(2, { weight: 3 })]
const rows: readonly [claim: string, server: VirtualServer, alive: boolean[], quorum: QuorumState, weights: object][] =
  [
    ['living servers serve with their weights', virtual(two), [true, true], up, { '10.0.0.1': 2, '10.0.0.2': 3 }],
    ['a dead one is removed', virtual(two), [true, false], up, { '10.0.0.1': 2 }],
    [
      'inhibit_on_failure keeps it with weight 0',
      virtual([real(1), real(2, { inhibitOnFailure: true })]),
      [true, false],
      up,
      { '10.0.0.1': 1, '10.0.0.2': 0 },
    ],
    ['a server of weight 0 stays in the table', virtual([real(1, { weight: 0 })]), [true], up, { '10.0.0.1': 0 }],
    [
      'without a sorry server a lost quorum takes nobody out',
      virtual(two, { quorum: 5 }),
      [true, false],
      down,
      { '10.0.0.1': 2 },
    ],
    ['with one it serves alone', virtual(two, { quorum: 5, sorryServer }), [true, false], down, { '10.0.0.99': 1 }],
    ['it is not there while the quorum holds', virtual(two, { sorryServer }), [true, false], up, { '10.0.0.1': 2 }],
    [
      'sorry_server_inhibit keeps it with weight 0',
      virtual(two, { sorryServer: { ...sorryServer, inhibit: true } }),
      [true, true],
      up,
      { '10.0.0.1': 2, '10.0.0.2': 3, '10.0.0.99': 0 },
    ],
    [
      'inhibited servers stay at weight 0 beside it, dead or alive',
      virtual([real(1, { inhibitOnFailure: true }), real(2, { inhibitOnFailure: true }), real(3)], {
        quorum: 9,
        sorryServer,
      }),
      [true, false, true],
      down,
      { '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.99': 1 },
    ],
    [
      'a sorry server that is a real server too has one entry',
      virtual(two, { sorryServer: { ...sorryServer, address: address('10.0.0.1') } }),
      [true, true],
      up,
      { '10.0.0.1': 2, '10.0.0.2': 3 },
    ],
    [
      'and serves with weight 1 as sorry server',
      virtual(two, { sorryServer: { ...sorryServer, address: address('10.0.0.1') } }),
      [false, false],
      down,
      { '10.0.0.1': 1 },
    ],
    ['nobody lives and there is no sorry server: an empty service', virtual(two), [false, false], down, {}],
  ]
for (const [claim, server, alive, quorum, expected] of rows)
  test(`the wanted service: ${claim}`, () => expect(weights(server, alive, quorum)).toEqual(expected))

test('the wanted service carries scheduler, persistence, thresholds, methods and ports', () => {
  const server = virtual([real(1, { upperThreshold: 9, lowerThreshold: 3, method: 'nat', port: 8080 })], {
    persistence: { timeout: 360, prefixLength: 32 },
  })
  expect(wantedService(server, living(server, [true]), up)).toEqual({
    service: { address: service, scheduler: 'wlc', persistence: { timeout: 360, prefixLength: 32 }, onePacket: false },
    destinations: [{ address: '10.0.0.1', port: 8080, weight: 1, method: 'nat', upperThreshold: 9, lowerThreshold: 3 }],
  })
})

const anyServer = fc
  .tuple(
    fc.array(fc.record({ weight: fc.nat(5), inhibitOnFailure: fc.boolean() }), { minLength: 1, maxLength: 6 }),
    fc.boolean(),
    fc.boolean(),
    fc.integer({ min: 1, max: 8 }),
    fc.nat(4),
  )
  .map(([servers, sorry, inhibit, quorum, hysteresis]) =>
    virtual(
      servers.map((over, i) => real(i + 1, over)),
      { quorum, hysteresis, ...(sorry ? { sorryServer: { ...sorryServer, inhibit } } : {}) },
    ),
  )

test('the wanted service is a function of health and quorum; keys are unique; the sorry server never shares traffic', () => {
  fc.assert(
    fc.property(
      anyServer,
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      fc.boolean(),
      (server, alive, holds) => {
        const quorum: QuorumState = { name: holds ? 'up' : 'down' }
        const wanted = wantedService(server, living(server, alive), quorum)
        expect(wantedService(server, living(server, alive), quorum)).toEqual(wanted)
        const keys = wanted.destinations.map(endpoint)
        expect(new Set(keys).size).toBe(keys.length)
        const working = wanted.destinations.filter(({ weight }) => weight > 0).map(endpoint)
        if (server.sorryServer !== undefined && !holds) expect(working).toEqual([endpoint(server.sorryServer)])
        else
          expect(working).toEqual(server.realServers.filter((s, i) => alive[i] && s.weight > 0).map((s) => endpoint(s)))
      },
    ),
  )
})

test('an unchanged weight never changes the quorum twice', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.nat(9),
      fc.nat(20),
      fc.boolean(),
      (quorum, hysteresis, weight, holds) => {
        const first = stepQuorum({ quorum, hysteresis }, { name: holds ? 'up' : 'down' }, { type: 'weighed', weight })
        const second = stepQuorum({ quorum, hysteresis }, first.state, { type: 'weighed', weight })
        expect(second.actions).toEqual([])
      },
    ),
  )
})

test('a weight that wobbles by less than the hysteresis changes the quorum at most once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5, max: 9 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(20), { minLength: 1 }),
      (quorum, hysteresis, noise) => {
        let state: QuorumState = up
        let changes = 0
        for (const n of noise) {
          // Within quorum ± (hysteresis - 1), never 0.
          const weight = quorum + (n % (2 * hysteresis - 1)) - (hysteresis - 1)
          const step = stepQuorum({ quorum, hysteresis }, state, { type: 'weighed', weight })
          state = step.state
          changes += step.actions.length
        }
        expect(changes).toBe(0)
      },
    ),
  )
})

test('who serves counts towards the quorum with his whole weight, others with nothing', () => {
  const alive = { alive: true, weight: 5 }
  expect(quorumWeight(alive)).toBe(5)
  expect(quorumWeight({ ...alive, rampedWeight: 1 })).toBe(5)
  expect(quorumWeight({ ...alive, alive: false })).toBe(0)
  expect(quorumWeight({ ...alive, alive: false, kept: true })).toBe(5)
  expect(quorumWeight({ ...alive, order: 'drain' })).toBe(0)
})

test('all that the user said of forwarding reaches the table: of the service, its servers and the sorry server', () => {
  const gue = { type: 'gue', port: 6080, checksum: 'checksum' } as const
  const gre = { type: 'gre', port: 0, checksum: 'none' } as const
  const wish = {
    schedulerFlags: ['flag-1', 'flag-2'],
    persistence: { timeout: 50, prefixLength: 24 },
    persistenceEngine: 'sip',
    localAddresses: [address('10.9.9.9')],
    tcpOptionAddress: true,
  } as const
  const sorry = { ...sorryServer, method: 'tun', tunnel: gre } as const
  const server = virtual([real(1, { method: 'tun', tunnel: gue })], { ...wish, sorryServer: sorry })
  expect(wantedService(server, living(server, [true]), up)).toEqual({
    service: { address: service, scheduler: 'wlc', onePacket: false, ...wish },
    destinations: [
      {
        address: '10.0.0.1',
        port: 80,
        weight: 1,
        method: 'tun',
        tunnel: gue,
        upperThreshold: 0,
        lowerThreshold: 0,
      },
    ],
  })
  expect(wantedService(server, living(server, [false]), down).destinations).toMatchObject([
    { address: '10.0.0.99', weight: 1, method: 'tun', tunnel: gre },
  ])
})

test('every service of a group has the same servers, each at the port that the service and the method leave it', () => {
  const https = { ...service, port: 443 } as const
  const mark = { kind: 'fwmark', family: 4, mark: 7 } as const
  const server = virtual(
    [real(1, { port: 0 }), real(2, { port: 8080, method: 'nat' }), real(3, { port: 0, method: 'nat' })],
    { group: { name: 'G', others: [https, mark] }, sorryServer: { ...sorryServer, port: 0, inhibit: true } },
  )
  const held = wantedServices(server, living(server, [true, true, true]), up).map(
    ({ service: { address: key }, destinations }) => [
      serviceKey(key),
      destinations.map((one) => `${endpoint(one)} ${one.weight}`),
    ],
  )
  expect(held).toEqual([
    ['tcp/192.0.2.1:80', ['10.0.0.1:80 1', '10.0.0.2:8080 1', '10.0.0.3:80 1', '10.0.0.99:80 0']],
    ['tcp/192.0.2.1:443', ['10.0.0.1:443 1', '10.0.0.2:8080 1', '10.0.0.3:443 1', '10.0.0.99:443 0']],
    ['fwmark/4/7', ['10.0.0.1:0 1', '10.0.0.2:8080 1', '10.0.0.3:0 1', '10.0.0.99:0 0']],
  ])
})
