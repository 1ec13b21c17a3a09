/** Orders in batches against the maps: how often a list is written, and what is refused when something is full. */
import { expect, test, vi } from 'vitest'
import { noRates, readCounters, sampleRates } from '../../src/forwarding/ebpf/counters.ts'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import type { DirectorOptions } from '../../src/forwarding/ebpf/program.ts'
import { u32 } from '../../src/forwarding/ebpf/struct.ts'
import type { OpResult, TableOp } from '../../src/forwarding/index.ts'
import { BpfMap } from '../../src/sys/bpf/index.ts'
import { Bench } from './bench.ts'
import { destination, keyOf, put, service, VIP, VIP6 } from './cluster.ts'
import { SYN } from './frames.ts'
import { serverAddress } from './scheduler-history.ts'

const key = keyOf(80)
const web6 = { kind: 'address', protocol: 'tcp', address: VIP6 } as const
const serverOp = (server: number, weight = 1): TableOp => ({
  type: 'put-destination',
  serviceKey: key,
  destination: destination(serverAddress(server), 80, 'nat', { weight }),
})
const removal = (server: number): TableOp => ({
  type: 'remove-destination',
  serviceKey: key,
  destinationKey: `${serverAddress(server)}:80`,
})

function withBench(run: (bench: Bench) => void, sizes: Partial<DirectorOptions> = {}): void {
  const bench = new Bench(4096, sizes)
  try {
    run(bench)
  } finally {
    bench.close()
  }
}

const apply = (bench: Bench, ops: readonly TableOp[]): readonly OpResult[] =>
  bench.table.apply(ops, () => {
    throw new Error('not about the table')
  })

/** The list in force of the only service; each writing of it takes the other one of its two. */
function listOf(bench: Bench) {
  const [slice] = [...bench.director.maps.services.slices(16)]
  if (slice === undefined) throw new Error('there is no service')
  const { list } = layout.service.decode(slice.values)
  const head = layout.listHead.decode(bench.director.maps.lists.lookup(u32(list)) as Uint8Array)
  return { list, ...head }
}

test('a batch writes the list of a service once, be it one order or thousands', () => {
  withBench((bench) => {
    bench.apply(put(service(80, { scheduler: 'mh' }), []))
    const before = listOf(bench)
    bench.apply(Array.from({ length: 3_999 }, (_, i) => serverOp(i)))
    const filled = listOf(bench)
    expect([filled.list, filled.count]).toEqual([before.list ^ 1, 3_999])
    bench.apply([...Array.from({ length: 3_999 }, (_, i) => serverOp(i, 1 + (i % 5))), removal(0), removal(1)])
    const changed = listOf(bench)
    expect([changed.list, changed.count]).toEqual([before.list, 3_997])
    bench.apply([removal(0)])
    expect(listOf(bench)).toEqual(changed)
  })
})

test('who is taken out and put in again in one batch keeps its slot and goes to the head of the list', () => {
  withBench((bench) => {
    bench.apply(
      put(
        service(80),
        [1, 2, 3].map((i) => destination(serverAddress(i), 80, 'nat')),
      ),
    )
    const slot = bench.table.slotOf(key, `${serverAddress(1)}:80`)
    bench.apply([removal(1), serverOp(2, 7), serverOp(1, 4)])
    expect(bench.table.slotOf(key, `${serverAddress(1)}:80`)).toBe(slot)
    const held = bench.table.state().services[0]?.destinations.map(({ address, weight }) => [address, weight])
    expect(held).toEqual([
      ['10.0.1.1', 4],
      ['10.0.3.1', 1],
      ['10.0.2.1', 7],
    ])
    bench.reopen()
    expect(bench.table.state().services[0]?.destinations.map(({ address, weight }) => [address, weight])).toEqual(held)
  })
})

test('what is refused in a batch costs nobody else a place', () => {
  withBench((bench) => {
    bench.apply(put(service(80), []))
    const bad = { ...destination(serverAddress(2), 80, 'nat'), weight: -1 }
    const results = apply(bench, [
      serverOp(1),
      { type: 'put-destination', serviceKey: key, destination: bad },
      { type: 'put-destination', serviceKey: keyOf(81), destination: destination(serverAddress(1), 81, 'nat') },
      serverOp(3),
    ])
    expect(results.map(({ ok }) => ok)).toEqual([true, false, false, true])
    expect(bench.table.state().services[0]?.destinations.map(({ address }) => address)).toEqual([
      '10.0.3.1',
      '10.0.1.1',
    ])
  })
})

const reasonOf = (result: OpResult | undefined): unknown => (result?.ok === false ? result.error : undefined)

test('no room for another service: refused by name, and the others stay', () => {
  withBench(
    (bench) => {
      const room = bench.director.maps.services.info.entries
      const services = Array.from({ length: room + 1 }, (_, i) => put(service(1 + i), [])).flat()
      const results = apply(bench, services)
      expect(results.findIndex(({ ok }) => !ok)).toBe(room)
      expect(reasonOf(results[room])).toEqual({
        reason: 'no-space',
        message: `${keyOf(1 + room)}: the table has room for ${room} services; raise lvs_settings service_table_size and restart`,
      })
      expect(bench.table.state().services).toHaveLength(room)
      expect(room).toBe(100)
    },
    { serviceTableSize: 100 },
  )
})

test('no room for another destination: refused by name, and the service keeps those it has', () => {
  withBench(
    (bench) => {
      const room = bench.director.maps.destinations.info.entries
      bench.apply(put(service(80), []))
      const results = apply(
        bench,
        Array.from({ length: room + 2 }, (_, i) => serverOp(i)),
      )
      expect(results.map(({ ok }) => ok).indexOf(false)).toBe(room)
      expect(reasonOf(results[room])).toMatchObject({
        reason: 'no-space',
        message: `${serverAddress(room)}:80: the table has room for ${room} destinations and holds as many; raise lvs_settings destination_table_size and restart`,
      })
      expect(listOf(bench).count).toBe(room)
      expect(bench.table.state().services[0]?.destinations).toHaveLength(room)
      expect(room).toBe(300)
    },
    { destinationTableSize: 300 },
  )
})

test('no room because of removed ones: the refusal counts them, and says for how long they keep their places', () => {
  withBench(
    (bench) => {
      const room = bench.director.maps.destinations.info.entries
      bench.apply(put(service(80), []))
      bench.apply(Array.from({ length: room }, (_, i) => serverOp(i)))
      const said = (removed: number) => ({
        reason: 'no-space',
        message: `${serverAddress(room)}:80: the table has room for ${room} destinations and keeps ${removed} of the places for removed ones, for 120 s each and then while it has connections; wait for them, or raise lvs_settings destination_table_size and restart`,
      })
      // Places are asked for before those of the same orders are given up.
      const both = apply(bench, [serverOp(room), removal(0), removal(1), removal(room + 1)])
      expect(reasonOf(both[0])).toEqual(said(2))
      expect(reasonOf(apply(bench, [serverOp(room)])[0])).toEqual(said(2))
      // One that comes back has its place.
      bench.apply([serverOp(0)])
      expect(reasonOf(apply(bench, [serverOp(room)])[0])).toEqual(said(1))
    },
    { destinationTableSize: 300 },
  )
})

test('by default there is room for 4,096 services, and for 16,384 destinations', () => {
  withBench((bench) => {
    const { services, lists, retired, destinations, loads, dest_traffic } = bench.director.maps
    expect([services, lists, retired].map(({ info }) => info.entries)).toEqual([4_096, 8_192, 4_096])
    expect([destinations, loads, dest_traffic].map(({ info }) => info.entries)).toEqual([16_384, 16_384, 16_384])
    bench.apply(Array.from({ length: 4_095 }, (_, i) => put(service(1 + i), [])).flat())
    bench.apply(put({ ...service(80), address: { ...web6, port: 80 } }, []))
    expect(bench.director.tables.get(6)?.services.info.entries).toBe(4_096)
  })
})

test('no room for the table of a scheduler: the service keeps its scheduler', () => {
  withBench((bench) => {
    const tables = Math.floor(bench.director.maps.buckets.info.entries / 4_093)
    const results = Array.from({ length: tables + 1 }, (_, i) =>
      apply(bench, put(service(1 + i, { scheduler: 'mh' }), [])),
    )
    const last = results[tables]?.[0]
    expect(reasonOf(last)).toMatchObject({ reason: 'no-space', message: expect.stringContaining('lb_algo mh') })
    expect(bench.table.state().services).toHaveLength(tables)
  })
})

test('rates go a quarter of the way to what two seconds brought, of services and of destinations', () => {
  withBench((bench) => {
    bench.apply(
      put(
        service(80),
        [1, 2].map((i) => destination(serverAddress(i), 80, 'nat')),
      ),
    )
    const rates = noRates()
    sampleRates(bench.director, bench.table, rates)
    for (let i = 0; i < 80; i++)
      bench.send({ source: '203.0.113.1', target: VIP, sourcePort: 1024 + i, targetPort: 80, flags: SYN })
    sampleRates(bench.director, bench.table, rates)
    const [of] = readCounters(bench.director, bench.table, rates)
    expect([of?.rates.connections, of?.rates.inPackets]).toEqual([10, 10])
    expect(of?.destinations.map((one) => one.rates.connections)).toEqual([5, 5])
  })
})

test('what has carried nothing is not looked up one by one, and what has is counted among thousands', async () => {
  const bench = new Bench()
  try {
    const many = 4_000
    bench.apply(
      put(
        service(80),
        Array.from({ length: many }, (_, i) => destination(serverAddress(i), 80, 'dr')),
      ),
    )
    const rates = noRates()
    sampleRates(bench.director, bench.table, rates)
    for (let i = 0; i < 8; i++)
      bench.send({ source: '203.0.113.1', target: VIP, sourcePort: 1024 + i, targetPort: 80, flags: SYN })
    const lookup = vi.spyOn(BpfMap.prototype, 'lookup')
    const update = vi.spyOn(BpfMap.prototype, 'update')
    sampleRates(bench.director, bench.table, rates)
    const [before] = readCounters(bench.director, bench.table, rates)
    await bench.sweep()
    expect(bench.table.zeroCounters()).toEqual({ ok: true, value: undefined })
    const [after] = readCounters(bench.director, bench.table, rates)
    expect(lookup.mock.calls.length).toBeLessThan(100)
    // Of those eight, and of the service.
    expect(update.mock.calls.length).toBe(9)
    expect([before?.connections, before?.destinations.filter(({ connections }) => connections === 1).length]).toEqual([
      8, 8,
    ])
    expect(before?.destinations.filter(({ rates: { connections } }) => connections > 0)).toHaveLength(0)
    expect(before?.rates.connections).toBe(1)
    expect([after?.connections, after?.destinations.filter(({ connections }) => connections > 0).length]).toEqual([
      0, 0,
    ])
    expect(after?.destinations.filter(({ activeConnections }) => activeConnections === 1)).toHaveLength(8)
  } finally {
    vi.restoreAllMocks()
    bench.close()
  }
})
