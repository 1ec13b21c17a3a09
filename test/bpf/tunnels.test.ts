/** The outer headers of tunnels, byte for byte: what leaves the program against headers written down by hand. */
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { address, internetChecksum } from '../../src/base/index.ts'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import { u32 } from '../../src/forwarding/ebpf/struct.ts'
import { type Destination, type Service, serviceKey, type TableOp } from '../../src/forwarding/index.ts'
import type { Tunnel } from '../../src/model/index.ts'
import { fuzzRuns } from '../fuzz-runs.ts'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { ACK, DESTINATION_OPTIONS, type FramePlan, frame, ICMP, ICMPV6, icmpError, SYN, UDP } from './frames.ts'

const VIP = '192.0.2.240'
const CLIENT = '198.51.100.9'
const VIP6 = '2001:db8:1::240'
const CLIENT6 = '2001:db8:9::9'
const NEAR4 = '203.0.113.1'
const FAR4 = '203.0.113.2'
const NEAR6 = '2001:db8::1'
const FAR6 = '2001:db8::2'

const ipip: Tunnel = { type: 'ipip', port: 0, checksum: 'none' }
const gue: Tunnel = { type: 'gue', port: 6080, checksum: 'none' }
const gre: Tunnel = { type: 'gre', port: 0, checksum: 'none' }

let bench: Bench

beforeAll(() => {
  bench = new Bench()
})
beforeEach(() => {
  setFlags((flags) => flags | layout.SETTINGS_PMTU_DISC)
  bench.hops.set(FAR4, { interfaceIndex: 1, nextHop: address(FAR4), mtu: 1500, local: false, source: address(NEAR4) })
  bench.hops.set(FAR6, { interfaceIndex: 1, nextHop: address(FAR6), mtu: 1500, local: false, source: address(NEAR6) })
})
afterEach(() => {
  for (const protocol of ['tcp', 'udp'])
    for (const of of [VIP, `[${VIP6}]`]) bench.apply([{ type: 'remove-service', serviceKey: `${protocol}/${of}:80` }])
  bench.forget()
})
afterAll(() => bench.close())

const service = (protocol: 'tcp' | 'udp' = 'tcp', of: string = VIP): Service => ({
  address: { kind: 'address', protocol, address: address(of), port: 80 },
  scheduler: 'rr',
  onePacket: false,
})
const behind = (to: string, tunnel: Tunnel, protocol: 'tcp' | 'udp' = 'tcp', of: string = VIP): TableOp[] => {
  const destination: Destination = {
    address: address(to),
    port: 80,
    weight: 1,
    method: 'tun',
    tunnel,
    upperThreshold: 0,
    lowerThreshold: 0,
  }
  const own = service(protocol, of)
  return [
    { type: 'put-service', service: own },
    { type: 'put-destination', serviceKey: serviceKey(own.address), destination },
  ]
}
const behind6 = (to: string, tunnel: Tunnel, protocol: 'tcp' | 'udp' = 'tcp') => behind(to, tunnel, protocol, VIP6)
const request = (more: Partial<FramePlan> = {}): FramePlan => ({
  source: CLIENT,
  target: VIP,
  sourcePort: 40000,
  targetPort: 80,
  flags: SYN,
  ...more,
})
const request6 = (more: Partial<FramePlan> = {}): FramePlan => request({ source: CLIENT6, target: VIP6, ...more })
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const spaced = (text: string): string => text.replaceAll(' ', '')
/** What is inside: the client's packet with a TTL one less. */
const inside = (plan: FramePlan): string => hex(frame({ ...plan, ttl: (plan.ttl ?? 64) - 1 }).subarray(14))
const setFlags = (change: (flags: number) => number): void => {
  const { settings } = bench.director.maps
  const held = layout.settings.decode(settings.lookup(u32(0)) as Uint8Array)
  settings.update(u32(0), layout.settings.encode({ ...held, flags: change(held.flags) }))
}

describe('the outer header (ipvs, ip_vs_tunnel_xmit)', () => {
  test('ipip over IPv4: DF as inside and then no id, the TTL already decremented, protocol 4', () => {
    bench.apply(behind(FAR4, ipip))
    const { verdict, exit, frame: out } = bench.send(request())
    expect([verdict, exit]).toEqual([REDIRECT, 'forwarded'])
    expect(hex(out.subarray(12, 34))).toBe(spaced('0800 4500003c 00004000 3f04 c3b9 cb007101 cb007102'))
    expect(hex(out.subarray(34))).toBe(inside(request()))
  })

  test('ipip over IPv6: no flow label, hop limit and traffic class from inside, next header 4', () => {
    bench.apply(behind(FAR6, ipip))
    const { verdict, frame: out } = bench.send(request())
    expect(verdict).toBe(REDIRECT)
    expect(hex(out.subarray(12, 54))).toBe(
      spaced('86dd 60000000 0028 04 3f 20010db8000000000000000000000001 20010db8000000000000000000000002'),
    )
    expect(hex(out.subarray(54))).toBe(inside(request()))
  })

  test('GRE without a checksum is four bytes: no flags, the protocol inside', () => {
    bench.apply(behind(FAR4, gre))
    const { frame: out } = bench.send(request())
    expect(hex(out.subarray(14, 38))).toBe(spaced('45000040 00004000 3f2f c38a cb007101 cb007102 0000 0800'))
    expect(hex(out.subarray(38))).toBe(inside(request()))
  })

  test('GRE over IPv6', () => {
    bench.apply(behind(FAR6, gre))
    const { frame: out } = bench.send(request())
    expect(hex(out.subarray(14, 22))).toBe(spaced('60000000 002c 2f 3f'))
    expect(hex(out.subarray(54))).toBe(`00000800${inside(request())}`)
  })

  test('GUE: UDP from the local port range to the tunnel port without a checksum, version 0, protocol 4', () => {
    bench.apply(behind(FAR4, gue))
    const { frame: out } = bench.send(request())
    const port = Buffer.from(out).readUInt16BE(34)
    expect(port).toBeGreaterThanOrEqual(32768)
    expect(port).toBeLessThan(60999)
    expect(hex(out.subarray(14, 34))).toBe(spaced('45000048 00004000 3f11 c3a0 cb007101 cb007102'))
    expect(hex(out.subarray(36, 46))).toBe(spaced('17c0 0034 0000 00 04 0000'))
    expect(hex(out.subarray(46))).toBe(inside(request()))
  })

  test('GUE: all packets of a flow have one source port, other flows have others', () => {
    bench.apply(behind(FAR4, gue))
    const port = (plan: FramePlan) => Buffer.from(bench.send(plan).frame).readUInt16BE(34)
    const first = port(request())
    expect(port(request({ flags: ACK, payload: new Uint8Array(50) }))).toBe(first)
    const others = new Set([1, 2, 3, 4, 5].map((i) => port(request({ sourcePort: 40000 + i }))))
    expect(others.size).toBeGreaterThan(1)
  })

  const tos = (plan: FramePlan, value: number): Uint8Array => {
    const bytes = frame(plan)
    bytes[15] = value
    bytes.fill(0, 24, 26)
    new DataView(bytes.buffer).setUint16(24, internetChecksum(bytes.subarray(14, 34)))
    return bytes
  }
  test.each([
    [0x00, 0x00],
    [0xb8, 0xb8],
    [0xb9, 0xb9],
    [0xba, 0xba],
    [0xbb, 0xba],
  ])('TOS %i inside is %i outside: CE stays inside (RFC 3168 §9.1.1)', (inner, outer) => {
    bench.apply(behind(FAR4, ipip))
    expect(bench.run(tos(request(), inner)).frame[15]).toBe(outer)
    bench.apply(behind(FAR6, ipip).slice(1))
    bench.apply([{ type: 'remove-destination', serviceKey: `tcp/${VIP}:80`, destinationKey: `${FAR4}:80` }])
    const six = bench.run(tos(request({ sourcePort: 40001 }), inner)).frame
    expect(Buffer.from(six).readUInt16BE(14)).toBe(0x6000 | (outer << 4))
  })

  test('without DF inside there is none outside, and packets have numbers of their own', () => {
    bench.apply(behind(FAR4, ipip))
    const numbers = [1, 2, 3].map((i) => {
      const out = Buffer.from(bench.send(request({ fragment: 0, sourcePort: 40000 + i })).frame)
      expect(out.readUInt16BE(20)).toBe(0)
      return out.readUInt16BE(18)
    })
    expect(new Set(numbers).size).toBeGreaterThan(1)
  })

  test('pmtu_disc 0: no DF outside', () => {
    bench.apply(behind(FAR4, ipip))
    setFlags((flags) => flags & ~layout.SETTINGS_PMTU_DISC)
    expect(Buffer.from(bench.send(request()).frame).readUInt16BE(20)).toBe(0)
  })

  test('what an Ethernet frame was filled up with stays behind', () => {
    bench.apply(behind(FAR4, ipip))
    const padded = new Uint8Array(60)
    padded.set(frame(request()))
    const { frame: out } = bench.run(padded)
    expect(out.length).toBe(14 + 20 + 40)
    expect(hex(out.subarray(34))).toBe(inside(request()))
  })
})

describe('the outer header of a service of IPv6', () => {
  test('ipip over IPv4: protocol 41, never DF, traffic class and hop limit from inside', () => {
    bench.apply(behind6(FAR4, ipip))
    const plan = request6({ label: 0x0b812345 })
    const { verdict, exit, frame: out } = bench.send(plan)
    expect([verdict, exit]).toEqual([REDIRECT, 'forwarded'])
    expect(hex(out.subarray(12, 18))).toBe(spaced('0800 45b80050'))
    expect(hex(out.subarray(20, 24))).toBe(spaced('0000 3f29'))
    expect(hex(out.subarray(26, 34))).toBe(spaced('cb007101 cb007102'))
    expect(internetChecksum(out.subarray(14, 34))).toBe(0)
    expect(hex(out.subarray(34))).toBe(inside(plan))
  })

  test('ipip over IPv6: next header 41, no flow label', () => {
    bench.apply(behind6(FAR6, ipip))
    const plan = request6({ label: 0x0b812345 })
    const { frame: out } = bench.send(plan)
    expect(hex(out.subarray(12, 54))).toBe(
      spaced('86dd 6b800000 003c 29 3f 20010db8000000000000000000000001 20010db8000000000000000000000002'),
    )
    expect(hex(out.subarray(54))).toBe(inside(plan))
  })

  test('GRE over IPv4: protocol 86dd', () => {
    bench.apply(behind6(FAR4, gre))
    const { frame: out } = bench.send(request6())
    expect(hex(out.subarray(14, 18))).toBe('45000054')
    expect(hex(out.subarray(20, 24))).toBe('00003f2f')
    expect(hex(out.subarray(34))).toBe(`000086dd${inside(request6())}`)
  })

  test('GRE over IPv6', () => {
    bench.apply(behind6(FAR6, gre))
    const { frame: out } = bench.send(request6())
    expect(hex(out.subarray(14, 22))).toBe(spaced('60000000 0040 2f 3f'))
    expect(hex(out.subarray(54))).toBe(`000086dd${inside(request6())}`)
  })

  test.each([
    [FAR4, 34],
    [FAR6, 54],
  ])('GUE to %s: protocol 41', (far, at) => {
    bench.apply(behind6(far, gue))
    const { frame: out } = bench.send(request6())
    expect(out[at === 34 ? 23 : 20]).toBe(UDP)
    expect(Buffer.from(out).readUInt16BE(at)).toBeGreaterThanOrEqual(32768)
    expect(hex(out.subarray(at + 2, at + 12))).toBe(spaced('17c0 0048 0000 00 29 0000'))
    expect(hex(out.subarray(at + 12))).toBe(inside(request6()))
  })

  test.each([
    [0xb9, 0xb9],
    [0xba, 0xba],
    [0xbb, 0xba],
  ])('traffic class %i inside is %i outside', (inner, outer) => {
    bench.apply(behind6(FAR6, ipip))
    const { frame: out } = bench.send(request6({ label: inner << 20 }))
    expect((Buffer.from(out).readUInt32BE(14) >> 20) & 0xff).toBe(outer)
    expect((Buffer.from(out).readUInt32BE(54) >> 20) & 0xff).toBe(inner)
  })

  test('extension headers go inside as they are', () => {
    bench.apply(behind6(FAR4, gre))
    const plan = request6({ extensions: [[DESTINATION_OPTIONS, new Uint8Array(24)]] })
    expect(hex(bench.send(plan).frame.subarray(38))).toBe(inside(plan))
  })

  test('what an Ethernet frame was filled up with stays behind', () => {
    bench.apply(behind6(FAR4, ipip, 'udp'))
    const plan = request6({ protocol: UDP })
    const { frame: out } = bench.run(new Uint8Array([...frame(plan), ...new Uint8Array(9)]))
    expect(hex(out.subarray(34))).toBe(inside(plan))
  })
})

/** Whether a checksum over these bytes comes out right. */
const sumsUp = (...parts: readonly Uint8Array[]): boolean => internetChecksum(...parts) === 0

describe('checksums outside', () => {
  const payloads = [0, 1, 2, 7, 127, 128, 129, 500, 1001, 1380].map((length) =>
    Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff),
  )
  const plans: readonly [string, (payload: Uint8Array) => FramePlan][] = [
    ['TCP', (payload) => request({ flags: SYN, payload })],
    ['UDP', (payload) => request({ protocol: UDP, payload })],
    ['UDP without a checksum of its own', (payload) => request({ protocol: UDP, payload, noChecksum: true })],
  ]
  const families: readonly [string, string, string][] = [
    ['IPv4', VIP, CLIENT],
    ['IPv6', VIP6, CLIENT6],
  ]
  const cases = families.flatMap(([family, vip, client]) =>
    plans.map(([name, build]) => {
      const plan = (payload: Uint8Array): FramePlan => ({ ...build(payload), source: client, target: vip })
      return [`${family} with ${name}`, vip, name === 'TCP' ? 'tcp' : 'udp', plan] as const
    }),
  )
  describe.each(cases)('%s inside', (_name, vip, protocol, plan) => {
    const etherType = vip === VIP6 ? '86dd' : '0800'
    test.each([FAR4, FAR6])('GRE to %s: over the GRE header and all that follows', (far) => {
      bench.apply(behind(far, { ...gre, checksum: 'checksum' }, protocol, vip))
      for (const [i, payload] of payloads.entries()) {
        const out = bench.send({ ...plan(payload), sourcePort: 41000 + i }).frame
        const greHeader = out.subarray(far === FAR4 ? 34 : 54)
        expect(hex(greHeader.subarray(0, 4))).toBe(`8000${etherType}`)
        expect(hex(greHeader.subarray(8))).toBe(inside({ ...plan(payload), sourcePort: 41000 + i }))
        expect(sumsUp(greHeader)).toBe(true)
      }
    })
    for (const checksum of ['checksum', 'remote-checksum'] as const)
      test.each([FAR4, FAR6])(`GUE to %s, ${checksum}: a UDP checksum`, (far) => {
        bench.apply(behind(far, { ...gue, checksum }, protocol, vip))
        for (const [i, payload] of payloads.entries()) {
          const out = bench.send({ ...plan(payload), sourcePort: 41000 + i }).frame
          const start = far === FAR4 ? 34 : 54
          const udp = out.subarray(start)
          expect(Buffer.from(udp).readUInt16BE(4)).toBe(udp.length)
          expect(Buffer.from(udp).readUInt16BE(6)).not.toBe(0)
          const addresses = out.subarray(start - (far === FAR4 ? 8 : 32), start)
          const rest = Uint8Array.of(0, 17, udp.length >> 8, udp.length & 0xff)
          expect(sumsUp(addresses, rest, udp)).toBe(true)
        }
      })
  })
})

describe('what the way carries', () => {
  const sized = (length: number, more: Partial<FramePlan> = {}) =>
    request({ payload: new Uint8Array(length - 40), ...more })
  const rows: readonly [name: string, far: string, tunnel: Tunnel, overhead: number][] = [
    ['ipip over IPv4', FAR4, ipip, 20],
    ['ipip over IPv6', FAR6, ipip, 40],
    ['GUE over IPv4', FAR4, gue, 32],
    ['GUE over IPv6', FAR6, gue, 52],
    ['GRE over IPv4', FAR4, gre, 24],
    ['GRE with a checksum over IPv4', FAR4, { ...gre, checksum: 'checksum' }, 28],
    ['GRE over IPv6', FAR6, gre, 44],
  ]
  test.each(rows)(
    '%s: what fits goes, what is one byte longer is answered with the MTU left',
    (_, far, tunnel, overhead) => {
      bench.apply(behind(far, tunnel))
      expect(bench.send(sized(1500 - overhead)).exit).toBe('forwarded')
      const { exit, packet } = bench.send(sized(1501 - overhead, { flags: ACK }))
      expect(exit).toBe('too-big')
      expect([packet.protocol, packet.source, packet.target]).toEqual([ICMP, VIP, CLIENT])
      expect(hex(packet.transport.subarray(0, 2))).toBe('0304')
      expect(Buffer.from(packet.transport).readUInt16BE(6)).toBe(1500 - overhead)
      expect(packet.checksumRight).toBe(true)
    },
  )

  test.each(rows)('%s, a service of IPv6: packet too big', (_, far, tunnel, overhead) => {
    bench.apply(behind6(far, tunnel))
    const sized6 = (length: number) => request6({ payload: new Uint8Array(length - 60), flags: ACK })
    bench.send(request6())
    expect(bench.send(sized6(1500 - overhead)).exit).toBe('forwarded')
    const { exit, packet } = bench.send(sized6(1501 - overhead))
    expect(exit).toBe('too-big')
    expect([packet.protocol, packet.source, packet.target]).toEqual([ICMPV6, VIP6, CLIENT6])
    expect(hex(packet.transport.subarray(0, 2))).toBe('0200')
    expect(Buffer.from(packet.transport).readUInt32BE(4)).toBe(1500 - overhead)
    expect(packet.checksumRight).toBe(true)
  })

  test('a way that carries next to nothing carries nothing', () => {
    bench.hops.set(FAR4, { interfaceIndex: 1, nextHop: address(FAR4), mtu: 87, local: false, source: address(NEAR4) })
    bench.apply(behind(FAR4, ipip))
    expect(bench.send(request())).toMatchObject({ verdict: DROP, exit: 'too-big' })
  })

  test('without a way there is none', () => {
    bench.hops.set(FAR4, { interfaceIndex: 0, nextHop: address('0.0.0.0'), mtu: 0, local: false })
    bench.apply(behind(FAR4, ipip))
    expect(bench.send(request())).toMatchObject({ verdict: DROP, exit: 'no-route' })
  })

  test('TTL 1 is answered, not sent inside another packet', () => {
    bench.apply(behind(FAR4, ipip))
    expect(bench.send(request({ ttl: 1 })).exit).toBe('ttl')
    expect(bench.send(request({ ttl: 2, sourcePort: 40001 })).frame[22]).toBe(1)
  })
})

describe('ICMP errors of the client side', () => {
  test('go to the server in its tunnel, whole', () => {
    bench.apply(behind(FAR4, ipip))
    bench.send(request())
    const answer = frame({ source: VIP, target: CLIENT, sourcePort: 80, targetPort: 40000, flags: SYN | ACK })
    const error = icmpError('198.51.100.1', VIP, 3, 4, answer, 1400)
    const { exit, frame: out } = bench.run(error)
    expect(exit).toBe('icmp-relayed')
    expect(out[23]).toBe(4)
    expect(hex(out.subarray(54))).toBe(hex(error.subarray(34)))
  })

  test('of IPv6 too', () => {
    bench.apply(behind6(FAR4, ipip))
    bench.send(request6())
    const answer = frame({ source: VIP6, target: CLIENT6, sourcePort: 80, targetPort: 40000, flags: SYN | ACK })
    const error = icmpError('2001:db8:9::1', VIP6, 2, 0, answer, 1400)
    const { exit, frame: out } = bench.run(error)
    expect(exit).toBe('icmp-relayed')
    expect(out[23]).toBe(41)
    expect(hex(out.subarray(74))).toBe(hex(error.subarray(54)))
  })
})

describe('ICMP errors about a tunnel', () => {
  const ROUTER = { 4: '203.0.113.254', 6: '2001:db8::fe' } as const
  const NEAR = { 4: NEAR4, 6: NEAR6 } as const
  const FAR = { 4: FAR4, 6: FAR6 } as const
  const TOO_BIG = { 4: [3, 4], 6: [2, 0] } as const
  /** From a router: about what left the program, quoted as far as most do. */
  const about = (outer: 4 | 6, quoted: Uint8Array, [type, code]: readonly [number, number], mtu = 0, quote?: number) =>
    icmpError(ROUTER[outer], NEAR[outer], type, code, quoted, mtu, quote ?? Math.min(quoted.length - 14, 500))
  const big = (inner: 4 | 6, length: number, more: Partial<FramePlan> = {}): FramePlan =>
    (inner === 4 ? request : request6)({
      flags: ACK,
      payload: new Uint8Array(length - (inner === 4 ? 40 : 60)),
      ...more,
    })
  const mtuOf = (packet: { readonly transport: Uint8Array }, family: 4 | 6): number =>
    family === 4 ? Buffer.from(packet.transport).readUInt16BE(6) : Buffer.from(packet.transport).readUInt32BE(4)
  const open = (inner: 4 | 6, outer: 4 | 6, tunnel: Tunnel): void => {
    bench.rewrite(bench.director.maps.path_mtus, (value) => value.fill(0))
    bench.apply((inner === 4 ? behind : behind6)(FAR[outer], tunnel))
    bench.send(inner === 4 ? request() : request6())
  }

  const same: readonly [4 | 6, string, Tunnel, number][] = [
    [4, 'ipip', ipip, 20],
    [4, 'GRE', gre, 24],
    [4, 'GRE with a checksum', { ...gre, checksum: 'checksum' }, 28],
    [4, 'GUE', gue, 32],
    [6, 'ipip', ipip, 40],
    [6, 'GRE', gre, 44],
    [6, 'GUE', gue, 52],
  ]
  describe.each(same)('IPv%i in its own kind, %s', (family, _name, tunnel, overhead) => {
    const [vip, client] = family === 4 ? [VIP, CLIENT] : [VIP6, CLIENT6]
    test('too big: the client is told what is left inside, at once and from then on', () => {
      open(family, family, tunnel)
      const { frame: sent } = bench.send(big(family, 1500 - overhead))
      const { verdict, exit, packet } = bench.run(about(family, sent, TOO_BIG[family], 1400))
      expect([verdict, exit]).toEqual([REDIRECT, 'icmp-relayed+path-mtu'])
      expect(packet).toMatchObject({ source: vip, target: client, checksumRight: true, headerChecksumRight: true })
      expect([...packet.transport.subarray(0, 2)]).toEqual(TOO_BIG[family])
      expect(mtuOf(packet, family)).toBe(1400 - overhead)
      // The quote is the client's own packet, as far as the router had it.
      const own = inside(big(family, 1500 - overhead))
      const quoted = hex(packet.transport.subarray(8))
      expect(quoted.length / 2).toBe(500 - overhead)
      expect(own.startsWith(quoted)).toBe(true)

      expect(bench.send(big(family, 1400 - overhead)).exit).toBe('forwarded')
      const again = bench.send(big(family, 1401 - overhead))
      expect(again.exit).toBe('too-big')
      expect(mtuOf(again.packet, family)).toBe(1400 - overhead)
    })

    test('unreachable: the client is told so', () => {
      open(family, family, tunnel)
      const { frame: sent } = bench.send(big(family, 400))
      const [type, code] = family === 4 ? [3, 1] : [1, 3]
      const { exit, packet } = bench.run(about(family, sent, [type, code]))
      expect(exit).toBe('icmp-relayed')
      expect(packet).toMatchObject({ source: vip, target: client, checksumRight: true })
      expect([...packet.transport.subarray(0, 2)]).toEqual([type, code])
    })

    test('about another connection, another kind of tunnel or no known end: not believed, or not passed on', () => {
      open(family, family, tunnel)
      const { frame: sent } = bench.send(big(family, 400))
      const stranger = sent.slice()
      stranger[14 + overhead + (family === 4 ? 20 : 40)] = 1
      expect(bench.run(about(family, stranger, [3, 1])).exit).toBe('icmp-other')
      const elsewhere = sent.slice()
      elsewhere[14 + (family === 4 ? 19 : 39)] = 99
      expect(bench.run(about(family, elsewhere, TOO_BIG[family], 1400)).exit).toBe('icmp-other')
      const other = { ...tunnel, type: tunnel.type === 'ipip' ? 'gre' : 'ipip' } as const
      bench.apply((family === 4 ? behind : behind6)(FAR[family], other).slice(1))
      expect(bench.run(about(family, sent, [3, 1])).exit).toBe('icmp-other')
    })

    test('a wrong checksum: nothing is believed, and the stack drops it', () => {
      open(family, family, tunnel)
      const error = about(family, bench.send(big(family, 400)).frame, TOO_BIG[family], 1400)
      error[error.length - 1] = (error[error.length - 1] ?? 0) ^ 1
      expect(bench.run(error)).toMatchObject({ verdict: PASS, exit: 'icmp-other' })
      expect(bench.send(big(family, 1500 - overhead)).exit).toBe('forwarded')
    })
  })

  test.each([
    [4, 1400],
    [6, 1400],
  ] as const)('IPv4 in IPv%i, a router that quotes next to nothing: the next packet is answered', (outer, mtu) => {
    open(4, outer, ipip)
    const { frame: sent } = bench.send(big(4, 1450))
    expect(bench.run(about(outer, sent, TOO_BIG[outer], mtu, outer === 4 ? 28 : 48)).exit).toBe('icmp-other+path-mtu')
    const { exit, packet } = bench.send(big(4, 1450))
    expect(exit).toBe('too-big')
    expect(mtuOf(packet, 4)).toBe(mtu - (outer === 4 ? 20 : 40))
  })

  test('IPv4 in IPv6: what a router says is for the next packet', () => {
    open(4, 6, gue)
    const { frame: sent } = bench.send(big(4, 1440))
    expect(bench.run(about(6, sent, TOO_BIG[6], 1400))).toMatchObject({ verdict: PASS, exit: 'icmp-other+path-mtu' })
    expect(mtuOf(bench.send(big(4, 1440)).packet, 4)).toBe(1400 - 52)
  })

  test('IPv6 in IPv4 goes without DF, so nobody may say that it is too long', () => {
    open(6, 4, ipip)
    const { frame: sent } = bench.send(big(6, 1450))
    bench.run(about(4, sent, TOO_BIG[4], 1400))
    expect(bench.send(big(6, 1450)).exit).toBe('forwarded')
  })

  test.each([4, 6] as const)(
    'IPv%i: an error about a packet without a tunnel to a host that is also a tunnel’s end',
    (family) => {
      const [vip, client, quoteSource] = family === 4 ? [VIP, CLIENT, CLIENT] : [VIP6, CLIENT6, CLIENT6]
      open(family, family, gue)
      const nat: Destination = {
        address: address(FAR[family]),
        port: 5353,
        weight: 1,
        method: 'nat',
        upperThreshold: 0,
        lowerThreshold: 0,
      }
      const own = service('udp', vip)
      bench.apply([
        { type: 'put-service', service: own },
        { type: 'put-destination', serviceKey: serviceKey(own.address), destination: nat },
      ])
      const question = { source: client, target: vip, sourcePort: 4000, targetPort: 80, protocol: UDP }
      const { frame: asked } = bench.send({ ...question, payload: new Uint8Array(30) })
      const [type, code] = family === 4 ? [3, 3] : [1, 4]
      const { exit, packet } = bench.run(icmpError(FAR[family], quoteSource, type, code, asked))
      expect(exit).toBe('icmp-relayed')
      expect(packet).toMatchObject({ source: vip, target: client, checksumRight: true })
    },
  )

  test('whatever an error quotes, what leaves is whole and goes to the client', () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 255 })), { maxLength: 3 })
    const kinds = fc.constantFrom(...same.map(([family, , tunnel]) => [family, tunnel] as const))
    const codes = fc.constantFrom(TOO_BIG[4], TOO_BIG[6], [3, 1] as const, [1, 3] as const, [11, 0] as const)
    let told = 0
    fc.assert(
      fc.property(kinds, changes, fc.integer({ min: 28, max: 500 }), codes, ([family, tunnel], damage, quote, kind) => {
        open(family, family, tunnel)
        const sent = bench.send(big(family, 400)).frame.slice()
        for (const [at, value] of damage) sent[14 + at] = value
        const { verdict, exit, packet } = bench.run(about(family, sent, kind, 1400, Math.min(quote, sent.length - 14)))
        expect([PASS, DROP, REDIRECT]).toContain(verdict)
        expect(exit).not.toBe('')
        if (verdict !== REDIRECT) return
        told++
        expect(packet).toMatchObject({ checksumRight: true, headerChecksumRight: true })
        expect([CLIENT, CLIENT6]).toContain(packet.target)
      }),
      fuzzRuns(500, 8),
    )
    expect(told).toBeGreaterThan(0)
  })

  test('without DF inside, the client does not ask: it is not told', () => {
    open(4, 4, ipip)
    const { frame: sent } = bench.send(big(4, 1450, { fragment: 0 }))
    expect(bench.run(about(4, sent, TOO_BIG[4], 1400)).exit).toBe('icmp-other+path-mtu')
  })

  test.each([
    [4, 100, 552 - 20],
    [6, 100, 1280],
    [6, 1300, 1280],
  ] as const)('IPv%i: %i is not believed', (family, said, believed) => {
    open(family, family, ipip)
    const { frame: sent } = bench.send(big(family, 1450))
    expect(mtuOf(bench.run(about(family, sent, TOO_BIG[family], said)).packet, family)).toBe(believed)
  })

  test('it is believed for ten minutes', () => {
    open(4, 4, ipip)
    bench.run(about(4, bench.send(big(4, 1450)).frame, TOO_BIG[4], 1400))
    bench.rewrite(bench.director.maps.path_mtus, (value) => {
      const held = layout.pathMtu.decode(value)
      if (held.mtu !== 0) value.set(layout.pathMtu.encode({ ...held, until: held.until - 601 }))
    })
    expect(bench.send(big(4, 1450)).exit).toBe('forwarded')
  })
})
