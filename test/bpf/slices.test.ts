/** Orders about thousands of destinations, which are carried out in slices: what packets, readers and others see meanwhile. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import { atOnce, SLICE, type Sliced } from '../../src/forwarding/ebpf/slices.ts'
import { u32 } from '../../src/forwarding/ebpf/struct.ts'
import type { ForwardingBackend, OpResult, TableOp } from '../../src/forwarding/index.ts'
import { Bench } from './bench.ts'
import { destination, keyOf, put, service, VIP } from './cluster.ts'
import { SYN } from './frames.ts'
import { openRouter, type Router } from './router.ts'
import { serverAddress } from './scheduler-history.ts'

const MANY = 4_000
const key = keyOf(80)
const server = (number: number, weight = 1) => destination(serverAddress(number), 80, 'dr', { weight })
const putServer = (number: number, weight = 1): TableOp => ({
  type: 'put-destination',
  serviceKey: key,
  destination: server(number, weight),
})
const removal = (number: number): TableOp => ({
  type: 'remove-destination',
  serviceKey: key,
  destinationKey: `${serverAddress(number)}:80`,
})
const many = Array.from({ length: MANY }, (_, i) => i)

describe('the table', () => {
  let bench: Bench
  beforeEach(() => {
    bench = new Bench()
  })
  afterEach(() => bench.close())

  const applying = (ops: readonly TableOp[]) =>
    bench.table.applying(ops, ({ type }) => {
      throw new Error(`${type} is no order about the table`)
    })

  /** How often there was a pause. */
  function during(sliced: Sliced<readonly OpResult[]>, look: (pause: number) => void): number {
    for (let pauses = 0; ; pauses++) {
      const step = sliced.next()
      if (step.done === true) {
        expect(step.value.filter(({ ok }) => !ok)).toEqual([])
        return pauses
      }
      look(pauses)
    }
  }

  /** Of the only service: the list in force and how many it has. */
  function listInForce() {
    const [slice] = [...bench.director.maps.services.slices(16)]
    if (slice === undefined) throw new Error('there is no service')
    const { list } = layout.service.decode(slice.values)
    return { list, count: layout.listHead.decode(bench.director.maps.lists.lookup(u32(list)) as Uint8Array).count }
  }

  /** Slots of servers by NAT, by address. */
  const natServers = () =>
    [...bench.director.maps.nat_servers.slices(8_192)]
      .flatMap(({ count, keys, values }) =>
        Array.from({ length: count }, (_, i) => {
          const { size, decode } = layout.ipv4.serviceKey
          return `${decode(keys, i * size).address} ${new Uint32Array(values.buffer)[i]}`
        }),
      )
      .sort()

  let port = 1024
  const connect = () =>
    bench.send({ source: '203.0.113.1', target: VIP, sourcePort: port++, targetPort: 80, flags: SYN })
  const chosen = (): string => {
    expect(connect().exit).toBe('forwarded')
    return bench.connections().find(({ clientPort }) => clientPort === port - 1)?.destination ?? 'nobody'
  }

  test('the way to each of thousands is asked for once, and packets go by the old list until the new one is complete', () => {
    bench.apply(put(service(80), [server(MANY)]))
    const before = listInForce()
    const asked = bench.lookups.length
    const pauses = during(applying([...many.map((i) => putServer(i)), removal(MANY)]), () => {
      expect(listInForce()).toEqual(before)
      expect(bench.table.state().services[0]?.destinations).toHaveLength(1)
      expect(chosen()).toBe(serverAddress(MANY))
    })
    expect(pauses).toBe(Math.floor(MANY / SLICE))
    expect(bench.lookups.slice(asked)).toEqual(many.map(serverAddress))
    expect(listInForce()).toEqual({ list: before.list ^ 1, count: MANY })
    expect(chosen()).toBe(serverAddress(MANY - 1))
  })

  test('of thousands that are taken out packets see all or none', () => {
    bench.apply(
      put(
        service(80),
        many.map((i) => server(i)),
      ),
    )
    const seen = new Set<string>()
    const pauses = during(applying(many.map(removal)), () => seen.add(`${listInForce().count} ${connect().exit}`))
    expect([...seen]).toEqual([`${MANY} forwarded`, '0 no-destination'])
    // Once for the list, and once for what is written of each when it is not in it any more.
    expect(pauses).toBe(2 * Math.floor((MANY - 1) / SLICE))
  })

  test('a service with thousands is gone at once, and they go in slices', () => {
    bench.apply(
      put(
        service(80),
        many.map((i) => server(i)),
      ),
    )
    const pauses = during(applying([{ type: 'remove-service', serviceKey: key }]), () => {
      expect(bench.table.state().services).toEqual([])
      expect(connect().exit).toBe('no-service')
    })
    expect(pauses).toBe(Math.floor((MANY - 1) / SLICE))
  })

  test('a server of which another director tells in a pause, before its list is complete, has one place', () => {
    bench.apply(put(service(80), []))
    const virtual = { protocol: 6, address: VIP, port: 80, mark: 0 }
    during(applying(many.map((i) => putServer(i))), (pause) => {
      if (pause > 0) return
      const found = bench.table.slotAwaiting(key, virtual, `${serverAddress(0)}:80`, server(0))
      expect(found).toMatchObject({ available: true, destinationKey: `${serverAddress(0)}:80` })
    })
    expect(bench.table.usedSlots()).toHaveLength(MANY)
  })

  test('a route that changes in a pause counts for those before and after it', () => {
    bench.apply(put(service(80), []))
    const via = { interfaceIndex: 1, nextHop: address('192.0.2.9'), mtu: 1500, local: false }
    during(applying(many.map((i) => putServer(i))), (pause) => {
      if (pause !== 3) return
      for (const i of many) bench.hops.set(serverAddress(i), via)
      atOnce(bench.table.refreshHops())
    })
    const hops = new Set(bench.table.usedSlots().map((slot) => bench.table.slotAt(slot)?.hop.nextHop))
    expect([...hops]).toEqual([via.nextHop])
  })

  test('routes that change are asked for once an address, in slices', () => {
    const services = [80, 81].flatMap((at) =>
      put(
        service(at),
        many.map((i) => destination(serverAddress(i), at, 'dr')),
      ),
    )
    bench.apply(services)
    const asked = bench.lookups.length
    const refresh = bench.table.refreshHops()
    let pauses = 0
    while (refresh.next().done !== true) pauses++
    expect(pauses).toBe(Math.floor((2 * MANY - 1) / SLICE))
    expect(bench.lookups.slice(asked).sort()).toEqual(many.map(serverAddress).sort())
  })

  test('what an earlier process left is read in slices: packets go by it meanwhile, and nothing is written anew', () => {
    const via = { interfaceIndex: 1, nextHop: address('192.0.2.9'), mtu: 1500, local: false, source: VIP }
    for (const i of many) bench.hops.set(serverAddress(i), via)
    const natServer = (i: number) => destination(serverAddress(i), 80, 'nat', { weight: i % 3 })
    bench.apply(put(service(80), many.map(natServer)))
    const before = { list: listInForce(), state: bench.table.state(), natServers: natServers() }
    const asked = bench.lookups.length
    let written = 0
    for (const map of [bench.director.maps.destinations, bench.director.maps.nat_servers, bench.director.maps.members])
      map.update = () => {
        written++
        return { ok: true, value: undefined }
      }
    const reopening = bench.reopening()
    let pauses = 0
    for (; reopening.next().done !== true; pauses++)
      if (pauses % 8 === 0) {
        expect(listInForce()).toEqual(before.list)
        expect(connect().exit).toBe('forwarded')
      }
    // The places of all that the table has room for, the servers by NAT, and thrice those that are there.
    expect(pauses).toBeGreaterThanOrEqual(16_384 / SLICE + Math.floor((4 * (MANY - 1)) / SLICE))
    expect(bench.lookups).toHaveLength(asked)
    atOnce(bench.table.refreshHops())
    expect(written).toBe(0)
    expect(bench.table.state()).toEqual(before.state)
    expect(natServers()).toEqual(before.natServers)
  })

  test('places of servers by NAT that an earlier process did not come to write are mended', () => {
    bench.apply(
      put(
        service(80),
        [1, 2, 3].map((i) => destination(serverAddress(i), 80, 'nat')),
      ),
    )
    const right = natServers()
    const { nat_servers: map } = bench.director.maps
    const placeOf = (i: number) =>
      layout.ipv4.serviceKey.encode({ protocol: 6, address: address(serverAddress(i)), port: 80 })
    map.delete(placeOf(1))
    map.update(placeOf(2), u32(0))
    map.update(placeOf(9), u32(1))
    bench.reopen()
    expect(natServers()).toEqual(right)
    bench.apply([1, 2, 3].map(removal))
    expect(natServers()).toEqual([])
  })

  test('a place that had another server before begins at zero', () => {
    bench.apply(put(service(80), [server(1)]))
    connect()
    bench.apply([removal(1)])
    bench.forget()
    bench.later = 300
    bench.table.freeUnreferred(new Set(), bench.now())
    expect(bench.table.usedSlots()).toEqual([])
    bench.apply([putServer(2)])
    expect(bench.table.usedSlots()).toEqual([0])
    expect(bench.load(`${serverAddress(2)}:80`)).toEqual({ active: 0, inactive: 0, persistent: 0 })
    expect(bench.counters()[0]?.destinations[0]).toMatchObject({ connections: 0, inPackets: 0 })
  })
})

describe('the backend', () => {
  let router: Router
  let backend: ForwardingBackend
  beforeAll(() => {
    router = openRouter()
    router.ip('route', 'add', '10.0.0.0/8', 'via', '192.0.2.2')
  })
  beforeEach(async () => {
    backend = await router.open()
    await backend.apply(put(service(80), []))
  })
  afterEach(async () => {
    await backend.close('nothing')
    router.clean()
  })
  afterAll(() => router?.close())

  /** What it comes to, and how often others were answered meanwhile. */
  async function answering<T>(work: Promise<T>): Promise<{ readonly value: T; readonly answered: number }> {
    let answered = 0
    let ended = false
    const answer = (): void => {
      answered++
      if (!ended) setImmediate(answer)
    }
    setImmediate(answer)
    const value = await work
    ended = true
    return { value, answered }
  }

  test('others are answered between the slices of thousands of orders', async () => {
    const { value, answered } = await answering(backend.apply(many.map((i) => putServer(i))))
    expect(value.filter(({ ok }) => ok)).toHaveLength(MANY)
    expect(answered).toBeGreaterThanOrEqual(Math.floor((MANY - 1) / SLICE))
  })

  test('others are answered while a backend takes over what the one before has left', async () => {
    await backend.apply(many.map((i) => putServer(i)))
    const { services } = await backend.read()
    await backend.close('services-in-place')
    const { value, answered } = await answering(router.open())
    backend = value
    expect(answered).toBeGreaterThanOrEqual(16_384 / SLICE + Math.floor((3 * (MANY - 1)) / SLICE))
    expect((await backend.read()).services).toEqual(services)
  })

  test('orders that come meanwhile wait for their turn, and whoever reads then sees what they led to', async () => {
    const [, , { services }, , after] = await Promise.all([
      backend.apply(many.map((i) => putServer(i))),
      backend.apply([removal(0), putServer(1, 7)]),
      backend.read(),
      backend.apply([{ type: 'remove-service', serviceKey: key }]),
      backend.read(),
    ])
    expect(services[0]?.destinations).toEqual([
      ...many
        .slice(2)
        .reverse()
        .map((i) => server(i)),
      server(1, 7),
    ])
    expect(after).toEqual({ services: [] })
  })

  test('closed meanwhile, with services in place: all that was ordered is there', async () => {
    const going = backend.apply(many.map((i) => putServer(i)))
    await backend.close('services-in-place')
    expect((await going).filter(({ ok }) => !ok)).toEqual([])
    backend = await router.open()
    expect((await backend.read()).services[0]?.destinations).toHaveLength(MANY)
  })
})
