/** Full tables while no process sweeps: the program removes what has expired, when it needs the room, and not often. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bench } from './bench.ts'
import { put } from './cluster.ts'
import { ACK, SYN, UDP } from './frames.ts'
import { worlds } from './world.ts'

const SIZE = 64

describe.each(worlds)('%s', (_name, { family, vip, ip, prefix, service, destination, destinationKey }) => {
  let bench: Bench
  const tables = () => {
    const held = bench.director.tables.get(family)
    if (held === undefined) throw new Error('the tables of this family are not there')
    return held
  }
  beforeEach(() => {
    bench = new Bench(SIZE)
    bench.apply([
      ...put(service(54, { protocol: 'udp' }), [destination('192.0.2.11', 54, 'dr')]),
      ...put(service(53, { protocol: 'udp' }), [destination('198.51.100.11', 53, 'nat')]),
      ...put(service(80), [destination('192.0.2.11', 80, 'dr')]),
      ...put(service(8000), [destination('198.51.100.11', 8080, 'nat')]),
    ])
  })
  afterEach(() => bench.close())

  const ask = (sourcePort: number, targetPort = 54): string =>
    bench.send({ source: ip('203.0.113.1'), target: vip, sourcePort, targetPort, protocol: UDP }).exit
  /** Entries of the table, expired or not. */
  const entries = (): number => [...tables().connections.slices(SIZE * 2)].reduce((n, { count }) => n + count, 0)

  /** Flows until one finds no room. */
  function fill(targetPort = 54): void {
    bench.sweptBefore(0)
    for (let port = 1000; port < 2000; port++) if (ask(port, targetPort) === 'table-full') return
    throw new Error('the table never was full')
  }

  test('what has expired makes room for a new flow, and the counts follow', () => {
    fill()
    bench.age('connections', 301)
    bench.sweptBefore(16)
    expect(ask(3000)).toBe('forwarded+room-made')
    expect(entries()).toBe(1)
    expect(bench.load(destinationKey('192.0.2.11', 54))).toEqual({ active: 0, inactive: 1, persistent: 0 })
  })

  test('a NAT flow goes with both of its entries', () => {
    fill(53)
    bench.age('connections', 301)
    bench.sweptBefore(16)
    expect(ask(3000, 53)).toBe('forwarded+room-made')
    expect(entries()).toBe(2)
    expect(bench.load(destinationKey('198.51.100.11', 53))).toEqual({ active: 0, inactive: 1, persistent: 0 })
  })

  test.each([
    [80, 1],
    [8000, 2],
  ])('a TCP connection to port %i finds room when its client acknowledges', (targetPort, taken) => {
    fill()
    bench.age('connections', 301)
    const plan = { source: ip('203.0.113.1'), target: vip, sourcePort: 3000, targetPort }
    expect(bench.send({ ...plan, flags: SYN }).exit).toBe('forwarded')
    bench.sweptBefore(16)
    expect(bench.send({ ...plan, flags: ACK }).exit).toBe('forwarded+room-made')
    expect(entries()).toBe(taken)
    expect(bench.connections()).toMatchObject([{ state: 'ESTABLISHED' }])
  })

  test('what lives is not touched: the new flow is refused', () => {
    fill()
    const before = entries()
    bench.sweptBefore(16)
    expect(ask(3000)).toBe('table-full')
    expect(entries()).toBe(before)
  })

  test('a process that sweeps is left to it', async () => {
    fill()
    bench.age('connections', 301)
    bench.sweptBefore(14)
    expect(ask(3000)).toBe('table-full')
    bench.sweptBefore(16)
    bench.age('connections', -301)
    await bench.sweep()
    bench.age('connections', 301)
    expect(ask(3000)).toBe('table-full')
  })

  test('at most once in 15 s, also when nothing could be removed', () => {
    fill()
    bench.sweptBefore(16)
    expect(ask(3000)).toBe('table-full')
    bench.age('connections', 301)
    expect(ask(3000)).toBe('table-full')
  })

  test('templates make room as well: those whose time is up and whose connections are gone', () => {
    bench.apply(
      put(service(55, { protocol: 'udp', persistence: { timeout: 50, prefixLength: prefix(32) } }), [
        destination('192.0.2.12', 55, 'dr'),
      ]),
    )
    const from = (client: number) =>
      bench.send({ source: ip(`203.0.113.${client}`), target: vip, sourcePort: 1000, targetPort: 55, protocol: UDP })
        .exit
    bench.sweptBefore(0)
    // Connections need not live for that; so they do not fill their own table.
    for (let client = 1; client <= SIZE; client++) {
      from(client)
      const size = tables().connections.info.keySize
      for (const { count, keys } of [...tables().connections.slices(SIZE)])
        for (let i = 0; i < count; i++) tables().connections.delete(keys.slice(i * size, (i + 1) * size))
    }
    const held = () => bench.connections().filter(({ template }) => template).length
    expect(held()).toBe(SIZE)
    bench.rewrite(tables().templates, (value) => new DataView(value.buffer, value.byteOffset).setInt32(12, 0, true))
    bench.age('templates', 51)
    bench.sweptBefore(16)
    expect(from(200)).toBe('forwarded+room-made')
    expect(held()).toBe(1)
    expect(bench.load(destinationKey('192.0.2.12', 55)).persistent).toBe(1)
  })
})
