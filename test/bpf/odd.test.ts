/** Packets as the network also sends them: with options, in fragments, padded, damaged, from nowhere. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { destination, keyOf, put, service, VIP } from './cluster.ts'
import { ACK, type FramePlan, frame, ICMP, icmpError, SYN, UDP } from './frames.ts'

let bench: Bench
beforeAll(() => {
  bench = new Bench()
  bench.apply([
    ...put(service(80), [destination('192.0.2.11', 80, 'dr')]),
    ...put(service(8000), [destination('198.51.100.11', 8080, 'nat')]),
    ...put(service(53, { protocol: 'udp' }), [destination('198.51.100.11', 5353, 'nat')]),
    ...put(service(54, { protocol: 'udp' }), [destination('192.0.2.11', 54, 'dr')]),
    ...put(service(99), []),
  ])
})
afterAll(() => bench?.close())

const client = '203.0.113.5'
const server = '198.51.100.11'
let port = 20_000
beforeEach(() => {
  port++
})
const to = (targetPort: number, more: Partial<FramePlan> = {}): FramePlan => ({
  source: client,
  target: VIP,
  sourcePort: port,
  targetPort,
  flags: SYN,
  ...more,
})
const back = (more: Partial<FramePlan> = {}): FramePlan => ({
  source: server,
  target: client,
  sourcePort: 8080,
  targetPort: port,
  flags: SYN | ACK,
  ...more,
})

describe.each([1, 2, 10])('with %i words of options', (options) => {
  test('direct routing: sent on, options and all', () => {
    const sent = frame(to(80, { options }))
    const { verdict, exit, packet, frame: left } = bench.run(sent)
    expect({ verdict, exit, ...packet }).toMatchObject({
      verdict: REDIRECT,
      exit: 'forwarded',
      ttl: 63,
      headerChecksumRight: true,
      checksumRight: true,
    })
    expect([...left.subarray(26)]).toEqual([...sent.subarray(26)])
  })

  test('NAT both ways, and the packets after', () => {
    const rightly = { headerChecksumRight: true, checksumRight: true }
    expect(bench.send(to(8000, { options })).packet).toMatchObject({ target: server, targetPort: 8080, ...rightly })
    expect(bench.send(back({ options })).packet).toMatchObject({ source: VIP, sourcePort: 8000, ...rightly })
    expect(bench.send(to(8000, { options, flags: ACK })).packet).toMatchObject({ targetPort: 8080, ...rightly })
    expect(bench.send(to(53, { options, protocol: UDP, payload: new Uint8Array(3) })).packet).toMatchObject({
      targetPort: 5353,
      ...rightly,
    })
  })

  test('the ICMP error about it quotes the options', () => {
    const sent = frame(to(99, { options }))
    const { exit, packet, verdict } = bench.run(sent)
    expect({ exit, verdict }).toEqual({ exit: 'no-destination', verdict: REDIRECT })
    expect(packet).toMatchObject({ protocol: ICMP, target: client, checksumRight: true, headerChecksumRight: true })
    expect([...packet.transport.subarray(8)]).toEqual([...sent.subarray(14)])
  })
})

describe('fragments', () => {
  const first = (targetPort: number, length = 64): FramePlan =>
    to(targetPort, { protocol: UDP, fragment: 0x2000, payload: new Uint8Array(length) })
  const later = (more: Partial<FramePlan> = {}): FramePlan => ({
    source: client,
    target: VIP,
    protocol: UDP,
    fragment: 9,
    // The payload goes where the frame builder would put ports.
    payload: new Uint8Array(40),
    ...more,
  })
  const traffic = (targetPort: number) =>
    bench.counters().find(({ serviceKey }) => serviceKey === keyOf(targetPort, 'udp'))

  test('direct routing: the later ones follow the first', () => {
    expect(bench.send(first(54)).exit).toBe('forwarded')
    const sent = frame(later())
    const { verdict, exit, packet, frame: left } = bench.run(sent)
    expect({ verdict, exit, ttl: packet.ttl, right: packet.headerChecksumRight }).toEqual({
      verdict: REDIRECT,
      exit: 'forwarded',
      ttl: 63,
      right: true,
    })
    expect([...left.subarray(26)]).toEqual([...sent.subarray(26)])
  })

  test('NAT: only the address of the later ones changes, and the whole counts as one packet', () => {
    const before = traffic(53)
    const { packet } = bench.send(first(53))
    expect(packet).toMatchObject({ target: server, targetPort: 5353, headerChecksumRight: true, checksumRight: true })
    const sent = frame(later())
    const { exit, packet: next, frame: left } = bench.run(sent)
    expect({ exit, ...next }).toMatchObject({ exit: 'forwarded', target: server, headerChecksumRight: true })
    expect([...left.subarray(34)]).toEqual([...sent.subarray(34)])
    const after = traffic(53)
    expect((after?.inPackets ?? 0) - (before?.inPackets ?? 0)).toBe(1)
    expect((after?.inBytes ?? 0) - (before?.inBytes ?? 0)).toBe(20 + 8 + 64 + 8 + 40)
  })

  test('NAT: those of the answer become the virtual service’s', () => {
    bench.send(to(53, { protocol: UDP }))
    const answer = { source: server, target: client, sourcePort: 5353, targetPort: port, protocol: UDP }
    const { packet } = bench.send({ ...answer, fragment: 0x2000, payload: new Uint8Array(64) })
    expect(packet).toMatchObject({ source: VIP, sourcePort: 53, checksumRight: true })
    expect(bench.send({ ...later(), source: server, target: client })).toMatchObject({
      exit: 'replied',
      packet: { source: VIP, headerChecksumRight: true },
    })
  })

  test('one that comes before the first, or of another packet, is passed and counted', () => {
    const unknown = frame(later({ source: '203.0.113.77' }))
    const { verdict, exit, frame: left } = bench.run(unknown)
    expect({ verdict, exit }).toEqual({ verdict: PASS, exit: 'fragment-unknown' })
    expect(left).toEqual(unknown)
  })

  test('a last one of eight bytes', () => {
    bench.send(first(53))
    const bytes = frame(later({ payload: new Uint8Array(0) }))
    expect(bench.run(bytes)).toMatchObject({ exit: 'forwarded', packet: { target: server } })
  })

  test('of ICMP: passed', () => {
    const bytes = frame({
      source: client,
      target: VIP,
      protocol: ICMP,
      fragment: 0x2000,
      payload: new Uint8Array(64).fill(3),
    })
    expect(bench.run(bytes)).toMatchObject({ verdict: PASS, exit: 'fragment' })
  })
})

describe('what the stack would drop before IPVS sees it is passed to it', () => {
  const changed = (change: (bytes: Uint8Array) => void, plan = to(8000)): Uint8Array => {
    const bytes = frame(plan)
    change(bytes)
    return bytes
  }
  const rows: readonly [exit: string, claim: string, bytes: () => Uint8Array][] = [
    ['checksum', 'a wrong header checksum', () => changed((bytes) => (bytes[24]! ^= 1))],
    ['checksum', 'with options', () => changed((bytes) => (bytes[24]! ^= 1), to(8000, { options: 1 }))],
    ['truncated', 'a length beyond the frame', () => changed((bytes) => (bytes[16] = 0xff))],
    ['truncated', 'a length within the header', () => changed((bytes) => bytes.set([0, 19], 16))],
    ['truncated', 'a TCP header cut short by the length', () => frame(to(8000)).subarray(0, 14 + 20 + 19)],
    ['truncated', 'a header length below 5', () => changed((bytes) => (bytes[14] = 0x44))],
    ['truncated', 'version 6 inside IPv4', () => changed((bytes) => (bytes[14] = 0x65))],
  ]
  test.each(rows)('%s: %s', (exit, _claim, build) => {
    const sent = build()
    if (exit === 'truncated' && sent[14] === 0x45) fixChecksum(sent)
    const { verdict, exit: counted, frame: left } = bench.run(sent)
    expect({ verdict, exit: counted }).toEqual({ verdict: PASS, exit })
    expect(left).toEqual(sent)
  })

  test.each(['127.0.0.1', '224.0.0.5', '239.1.1.1', '255.255.255.255', '0.0.0.0', '0.1.2.3'])(
    'a SYN from %s',
    (source) => {
      expect(bench.send(to(80, { source }))).toMatchObject({ verdict: PASS, exit: 'martian' })
    },
  )

  test.each(['1.0.0.1', '223.255.255.255', '240.0.0.1', '126.0.0.1', '128.0.0.1'])('but not one from %s', (source) => {
    expect(bench.send(to(80, { source })).exit).toBe('forwarded')
  })
})

function fixChecksum(bytes: Uint8Array): void {
  bytes.fill(0, 24, 26)
  let sum = 0
  for (let i = 14; i < 34; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(24, ~sum & 0xffff)
}

describe('a frame padded to 60 bytes', () => {
  const padded = (plan: FramePlan): Uint8Array => {
    const bytes = new Uint8Array(60)
    bytes.set(frame(plan))
    return bytes
  }
  test('is forwarded, and counts with the length of its packet', () => {
    const of = () => bench.counters().find(({ serviceKey }) => serviceKey === keyOf(8000))?.inBytes ?? 0
    const before = of()
    expect(bench.run(padded(to(8000)))).toMatchObject({ exit: 'forwarded', packet: { checksumRight: true } })
    expect(of() - before).toBe(40)
  })
})

test('an ICMP error with a wrong checksum is dropped, one with a right one relayed', () => {
  bench.send(to(8000))
  const about = frame(back({ flags: ACK, source: VIP, sourcePort: 8000 }))
  const error = icmpError('203.0.113.9', VIP, 3, 1, about)
  expect(bench.run(error)).toMatchObject({ verdict: REDIRECT, exit: 'icmp-relayed' })
  error[error.length - 1]! ^= 1
  expect(bench.run(error)).toMatchObject({ verdict: DROP, exit: 'checksum' })
})
