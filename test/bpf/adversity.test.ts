/** What clients and operators do to a director at the worst time, with real stacks and the offloads of veth. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import type { ForwardingBackend } from '../../src/forwarding/index.ts'
import { type BpfMap, hasTcx, openPinnedMap } from '../../src/sys/bpf/index.ts'
import { summary, until } from '../lab/library/index.ts'
import { applied, type Cluster, destination, keyOf, openCluster, put, service, VIP } from './cluster.ts'

const SWEEP = 200
const DR = [destination('192.0.2.11', 80, 'dr'), destination('192.0.2.12', 80, 'dr')]
const NAT = [destination('198.51.100.11', 8080, 'nat'), destination('198.51.100.12', 8080, 'nat')]
let cluster: Cluster
let backend: ForwardingBackend

beforeAll(async () => {
  cluster = await openCluster()
  backend = await cluster.open({ sweepInterval: SWEEP, connectionTableSize: 65_536 })
  // A client's port in TIME_WAIT may be used again at once.
  cluster.client.sysctl('net.ipv4.tcp_tw_reuse=1')
  await applied(backend, [
    ...put(service(80), DR),
    ...put(service(8000), NAT),
    ...put(service(8053, { protocol: 'udp' }), NAT),
  ])
})
afterAll(async () => {
  await backend?.close('nothing')
  cluster?.close()
})

/** What a client of odd-client.mjs reports. */
async function odd<T>(...words: readonly (string | number)[]): Promise<T> {
  const program = join(import.meta.dirname, 'odd-client.mjs')
  const { stdout, stderr } = await cluster.client.exec(process.execPath, program, ...words.map(String))
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as T
}

describe.each([
  ['direct routing', 80],
  ['NAT', 8000],
])('%s: a client that uses its port again at once', (_method, port) => {
  test.each([
    ['after both sides have closed', 'finish', 30],
    ['after it has reset the connection', 'reset', 30],
    ['after it had closed its half first, and got 1 MB all the same', 'half-close', 10],
  ])('%s', async (_claim, how, count) => {
    const answers = await odd<(number | string)[]>('same-port', VIP, port, 23_000 + port, count, how)
    const least = how === 'half-close' ? 1 << 20 : 20
    expect(answers.filter((answer) => typeof answer !== 'number' || answer < least)).toEqual([])
    expect(answers).toHaveLength(count)
  })
})

describe('UDP through NAT', () => {
  const udp = (...sizes: readonly number[]) => odd<(number | string)[]>('udp', VIP, 8053, ...sizes)

  test('the longest datagram in one packet is answered, and one whose answer comes in fragments', async () => {
    // The server puts `nat1 ` before the question.
    expect(await udp(1467, 1472)).toEqual([1472, 1477])
  })

  test('datagrams in fragments are answered, and the next one in one piece', async () => {
    const before = await backend.exits()
    expect(await udp(4000, 100, 8000, 1473)).toEqual([4005, 105, 8005, 1478])
    const after = await backend.exits()
    expect(after['fragment-unknown']).toBe(before['fragment-unknown'])
    expect((after['replied'] ?? 0) - (before['replied'] ?? 0)).toBeGreaterThanOrEqual(3 + 1 + 6 + 2)
  })

  test('a question without a checksum is answered', async () => {
    expect(await odd('udp-without-checksum', VIP, 8053, '192.0.2.100', 23_053)).toBe('nat1 hello'.length)
  })
})

/** Connections of a service so far. */
const opened = async (port: number): Promise<number> =>
  (await backend.counters()).find(({ serviceKey }) => serviceKey === keyOf(port))?.connections ?? 0

describe('2000 connections of 8 clients while destinations come, go and change weight', () => {
  test('all are answered, every count is that of the table, and all are zero in the end', async () => {
    await applied(backend, [
      ...put(service(8100, { scheduler: 'wlc' }), NAT),
      ...put(service(80, { scheduler: 'wlc' }), DR),
    ])
    let running = true
    const clients = Promise.all([8100, 80].map((port) => odd('many', VIP, port, 4, 1000))).finally(() => {
      running = false
    })
    let rounds = 0
    while (running) {
      for (const [port, servers] of [
        [8100, NAT],
        [80, DR],
      ] as const) {
        const one = servers[rounds % 2] ?? servers[0]!
        const serviceKey = keyOf(port)
        const destinationKey = `${one.address}:${one.port}`
        await applied(backend, [{ type: 'put-destination', serviceKey, destination: { ...one, weight: 0 } }])
        const before = await opened(port)
        await until('more connections', async () => !running || (await opened(port)) >= before + 10, { every: 5 })
        await applied(backend, [
          { type: 'remove-destination', serviceKey, destinationKey },
          { type: 'put-destination', serviceKey, destination: { ...one, weight: 1 + (rounds % 5) } },
        ])
      }
      rounds++
    }
    expect(await clients).toEqual([{ answered: 1000 }, { answered: 1000 }])
    expect(rounds).toBeGreaterThan(5)
    expect(await counted()).toEqual(recounted())
    const embryos = pinned('embryos')
    for (const map of [pinned('connections'), embryos, pinned('templates')]) makeOlder(map, 2000)
    await until('all is removed', () => recounted().size === 0)
    await until(
      'all counts are zero',
      async () =>
        (await backend.counters()).every(({ destinations }) =>
          destinations.every((one) => one.activeConnections + one.inactiveConnections === 0),
        ),
      { within: 5_000 },
    )
  })
})

describe('two daemons of one host, with directories of their own', () => {
  test('both serve on the same interfaces (tcx), and one that goes leaves the other alone', async ({ skip }) => {
    if (!hasTcx(1)) skip('this kernel has no tcx (6.6)')
    const answered = async (port: number) =>
      (await odd<(number | string)[]>('same-port', VIP, port, 24_000 + port, 2, 'finish')).every(
        (answer) => typeof answer === 'number',
      )
    const services = async (of: ForwardingBackend) => (await of.read()).services.length
    const before = await services(backend)
    const pinDirectory = `${cluster.pinDirectory}-other`
    const other = await cluster.open({ pinDirectory, sweepInterval: SWEEP })
    try {
      await applied(other, [...put(service(8200), NAT), ...put(service(443), [destination('192.0.2.11', 443, 'dr')])])
      for (const port of [80, 8000, 8200, 443]) expect(await answered(port)).toBe(true)
      expect([await services(backend), await services(other)]).toEqual([before, 2])
    } finally {
      await other.close('nothing')
    }
    for (const port of [80, 8000]) expect(await answered(port)).toBe(true)
  })
})

describe('a flood of 200,000 SYNs from as many addresses', () => {
  test.each([80, 8000])(
    'port %i: what is established goes on, new clients get through, the half-open stay within bounds',
    async (port) => {
      const slow = cluster.client.exec(
        'sh',
        '-c',
        `curl -s --max-time 50 --limit-rate 2M http://${VIP}:${port}/bulk/12 | wc -c`,
      )
      await until('the download has begun', async () =>
        (await backend.connections(1000)).some(
          ({ state, virtualPort }) => state === 'ESTABLISHED' && virtualPort === port,
        ),
      )
      const load = await cluster.client.load(`http://${VIP}:${port}/`, {
        sources: ['192.0.2.101'],
        every: 50,
        timeout: 10_000,
      })
      const flood = odd<{ sent: number }>('syn-flood', VIP, port, 200_000)
      expect(await flood).toEqual({ sent: 200_000 })
      const halfOpen = size(pinned('embryos'))
      expect(halfOpen).toBeGreaterThan(10_000)
      expect(halfOpen).toBeLessThanOrEqual(32_768)
      expect((await slow).stdout.trim()).toBe(String(12 << 20))
      const before = load.requests.length
      await until('clients are served after it', () => load.requests.length > before + 5)
      await load.stop()
      expect(summary(load.requests).failed).toBe(0)
      expect((await backend.exits())['table-full']).toBe(0)
    },
  )
})

const held = new Map<string, BpfMap>()
afterAll(() => {
  for (const map of held.values()) map.close()
})

function pinned(name: string): BpfMap {
  const open = held.get(name)
  if (open !== undefined) return open
  const map = openPinnedMap(`${cluster.pinDirectory}/${name}`)
  if (!map.ok || map.value === undefined) throw new Error(`no map ${name}`)
  held.set(name, map.value)
  return map.value
}
const size = (map: BpfMap): number => [...map.slices(4096)].reduce((sum, { count }) => sum + count, 0)

type Counts = Map<string, { active: number; total: number }>

/** What the table says itself, by the destination's address. */
function recounted(): Counts {
  const counts: Counts = new Map()
  for (const map of [pinned('connections'), pinned('embryos')])
    for (const { count, values } of map.slices(4096))
      for (let i = 0; i < count; i++) {
        const { status, address } = layout.ipv4.connection.decode(values, i * layout.ipv4.connection.size)
        if ((status & layout.CONNECTION_REPLY) !== 0) continue
        const { active, total } = counts.get(address) ?? { active: 0, total: 0 }
        counts.set(address, { active: active + ((status & layout.CONNECTION_ACTIVE) !== 0 ? 1 : 0), total: total + 1 })
      }
  return counts
}

/** What the counters say. */
async function counted(): Promise<Counts> {
  const counts: Counts = new Map()
  for (const { destinations } of await backend.counters())
    for (const { destinationKey, activeConnections, inactiveConnections } of destinations) {
      const address = destinationKey.split(':')[0] ?? ''
      const { active, total } = counts.get(address) ?? { active: 0, total: 0 }
      counts.set(address, {
        active: active + activeConnections,
        total: total + activeConnections + inactiveConnections,
      })
    }
  for (const [address, { total }] of counts) if (total === 0) counts.delete(address)
  return counts
}

function makeOlder(map: BpfMap, seconds: number): void {
  const { keySize, valueSize } = map.info
  for (const { count, keys, values } of [...map.slices(65_536)])
    for (let i = 0; i < count; i++) {
      const value = values.slice(i * valueSize, (i + 1) * valueSize)
      const view = new DataView(value.buffer)
      view.setUint32(4, view.getUint32(4, true) - seconds, true)
      map.update(keys.slice(i * keySize, (i + 1) * keySize), value)
    }
}
