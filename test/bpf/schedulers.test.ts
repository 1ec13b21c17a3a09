/** The program's choices against the plain model, pick by pick, over random histories of lists, loads and clients. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Destination, Service } from '../../src/forwarding/index.ts'
import { type Candidate, drawLimit, MAGLEV_SLOTS, twoChoices } from '../../src/proto/scheduler/index.ts'
import { fuzzRuns } from '../fuzz-runs.ts'
import { Bench } from './bench.ts'
import { destination, keyOf, put, service, VIP } from './cluster.ts'
import { SYN, UDP } from './frames.ts'
import { ServiceUnderTest, type Step, serverAddress } from './scheduler-history.ts'
import { IPV4, type World, worlds } from './world.ts'

let bench: Bench
beforeAll(() => {
  bench = new Bench(65_536)
})
afterAll(() => bench?.close())

/** Services one after another in one table: removed destinations keep their slots, for no time passes here. */
const SERVICES = 300

let clientPort = 0
let servicePort = 1000

/** A UDP service with these weights; destination i of the list is 10.0.i.1, and the list is newest first. */
function serviceOf(scheduler: 'rr' | 'wrr' | 'lc' | 'wlc', weights: readonly number[], upper = 0): number {
  servicePort++
  const destinations = weights.map((weight, i) => server(i, weight, upper)).reverse()
  // wrr keeps its current weight while destinations are added; switched to at the end it starts at the largest.
  bench.apply(put(service(servicePort, { protocol: 'udp', scheduler: 'lc' }), destinations))
  bench.apply([{ type: 'put-service', service: service(servicePort, { protocol: 'udp', scheduler }) }])
  return servicePort
}
const server = (i: number, weight: number, upper = 0): Destination =>
  destination(`10.0.${i}.1`, servicePort, 'dr', { weight, upperThreshold: upper })

/** The position in the list of who gets the next connection; undefined: nobody. */
function pick(targetPort: number): number | undefined {
  clientPort++
  const { exit } = bench.send({
    source: `203.0.${(clientPort >> 14) & 255}.1`,
    target: VIP,
    sourcePort: 1024 + (clientPort & 0x3fff),
    targetPort,
    protocol: UDP,
    flags: SYN,
  })
  if (exit.startsWith('no-destination')) return undefined
  const made = bench.lastTo(1024 + (clientPort & 0x3fff), targetPort)
  return Number(made.split('.')[2])
}

const someServer = fc.integer({ min: 0, max: 6 })
const someWeight = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 5 }), weight: 8 },
  { arbitrary: fc.constantFrom(6, 60, 600, 65_535), weight: 1 },
)
const somePut = fc.record({ type: fc.constant('put' as const), server: someServer, weight: someWeight })
const someRemoval = fc.record({ type: fc.constant('remove' as const), server: someServer })
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('pick' as const),
        client: fc.integer({ min: 1, max: 0xffff }).map((host) => `203.0.${host >> 8}.${host & 255}`),
        clientPort: fc.integer({ min: 1024, max: 65_535 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('load' as const),
        server: someServer,
        active: fc.integer({ min: 0, max: 9 }),
        inactive: fc.integer({ min: 0, max: 700 }),
        overloaded: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: somePut },
    { weight: 1, arbitrary: someRemoval },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('batch' as const),
        changes: fc.array(fc.oneof(somePut, someRemoval), { minLength: 1, maxLength: 8 }),
      }),
    },
  ),
  { minLength: 10, maxLength: 40 },
)

function follow(
  world: World,
  scheduler: Service['scheduler'],
  flags: Service['schedulerFlags'],
  history: readonly Step[],
): void {
  const tested = new ServiceUnderTest(bench, world, ++servicePort, scheduler, flags)
  try {
    for (const i of [0, 1, 2]) tested.put(i, i + 1)
    for (const step of history) {
      if (step.type === 'put') tested.put(step.server, step.weight)
      else if (step.type === 'remove') tested.remove(step.server)
      else if (step.type === 'batch') tested.change(step.changes)
      else if (step.type === 'load') tested.load(step.server, step)
      else {
        const { kernel, model } = tested.both(step.client, step.clientPort)
        expect(kernel).toBe(model)
      }
    }
  } finally {
    tested.close()
  }
}

describe('against the model', () => {
  const rows: readonly [Service['scheduler'], Service['schedulerFlags']][] = [
    ['rr', []],
    ['wrr', []],
    ['lc', []],
    ['wlc', []],
    ['sed', []],
    ['nq', []],
    ['fo', []],
    ['ovf', []],
    ['dh', []],
    ['sh', []],
    ['sh', ['flag-2']],
    ['sh', ['flag-1']],
    ['sh', ['flag-1', 'flag-2']],
    ['mh', []],
    ['mh', ['flag-2']],
    ['mh', ['flag-1']],
    ['mh', ['flag-1', 'flag-2']],
    ['lblc', []],
    ['lblcr', []],
  ]
  describe.each(worlds)('%s', (_name, world) => {
    test.each(rows)('%s %j chooses alike whatever happens to list and loads', (scheduler, flags) =>
      fc.assert(
        fc.property(steps, (history) => follow(world, scheduler, flags, history)),
        fuzzRuns(25, 13, SERVICES),
      ),
    )
  })

  test.each(['lc', 'wlc', 'sed'] as const)('%s chooses among 1,000 destinations', (scheduler) => {
    const tested = new ServiceUnderTest(bench, IPV4, ++servicePort, scheduler)
    tested.change(Array.from({ length: 1000 }, (_, i) => ({ type: 'put', server: i, weight: 1 })))
    for (let i = 0; i < 1000; i++) if (i !== 789) tested.load(i, { active: 1, inactive: 0, overloaded: false })
    expect(tested.pick('203.0.113.1', 1)).toBe(789)
    tested.close()
  })

  test('rr and wrr give every one of 1,000 destinations its turn', () => {
    for (const scheduler of ['rr', 'wrr'] as const) {
      const tested = new ServiceUnderTest(bench, IPV4, ++servicePort, scheduler)
      for (let i = 0; i < 1000; i++) tested.put(i, 1 + (i % 2))
      const seen = new Set(
        Array.from({ length: scheduler === 'rr' ? 1000 : 1500 }, () => tested.pick('203.0.113.1', 1)),
      )
      expect(seen.size).toBe(1000)
      tested.close()
    }
  })

  test('wrr: an overloaded heavy one does not take the others their turn', () => {
    const tested = new ServiceUnderTest(bench, IPV4, ++servicePort, 'wrr')
    for (let i = 0; i < 50; i++) tested.put(i, 1 + (i % 3))
    tested.put(50, 65_535)
    tested.load(50, { active: 0, inactive: 0, overloaded: true })
    for (let i = 0; i < 200; i++) {
      const { kernel, model } = tested.both('203.0.113.1', 1)
      expect(kernel).toBe(model)
      expect(kernel).not.toBe(undefined)
    }
    tested.close()
  })
})

describe('mh', () => {
  test('a table survives the process: quiescing before and after a restart moves nobody', () => {
    const tested = new ServiceUnderTest(bench, IPV4, ++servicePort, 'mh', ['flag-1'])
    for (const [i, weight] of [3, 1, 2].entries()) tested.put(i, weight)
    tested.put(1, 0)
    const clients = Array.from({ length: 200 }, (_, i) => `198.51.100.${i + 1}`)
    const before = clients.map((client) => tested.pick(client, 1))
    expect(new Set(before)).toEqual(new Set([0, 2]))
    bench.reopen()
    tested.edit()
    expect(clients.map((client) => tested.pick(client, 1))).toEqual(before)
    tested.put(2, 2)
    expect(clients.map((client) => tested.pick(client, 1))).toEqual(before)
    tested.close()
  })

  test('removing one of 16 moves less than a sixteenth of the clients of the others', () => {
    const tested = new ServiceUnderTest(bench, IPV4, ++servicePort, 'mh')
    for (let i = 0; i < 16; i++) tested.put(i, 1)
    const clients = Array.from({ length: 2000 }, (_, i) => `198.${18 + (i >> 8)}.7.${i & 255}`)
    const before = clients.map((client) => tested.pick(client, 1))
    tested.remove(7)
    const moved = clients.filter((client, i) => before[i] !== 7 && tested.pick(client, 1) !== before[i]).length
    expect(moved / clients.length).toBeLessThan(1 / 16)
    tested.close()
  })

  test('takes as many destinations as it has slots', () => {
    const port = ++servicePort
    bench.apply(put(service(port, { protocol: 'udp', scheduler: 'rr' }), [destination('10.0.0.1', port, 'dr')]))
    bench.apply(
      Array.from({ length: MAGLEV_SLOTS }, (_, i) => ({
        type: 'put-destination',
        serviceKey: keyOf(port, 'udp'),
        destination: destination(serverAddress(i + 1), port, 'dr'),
      })),
    )
    const [switched] = bench.results(put(service(port, { protocol: 'udp', scheduler: 'mh' }), []))
    expect(switched).toMatchObject({ ok: false, error: { reason: 'invalid' } })
    expect(bench.table.state().services.find(({ service: { scheduler } }) => scheduler === 'mh')).toBe(undefined)
    bench.apply([{ type: 'remove-service', serviceKey: keyOf(port, 'udp') }])
  })
})

describe('twos', () => {
  test('draws by weight and takes the less loaded of two', () => {
    const tested = new ServiceUnderTest(bench, IPV4, ++servicePort, 'twos')
    const servers: readonly Candidate[] = [
      { weight: 1, active: 0, total: 0, overloaded: false },
      { weight: 3, active: 2, total: 4, overloaded: false },
      { weight: 0, active: 0, total: 0, overloaded: false },
      { weight: 2, active: 1, total: 9, overloaded: false },
      { weight: 4, active: 0, total: 0, overloaded: true },
    ]
    for (const [i, { weight }] of servers.entries()) tested.put(i, weight)
    for (const [i, { active, total, overloaded }] of servers.entries())
      tested.load(i, { active, inactive: total - active, overloaded })
    // The exact distribution, from all pairs of draws.
    const list = servers.toReversed()
    const limit = drawLimit(list)
    const expected = servers.map(() => 0)
    for (let a = 0; a <= limit; a++)
      for (let b = 0; b <= limit; b++) {
        const position = list.length - 1 - (twoChoices(list, [a, b]) as number)
        expected[position] = (expected[position] as number) + 1 / (limit + 1) ** 2
      }
    const draws = 4000
    const counted = servers.map(() => 0)
    for (let i = 0; i < draws; i++) {
      const chosen = tested.pick('203.0.113.1', 1) as number
      counted[chosen] = (counted[chosen] as number) + 1
    }
    for (const [i, share] of expected.entries()) {
      // Seven standard deviations: one failure in 10^11 runs.
      const spread = 7 * Math.sqrt(draws * share * (1 - share))
      expect(Math.abs((counted[i] as number) - draws * share)).toBeLessThanOrEqual(spread)
    }
    tested.close()
  })
})

describe('lblc and lblcr', () => {
  /** As if what is remembered had been used and changed so long ago. */
  const ageLocalities = (seconds: number) => {
    const at = (value: Uint8Array, offset: number) => {
      const view = new DataView(value.buffer, value.byteOffset)
      view.setUint32(offset, view.getUint32(offset, true) - seconds, true)
    }
    bench.rewrite(bench.director.maps.lblc, (value) => at(value, 4))
    bench.rewrite(bench.director.maps.lblcr, (value) => {
      at(value, 0)
      at(value, 4)
    })
  }
  const remembered = () =>
    [bench.director.maps.lblc, bench.director.maps.lblcr].map((map) =>
      [...map.slices(1024)].reduce((sum, { count }) => sum + count, 0),
    )

  test('lblcr: a set that did not change for a day loses its most loaded member', () => {
    const tested = new ServiceUnderTest(bench, IPV4, ++servicePort, 'lblcr')
    for (const i of [0, 1, 2, 3]) tested.put(i, 2)
    const outdone = { active: 3, inactive: 0, overloaded: false }
    const picks = []
    for (const busy of [3, 2, 1]) {
      picks.push(tested.both('203.0.113.1', 1))
      tested.load(busy, outdone)
    }
    picks.push(tested.both('203.0.113.1', 1))
    expect(tested.model.set()).toEqual([0, 1, 2, 3])
    tested.load(2, { ...outdone, active: 9 })
    ageLocalities(86_400 + 1)
    tested.model.age(86_400 + 1)
    for (let i = 0; i < 3; i++) picks.push(tested.both('203.0.113.1', 1))
    expect(tested.model.set()).toEqual([0, 1, 3])
    // With its load gone it would be chosen, were it still in the set.
    tested.load(2, { active: 0, inactive: 0, overloaded: false })
    tested.load(0, { active: 1, inactive: 0, overloaded: false })
    picks.push(tested.both('203.0.113.1', 1))
    for (const { kernel, model } of picks) expect(kernel).toBe(model)
    expect(picks.at(-1)?.kernel).toBe(0)
    tested.close()
  })

  test('lblcr: a set takes 32 members, and goes on choosing when it is full', () => {
    const tested = new ServiceUnderTest(bench, IPV4, ++servicePort, 'lblcr')
    for (let i = 0; i < 40; i++) tested.put(i, 1)
    const seen = new Set<number | undefined>()
    for (let i = 0; i < 40; i++) {
      const chosen = tested.pick('203.0.113.1', 1)
      seen.add(chosen)
      if (chosen !== undefined) tested.load(chosen, { active: 2, inactive: 0, overloaded: false })
    }
    expect(seen.size).toBe(40)
    tested.close()
  })

  test.each([
    ['lblc', 0],
    ['lblcr', 1],
  ] as const)('%s: every half hour what was not used for a day is forgotten', (scheduler, which) => {
    const first = new ServiceUnderTest(bench, IPV4, ++servicePort, scheduler)
    const second = new ServiceUnderTest(bench, IPV4, ++servicePort, scheduler)
    for (const one of [first, second]) {
      one.put(1, 1)
      one.pick('203.0.113.1', 1)
    }
    expect(remembered()[which]).toBe(2)
    // What a service remembers goes with it.
    first.close()
    expect(remembered()[which]).toBe(1)
    const day = 86_400
    const start = bench.now()
    bench.reopen()
    let minutes = 0
    const check = () => bench.table.sweepLocalities(start + 60 * minutes++)
    for (let i = 0; i < 30; i++) expect(check().size).toBe(1)
    ageLocalities(day - 45 * 60)
    // The full check is the 30th: 30 minutes after the first one, so this one comes at a quarter of an hour too little.
    check()
    expect(remembered()[which]).toBe(1)
    for (let i = 0; i < 29; i++) check()
    expect(remembered()[which]).toBe(1)
    check()
    expect(remembered()[which]).toBe(0)
    second.close()
  })

  test('another scheduler remembers nothing', () => {
    const port = ++servicePort
    bench.apply(put(service(port, { protocol: 'udp', scheduler: 'lblc' }), [destination('10.0.0.1', port, 'nat')]))
    bench.send({ source: '203.0.113.1', target: VIP, sourcePort: 1, targetPort: port, protocol: UDP })
    expect(remembered()).toEqual([1, 0])
    bench.apply([{ type: 'put-service', service: service(port, { protocol: 'udp', scheduler: 'lc' }) }])
    expect(remembered()).toEqual([0, 0])
    bench.apply([{ type: 'remove-service', serviceKey: keyOf(port, 'udp') }])
  })
})

describe('a list that changes', () => {
  const order = (port: number, count: number) => Array.from({ length: count }, () => pick(port))
  const set = (port: number, i: number, weight: number) =>
    bench.apply([
      {
        type: 'put-destination',
        serviceKey: keyOf(port, 'udp'),
        destination: destination(`10.0.${i}.1`, port, 'dr', { weight }),
      },
    ])
  const drop = (port: number, i: number) =>
    bench.apply([{ type: 'remove-destination', serviceKey: keyOf(port, 'udp'), destinationKey: `10.0.${i}.1:${port}` }])

  test('rr: the newest destination is first in the list', () => {
    const port = serviceOf('rr', [1, 1])
    expect(order(port, 2)).toEqual([0, 1])
    set(port, 7, 1)
    expect(order(port, 3)).toEqual([7, 0, 1])
  })

  test('rr: when the last chosen one is removed, it goes on after the one before', () => {
    const port = serviceOf('rr', [1, 1, 1, 1])
    expect(order(port, 2)).toEqual([0, 1])
    drop(port, 1)
    expect(order(port, 4)).toEqual([2, 3, 0, 2])
  })

  test('wrr: an edit goes back to the head and keeps the current weight', () => {
    const port = serviceOf('wrr', [4, 3, 2])
    expect(order(port, 3)).toEqual([0, 0, 1])
    set(port, 2, 3)
    // Current weight 3 stays: everybody has it.
    expect(order(port, 3)).toEqual([0, 1, 2])
  })

  test('thresholds: full at the upper one, open again below the lower one', async () => {
    const port = serviceOf('rr', [1], 4)
    expect(order(port, 5)).toEqual([0, 0, 0, 0, undefined])
    bench.age('connections', 301)
    await bench.sweep()
    expect(order(port, 1)).toEqual([0])
  })

  test('another scheduler starts from the beginning', () => {
    const port = serviceOf('rr', [1, 1, 1])
    expect(order(port, 2)).toEqual([0, 1])
    bench.apply([{ type: 'put-service', service: service(port, { protocol: 'udp', scheduler: 'wrr' }) }])
    expect(order(port, 4)).toEqual([0, 1, 2, 0])
  })
})
