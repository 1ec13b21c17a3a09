/** SCTP: every cell of IPVS's table (ip_vs_proto_sctp.c), which packets open connections, and the checksum behind NAT. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONNECTION_ACTIVE, ipv4, STATE_MASK } from '../../src/forwarding/ebpf/layout.ts'
import { writeSettings } from '../../src/forwarding/ebpf/settings.ts'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { destination, put, service, VIP } from './cluster.ts'
import { chunk, crc32c, type FramePlan, fragmentHeader, frame, readFrame, SCTP } from './frames.ts'
import { worlds } from './world.ts'

const STATES = ['NO', 'I1', 'IN', 'CS', 'CR', 'CW', 'CO', 'CE', 'ES', 'SS', 'SR', 'SA', 'RJ', 'CL'] as const
const TIMEOUTS: Readonly<Record<string, number>> = { NO: 2, I1: 4, RJ: 4, ES: 900 }

/** Columns as STATES; d: what has no row of its own. */
const table = `
in d            ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL
in init         I1 IN IN CS CR CW CO CE ES SS SR SA IN IN
in initack      CW CW CW CS CR CO CO CE ES SS SR SA RJ CL
in cookecho     CR IN IN CR CR CW CO CE ES SS SR SA RJ CL
in cookack      ES I1 IN CS CR CW CO ES ES SS SR SA RJ CL
in shut         SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL
in shutack      CL IN IN CS CR CW CO CE ES CL SR CL RJ CL
in shutcomp     CL CL CL CS CR CW CO CE ES SS SR CL RJ CL
in error        CL I1 IN CS CR CW CO CL ES SS SR SA RJ CL
in abort        CL CL CL CL CL RJ CL CL CL CL CL CL CL CL
out d           ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL
out init        CW CW CW CW CW CW CW CW ES CW CW CW CW CW
out initack     CS CS CS CS CR CW CO CE ES SS SR SA RJ CL
out cookecho    CE CE CE CE CE CE CE CE ES SS SR SA RJ CL
out cookack     ES ES ES ES ES ES ES ES ES SS SR SA RJ CL
out shut        SS SS SS SS SS SS SS SS SS SS SR SA RJ CL
out shutack     SA SA SA SA SA CW CO CE ES SA SA SA RJ CL
out shutcomp    CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL
out error       CL CL CL CL CL CW CO CE ES SS SR SA RJ CL
out abort       CL RJ CL CL CL CL CL CL CL CL CL CL CL CL
inonly d        ES I1 IN CS CR ES CO CE ES SS SR SA RJ CL
inonly init     I1 IN IN IN IN IN CO CE ES SS SR SA IN IN
inonly initack  CE CE CE CE CE CE CO CE ES SS SR SA RJ CL
inonly cookecho ES ES ES ES ES ES CO CE ES SS SR SA RJ CL
inonly cookack  ES I1 IN ES ES CW ES ES ES SS SR SA RJ CL
inonly shut     SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL
inonly shutack  CL IN IN CS CR CW CO CE CL CL SR CL RJ CL
inonly shutcomp CL CL CL CL CL CW CO CE ES SS CL CL RJ CL
inonly error    CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL
inonly abort    CL CL CL CL CL RJ CL CL CL CL CL CL CL CL
`
const rows = table
  .trim()
  .split('\n')
  .map((line) => line.split(/\s+/))

const CHUNKS: Readonly<Record<string, number>> = {
  d: 0,
  init: 1,
  initack: 2,
  cookecho: 10,
  cookack: 11,
  shut: 7,
  shutack: 8,
  shutcomp: 14,
  error: 9,
  abort: 6,
}

let bench: Bench
beforeAll(() => {
  bench = new Bench()
  bench.apply([
    ...put(service(80, { protocol: 'sctp' }), [destination('192.0.2.11', 80, 'dr')]),
    ...put(service(8000, { protocol: 'sctp' }), [destination('198.51.100.11', 8080, 'nat')]),
    ...put(service(8001, { protocol: 'sctp' }), [destination('198.51.100.12', 8001, 'nat')]),
  ])
})
afterAll(() => bench?.close())

const client = '203.0.113.5'
let port = 10_000
const packet = (targetPort: number, payload: Uint8Array, more: Partial<FramePlan> = {}): FramePlan => ({
  source: client,
  target: VIP,
  sourcePort: port,
  targetPort,
  protocol: SCTP,
  payload,
  ...more,
})

/** The connection of the port in use, and a change to its status. */
function entry(change?: (status: number) => number) {
  let found: ReturnType<typeof ipv4.connection.decode> | undefined
  for (const map of [bench.director.maps.connections, bench.director.maps.embryos])
    bench.rewrite(map, (value, key) => {
      if (ipv4.flow.decode(key).source_port !== port) return
      const view = new DataView(value.buffer, value.byteOffset)
      if (change !== undefined) view.setUint32(0, change(view.getUint32(0, true)), true)
      found = ipv4.connection.decode(value)
    })
  return found
}

describe.each(rows)('%s %s', (direction, event, ...columns) => {
  const nat = direction !== 'inonly'
  test.each(columns.map((next, state) => [STATES[state], next, state] as const))('%s to %s', (from, next, state) => {
    port++
    const service = nat ? 8000 : 80
    expect(bench.send(packet(service, chunk(1))).exit).toBe('forwarded')
    const active = from === 'ES'
    entry((status) => (status & ~(STATE_MASK | CONNECTION_ACTIVE)) | state | (active ? CONNECTION_ACTIVE : 0))
    const key = nat ? '198.51.100.11:8080' : '192.0.2.11:80'
    const before = bench.load(key).active
    const payload = chunk(CHUNKS[event ?? ''] ?? 0)
    if (direction === 'out')
      bench.send({ ...packet(port, payload), source: '198.51.100.11', target: client, sourcePort: 8080 })
    else bench.send(packet(service, payload))
    const after = entry()
    const name = STATES[(after?.status ?? 0) & STATE_MASK] ?? ''
    // An INIT into CLOSED opens a new connection (conn_reuse_mode 1), whose first state is INIT1.
    const expected = from === 'CL' && event === 'init' && direction !== 'out' ? 'I1' : next
    expect(name).toBe(expected)
    expect(after?.timeout).toBe(TIMEOUTS[name] ?? 61)
    expect(bench.load(key).active - before).toBe((name === 'ES' ? 1 : 0) - (active && expected === next ? 1 : 0))
    // As if it had come into its state by packets.
    if (active !== (name === 'ES')) return
    entry((status) => status & ~CONNECTION_ACTIVE)
  })
})

test('types without a row of their own are like DATA', () => {
  for (const type of [3, 4, 5, 12, 13, 15, 64, 130, 192, 193, 255]) {
    port++
    bench.send(packet(80, chunk(1)))
    entry((status) => (status & ~STATE_MASK) | 5)
    bench.send(packet(80, chunk(type)))
    expect([type, STATES[(entry()?.status ?? 0) & STATE_MASK]]).toEqual([type, 'ES'])
  }
})

test.each([
  [10, 5],
  [10, 40],
  [11, 4],
])('a cookie (%i, %i bytes) followed by ABORT is an ABORT', (type, length) => {
  port++
  bench.send(packet(80, chunk(1)))
  bench.send(packet(80, new Uint8Array([...chunk(type, length), ...chunk(6)])))
  expect(STATES[(entry()?.status ?? 0) & STATE_MASK]).toBe('CL')
})

describe.each(worlds)('%s', (_name, { family, vip, ip, service, destination }) => {
  const to = (targetPort: number, payload: Uint8Array, more: Partial<FramePlan> = {}): FramePlan =>
    packet(targetPort, payload, { source: ip(client), target: vip, ...more })
  beforeAll(() => {
    bench.apply([
      ...put(service(80, { protocol: 'sctp' }), [destination('192.0.2.11', 80, 'dr')]),
      ...put(service(8000, { protocol: 'sctp' }), [destination('198.51.100.11', 8080, 'nat')]),
      ...put(service(8001, { protocol: 'sctp' }), [destination('198.51.100.12', 8001, 'nat')]),
    ])
  })

  describe('which packets open a connection', () => {
    test('INIT does, others do not, and none with RST-like ABORT', () => {
      port++
      for (const type of [0, 2, 3, 6, 10, 14])
        expect(bench.send(to(80, chunk(type)))).toMatchObject({ verdict: PASS, exit: 'no-connection' })
      expect(bench.send(to(80, chunk(1)))).toMatchObject({ verdict: REDIRECT, exit: 'forwarded' })
    })

    test('with sloppy_sctp all but ABORT do', () => {
      writeSettings(bench.director, { sloppy_sctp: 1 })
      try {
        for (const type of [0, 2, 3, 10, 14]) {
          port++
          expect(bench.send(to(80, chunk(type))).exit).toBe('forwarded')
        }
        port++
        expect(bench.send(to(80, chunk(6))).exit).toBe('no-connection')
      } finally {
        writeSettings(bench.director, { sloppy_sctp: 0 })
      }
    })

    test('without any chunk nothing is opened', () => {
      port++
      expect(bench.send(to(80, new Uint8Array(0)))).toMatchObject({ verdict: PASS, exit: 'no-connection' })
    })
  })

  describe('the checksum', () => {
    test('CRC32c of 123456789 is the known one (RFC 3720)', () => {
      expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe306_9283)
    })

    test('NAT with another port: right for every length, both ways', () => {
      for (const length of [4, 5, 8, 61, 100, 253, 512, 1000, 1400]) {
        port++
        const body = Uint8Array.from({ length }, (_, i) => (i * 37) & 255)
        const { verdict, packet: sent } = bench.send(to(8000, new Uint8Array([...chunk(1), ...body])))
        expect({ verdict, ...sent }).toMatchObject({ verdict: REDIRECT, targetPort: 8080, checksumRight: true })
        const reply = to(port, new Uint8Array([...chunk(2), ...body]), {
          source: ip('198.51.100.11'),
          target: ip(client),
          sourcePort: 8080,
        })
        expect(bench.send(reply).packet).toMatchObject({
          source: vip,
          sourcePort: 8000,
          checksumRight: true,
          headerChecksumRight: true,
        })
      }
    })

    test('a damaged packet stays damaged', () => {
      port++
      const bytes = frame(to(8000, new Uint8Array([...chunk(1), 1, 2, 3, 4])))
      bytes[bytes.length - 1] = 9
      expect(bench.run(bytes).packet.checksumRight).toBe(false)
    })

    test('NAT to the same port leaves it alone, and one that the device is to make stays zero', () => {
      port++
      const sent = frame(to(8001, chunk(1)))
      const { packet: left } = bench.run(sent)
      expect([...left.transport.subarray(8, 12)]).toEqual([...readFrame(sent).transport.subarray(8, 12)])
      const partial = bench.run(frame(to(8000, chunk(1), { noChecksum: true, sourcePort: ++port })))
      expect([...partial.packet.transport.subarray(8, 12)]).toEqual([0, 0, 0, 0])
    })
  })

  test('an INIT in fragments whose port would change is dropped: its sum cannot be known', () => {
    port++
    const sent = to(8000, chunk(1), family === 6 ? { extensions: [fragmentHeader(0, true, 7)] } : { fragment: 0x2000 })
    expect(bench.send(sent)).toMatchObject({ verdict: DROP, exit: 'fragment' })
    expect(readFrame(frame(sent)).checksumRight).toBe(true)
  })
})
