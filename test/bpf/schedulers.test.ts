/** The program's choices against the plain model, pick by pick, over random lists that change in between. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import { addressOf, u32 } from '../../src/forwarding/ebpf/struct.ts'
import type { Destination } from '../../src/forwarding/index.ts'
import {
  type Candidate,
  leastConnection,
  roundRobin,
  roundRobinStart,
  weightedLeastConnection,
  weightedRoundRobin,
  weightedStart,
} from '../../src/proto/scheduler/index.ts'
import { fuzzRuns } from '../fuzz-runs.ts'
import { Bench } from './bench.ts'
import { destination, keyOf, put, service, VIP } from './cluster.ts'
import { SYN, UDP } from './frames.ts'

let bench: Bench
beforeEach(() => {
  bench = new Bench(65_536)
})
afterEach(() => bench?.close())

/** Services one after another in one table: a destination keeps its slot while it has connections, and none expires here. */
const SERVICES = 200

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

const weightsOf = (length: number, largest: number) =>
  fc.array(fc.integer({ min: 0, max: largest }), { minLength: 1, maxLength: length })

describe('against the model', () => {
  test('rr goes round as the model does', () => {
    fc.assert(
      fc.property(weightsOf(6, 2), (weights) => {
        const port = serviceOf('rr', weights)
        const list = weights.map((weight): Candidate => ({ weight, active: 0, total: 0, overloaded: false }))
        let state = roundRobinStart
        for (let i = 0; i < 8; i++) {
          const model = roundRobin(list, state)
          state = model.state
          expect(pick(port)).toBe(model.chosen)
        }
        bench.apply([{ type: 'remove-service', serviceKey: keyOf(port, 'udp') }])
      }),
      fuzzRuns(40, 1, SERVICES),
    )
  })

  test('wrr follows the kernel exactly', () => {
    fc.assert(
      fc.property(weightsOf(5, 9), (weights) => {
        const port = serviceOf('wrr', weights)
        const list = weights.map((weight): Candidate => ({ weight, active: 0, total: 0, overloaded: false }))
        let state = weightedStart(list)
        for (let i = 0; i < 14; i++) {
          const model = weightedRoundRobin(list, state)
          state = model.state
          expect(pick(port)).toBe(model.chosen)
        }
        bench.apply([{ type: 'remove-service', serviceKey: keyOf(port, 'udp') }])
      }),
      fuzzRuns(40, 2, SERVICES),
    )
  })

  test.each(['lc', 'wlc'] as const)('%s takes the least loaded, ties the earlier one', (scheduler) => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 5 }),
            fc.integer({ min: 0, max: 9 }),
            fc.integer({ min: 0, max: 2000 }),
            fc.boolean(),
          ),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        (servers) => {
          const port = serviceOf(
            scheduler,
            servers.map(([weight]) => weight),
          )
          const list = servers.map(
            ([weight, active, inactive, overloaded]): Candidate => ({
              weight,
              active,
              total: active + inactive,
              overloaded,
            }),
          )
          for (const [i, { active, total, overloaded }] of list.entries()) setLoad(port, i, active, total, overloaded)
          expect(pick(port)).toBe(scheduler === 'lc' ? leastConnection(list) : weightedLeastConnection(list))
          for (const i of list.keys()) setLoad(port, i, 0, 0, false)
          bench.apply([{ type: 'remove-service', serviceKey: keyOf(port, 'udp') }])
        },
      ),
      fuzzRuns(60, 3, SERVICES),
    )
  })

  test('wlc chooses among 256 destinations', () => {
    const port = serviceOf(
      'wlc',
      Array.from({ length: 256 }, () => 1),
    )
    for (let i = 0; i < 256; i++) if (i !== 200) setLoad(port, i, 1, 1, false)
    expect(pick(port)).toBe(200)
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

/** Puts numbers of connections on destination i of a service. */
function setLoad(port: number, i: number, active: number, total: number, overloaded: boolean): void {
  const { destinations, loads } = bench.director.maps
  let index = 0
  for (const { count, values } of destinations.slices(1024)) {
    for (let n = 0; n < count; n++, index++) {
      const record = layout.destination.decode(values, n * layout.destination.size)
      if (addressOf(record.address, 4) !== `10.0.${i}.1` || record.virtual_port !== port) continue
      loads.update(u32(index), layout.load.encode({ active, total, flags: overloaded ? 1 : 0 }))
      return
    }
  }
}
