/** News of connections from one core into another: when it is told, and what becomes of it there. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readExits } from '../../src/forwarding/ebpf/counters.ts'
import { createExchange, type EbpfExchange } from '../../src/forwarding/ebpf/exchange.ts'
import { loadingTables } from '../../src/forwarding/ebpf/program.ts'
import { writeSettings } from '../../src/forwarding/ebpf/settings.ts'
import { atOnce } from '../../src/forwarding/ebpf/slices.ts'
import { defaultSettings, type IpvsSettings } from '../../src/forwarding/index.ts'
import type { SyncedConnection } from '../../src/wire/ipvs-sync/index.ts'
import { connectionFlags as flag } from '../../src/wire/ipvs-sync/index.ts'
import { until } from '../lab/library/index.ts'
import { Bench } from './bench.ts'
import { put } from './cluster.ts'
import { ACK, FIN, SYN, UDP } from './frames.ts'
import { worlds } from './world.ts'

describe.each(worlds)('%s', (_name, { family, vip, ip, service, destination, serviceKey, destinationKey }) => {
  let here: Bench
  let there: Bench
  let told: SyncedConnection[]
  let exchange: EbpfExchange
  /** News of earlier tests. */
  let before = 0
  const toldBy = (bench: Bench): number => readExits(bench.director)['news-told'] ?? 0
  // Loading takes longer than all that is done with it.
  beforeAll(() => {
    here = new Bench()
    there = new Bench()
    expect(atOnce(loadingTables(there.director, family)).ok).toBe(true)
  })
  afterAll(() => {
    here.close()
    there.close()
  })
  beforeEach(() => {
    told = []
    before = toldBy(here)
    exchange = createExchange(here.director, here.table, () => here.now())
  })
  afterEach(() => {
    exchange.deafen()
    for (const bench of [here, there]) empty(bench)
  })

  /** As it was when it was loaded, but for counters. */
  function empty(bench: Bench): void {
    bench.apply([{ type: 'remove-service', serviceKey: serviceKey(80) }])
    for (const tables of bench.director.tables.values())
      for (const map of [tables.connections, tables.embryos, tables.templates])
        for (const { count, keys } of [...map.slices(4096)])
          for (let i = 0; i < count; i++) map.delete(keys.slice(i * map.info.keySize, (i + 1) * map.info.keySize))
    bench.table.freeUnreferred(new Set(), bench.now() + 1_000)
    const { sync_threshold, sync_period, sync_refresh_period, sync_retries, sync_persist_mode } = defaultSettings
    writeSettings(bench.director, {
      sync_threshold,
      sync_period,
      sync_refresh_period,
      sync_retries,
      sync_persist_mode,
    })
  }

  const takeIn = (connections: readonly SyncedConnection[], bench = there, asOf?: number) =>
    createExchange(bench.director, bench.table, () => bench.now()).takeIn(connections, asOf)

  function listen(settings: Partial<IpvsSettings> = {}): void {
    expect(writeSettings(here.director, settings).ok).toBe(true)
    const listening = exchange.listen((connections) => {
      told.push(...connections)
    })
    expect(listening.ok).toBe(true)
  }

  const client = (port: number) => ({ source: ip('203.0.113.9'), target: vip, sourcePort: port, targetPort: 80 })

  /** Sends the client's packets, one after the other. */
  function packets(port: number, ...flags: readonly number[]): void {
    for (const one of flags) here.send({ ...client(port), flags: one })
  }

  /** All that was told by now. */
  async function allTold(): Promise<readonly SyncedConnection[]> {
    const { 'news-told': now = 0, 'news-lost': lost } = readExits(here.director)
    await until('news', () => told.length + before >= now)
    expect(lost).toBe(0)
    return told
  }

  const server = (method: 'dr' | 'nat' = 'dr') => destination('192.0.2.11', 80, method)

  test('an established connection is told of at its third packet, and each fiftieth after it', async () => {
    here.apply(put(service(80), [server()]))
    listen()
    packets(5001, SYN, ACK)
    expect(await allTold()).toEqual([])
    packets(5001, ...Array.from({ length: 100 }, () => ACK))
    expect(await allTold()).toHaveLength(2)
    expect(told[0]).toMatchObject({
      protocol: 6,
      flags: flag.directRouting | flag.noOutput,
      state: 1,
      clientPort: 5001,
      virtualPort: 80,
      destinationPort: 80,
      timeout: 900,
      mark: 0,
    })
  })

  test('that it closes is told at once, and once', async () => {
    here.apply(put(service(80), [server()]))
    listen()
    packets(5001, SYN, ACK, FIN | ACK, ACK, ACK)
    expect((await allTold()).map(({ state, flags }) => [state, (flags & flag.inactive) !== 0])).toEqual([[4, true]])
  })

  test('nothing is told where nobody listens', () => {
    here.apply(put(service(80), [server()]))
    packets(5001, SYN, ACK, ACK, ACK, FIN)
    expect(toldBy(here)).toBe(before)
  })

  test('sync_period 0 tells once, at the packet of sync_threshold', async () => {
    here.apply(put(service(80), [server()]))
    listen({ sync_period: 0, sync_threshold: 2 })
    packets(5001, SYN, ...Array.from({ length: 20 }, () => ACK))
    expect(await allTold()).toHaveLength(1)
  })

  test('sync_refresh_period tells by time', async () => {
    here.apply(put(service(80), [server()]))
    listen({ sync_period: 0, sync_refresh_period: 100 })
    packets(5001, SYN, ACK)
    await allTold()
    packets(5001, ACK, ACK)
    const soFar = (await allTold()).length
    here.age('connections', 100)
    packets(5001, ACK, ACK, ACK)
    expect((await allTold()).length).toBe(soFar + 1)
  })

  test('of a persistent service its template is told too; with sync_persist_mode it alone', async () => {
    here.apply(put(service(80, { persistence: { timeout: 300, prefixLength: family === 4 ? 32 : 128 } }), [server()]))
    listen()
    packets(5001, SYN, ACK, ACK)
    expect((await allTold()).map(({ flags }) => (flags & flag.template) !== 0)).toEqual([true, false])
    expect(told[0]).toMatchObject({ clientPort: 0, virtualPort: 80, destinationPort: 80, timeout: 300, state: 1 })
    writeSettings(here.director, { sync_persist_mode: 1 })
    packets(5002, SYN, ACK, ACK)
    expect((await allTold()).map(({ flags }) => (flags & flag.template) !== 0)).toEqual([true, false, true])
  })

  test('repeats follow each time by time, an eighth of the period apart', async () => {
    here.apply(put(service(80), [server()]))
    listen({ sync_period: 0, sync_refresh_period: 80, sync_retries: 2 })
    packets(5001, SYN, ACK)
    await allTold()
    // One aged by so much is told of if one of the three times lies in it; the kernel's seconds count.
    const ages = Array.from({ length: 16 }, (_, i) => 5 * (i + 1))
    for (;;) {
      const [now, soFar] = [here.now(), (await allTold()).length]
      for (const age of ages) {
        here.age('connections', age)
        packets(5001, ACK)
      }
      const { length } = await allTold()
      // The clock went on meanwhile: once more.
      if (here.now() !== now) continue
      const into = now % 80
      const since = into < 10 ? into : into < 20 ? into - 10 : into - 20
      expect(length - soFar).toBe(ages.filter((age) => age > since).length)
      return
    }
  })

  test('persistence goes over: what the client opens next is for the same server there', async () => {
    const persistent = service(80, { persistence: { timeout: 300, prefixLength: family === 4 ? 32 : 128 } })
    const others = destination('192.0.2.12', 80, 'dr')
    for (const bench of [here, there]) bench.apply(put(persistent, [server(), others]))
    listen()
    packets(5001, SYN, ACK, ACK)
    expect(takeIn(await allTold())).toEqual({ entered: 2, renewed: 0, refused: 0, invalid: 0 })
    for (const port of [5002, 5003, 5004]) for (const flags of [SYN, ACK]) there.send({ ...client(port), flags })
    const servers = there.connections().map((one) => one.destination)
    expect(servers).toHaveLength(5)
    expect(new Set(servers)).toEqual(new Set([here.connections()[0]?.destination]))
  })

  test('UDP is told of and taken, too', async () => {
    for (const bench of [here, there]) bench.apply(put(service(80, { protocol: 'udp' }), [server()]))
    listen()
    for (let i = 0; i < 3; i++) here.send({ ...client(5001), protocol: UDP })
    expect(takeIn(await allTold())).toMatchObject({ entered: 1 })
    expect(there.connections()).toMatchObject([{ protocol: 'udp', clientPort: 5001 }])
    for (const bench of [here, there]) bench.apply([{ type: 'remove-service', serviceKey: serviceKey(80, 'udp') }])
  })

  const ipip = { type: 'ipip', port: 0, checksum: 'none' } as const
  describe.each([
    ['dr', {}],
    ['nat', {}],
    ['tun', { tunnel: ipip }],
    ['fullnat', {}],
  ] as const)('%s', (method, more) => {
    const through = (address: string) => destination(address, 80, 'dr', { method, ...more })
    const served = () =>
      service(80, method === 'fullnat' ? { localAddresses: [ip('10.255.0.1')], tcpOptionAddress: true } : {})

    test('a connection goes on in the other core, packet for packet, without its scheduler', async () => {
      for (const bench of [here, there]) bench.apply(put(served(), [through('192.0.2.11'), through('192.0.2.12')]))
      listen()
      packets(5001, SYN, ACK, ACK)
      const [one] = here.connections()
      if (one === undefined) throw new Error('no connection')
      expect(takeIn(await allTold())).toEqual({ entered: 1, renewed: 0, refused: 0, invalid: 0 })
      expect(there.connections()).toMatchObject([
        {
          clientPort: 5001,
          destination: one.destination,
          state: 'ESTABLISHED',
          method,
          expiresIn: expect.closeTo(900, -0.5),
        },
      ])
      const payload = Uint8Array.of(1, 2, 3)
      const onward = { ...client(5001), flags: ACK, payload }
      const [onwardHere, onwardThere] = [here.send(onward), there.send(onward)]
      expect(onwardThere).toMatchObject({ exit: onwardHere.exit, packet: onwardHere.packet })
      expect(onwardThere.exit).toMatch(/^forwarded/)
      if (method === 'nat' || method === 'fullnat') {
        const { destination: source, destinationPort: sourcePort, local, localPort } = one
        const back = {
          source,
          sourcePort,
          target: local ?? one.client,
          targetPort: localPort ?? 5001,
          flags: ACK,
          payload,
        }
        expect(there.send(back).packet).toEqual(here.send(back).packet)
      }
      expect(takeIn(told)).toEqual({ entered: 0, renewed: 1, refused: 0, invalid: 0 })
      const total = there.counters().flatMap(({ destinations }) => destinations)
      expect(total.map(({ activeConnections }) => activeConnections).toSorted()).toEqual([0, 1])
    })
  })

  test('one whose server is not known here waits for it, and is then forwarded', async () => {
    here.apply(put(service(80), [server()]))
    listen()
    packets(5001, SYN, ACK, ACK)
    expect(takeIn(await allTold())).toMatchObject({ entered: 1 })
    expect(there.send({ ...client(5001), flags: ACK }).exit).toBe('destination-removed')
    there.apply(put(service(80), [server()]))
    expect(there.send({ ...client(5001), flags: ACK }).exit).toBe('forwarded')
    expect(there.load(destinationKey('192.0.2.11', 80))).toMatchObject({ active: 1 })
    expect(serviceKey(80)).toBeDefined()
  })

  test('one that nobody tells of any more expires where it was told of, counted or waiting for its server', async () => {
    for (const bench of [here, there]) bench.apply(put(service(80), [server()]))
    listen()
    packets(5001, SYN, ACK, ACK)
    const [one] = (await allTold()) as [SyncedConnection]
    takeIn([one, { ...one, clientPort: 5002, destinationPort: 81 }])
    expect(there.connections()).toHaveLength(2)
    there.age('connections', 890)
    await there.sweep()
    expect(there.connections()).toHaveLength(2)
    expect(takeIn([one])).toMatchObject({ renewed: 1 })
    there.age('connections', 20)
    await there.sweep()
    expect(there.connections()).toMatchObject([{ clientPort: 5001, expiresIn: expect.closeTo(880, -1) }])
    there.age('connections', 900)
    await there.sweep()
    expect(there.connections()).toEqual([])
    expect(there.load(destinationKey('192.0.2.11', 80))).toMatchObject({ active: 0, inactive: 0 })
  })

  test('closing moves the count; an inactive one does not take the place of one that goes elsewhere', async () => {
    for (const bench of [here, there]) bench.apply(put(service(80), [server()]))
    listen()
    packets(5001, SYN, ACK, ACK)
    takeIn(await allTold())
    packets(5001, FIN | ACK)
    await allTold()
    const closing = told.at(-1) as SyncedConnection
    expect(takeIn([closing])).toMatchObject({ renewed: 1 })
    expect(there.load(destinationKey('192.0.2.11', 80))).toMatchObject({ active: 0, inactive: 1 })
    const elsewhere = { ...closing, destinationPort: 81 }
    expect(takeIn([elsewhere])).toMatchObject({ refused: 1 })
    expect(takeIn([{ ...elsewhere, flags: closing.flags & ~flag.inactive, state: 1 }])).toMatchObject({ entered: 1 })
  })

  test('what cannot be is left out', async () => {
    here.apply(put(service(80), [server()]))
    listen()
    packets(5001, SYN, ACK, ACK)
    const [one] = (await allTold()) as [SyncedConnection]
    const wrong: readonly SyncedConnection[] = [
      { ...one, protocol: 1 },
      { ...one, state: 11 },
      { ...one, protocol: UDP, state: 1 },
      { ...one, flags: one.flags | flag.onePacket },
      { ...one, flags: one.flags | flag.template | flag.noClientPort },
      { ...one, flags: one.flags | flag.template, state: 2 },
    ]
    expect(takeIn(wrong)).toEqual({ entered: 0, renewed: 0, refused: 0, invalid: wrong.length })
    expect(there.connections()).toEqual([])
  })

  test('strangers that tell of ever new servers find room for some', async () => {
    here.apply(put(service(80), [server()]))
    listen()
    packets(5001, SYN, ACK, ACK)
    const [one] = (await allTold()) as [SyncedConnection]
    const many = Array.from({ length: 1100 }, (_, i) => ({ ...one, clientPort: 6000 + i, destinationPort: 10_000 + i }))
    expect(takeIn(many)).toEqual({ entered: 1024, renewed: 0, refused: 76, invalid: 0 })
  })

  test('what is older than what was heard of a connection meanwhile does not change it', async () => {
    for (const bench of [here, there]) bench.apply(put(service(80), [server()]))
    listen()
    packets(5001, SYN, ACK, ACK, FIN | ACK)
    const [established, closing] = (await allTold()) as [SyncedConnection, SyncedConnection]
    expect(takeIn([closing])).toMatchObject({ entered: 1 })
    expect(takeIn([established], there, there.now() - 10)).toMatchObject({ renewed: 1 })
    expect(there.connections()).toMatchObject([{ state: 'FIN_WAIT' }])
    expect(takeIn([established], there, there.now() + 10)).toMatchObject({ renewed: 1 })
    expect(there.connections()).toMatchObject([{ state: 'ESTABLISHED' }])
  })

  test('all there is goes over with the time that is left to it', () => {
    here.apply(put(service(80), [server()]))
    packets(5001, SYN, ACK)
    const later = createExchange(here.director, here.table, () => here.now() + 300)
    for (const part of later.all()) expect(takeIn(part)).toMatchObject({ entered: part.length })
    expect(there.connections()).toMatchObject([{ expiresIn: expect.closeTo(600, -1) }])
  })

  test('all there is goes over at once', () => {
    for (const bench of [here, there])
      bench.apply(
        put(service(80, { persistence: { timeout: 300, prefixLength: family === 4 ? 32 : 128 } }), [server('nat')]),
      )
    for (let port = 5001; port <= 5300; port++) packets(port, SYN, ACK)
    for (const part of exchange.all()) takeIn(part)
    expect(there.connections().filter(({ template }) => !template)).toHaveLength(300)
    expect(there.connections().filter(({ template }) => template)).toHaveLength(1)
  })
})
