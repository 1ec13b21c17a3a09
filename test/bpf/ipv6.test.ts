/** What the program does with IPv6 packets. What both families decide alike is tested with IPv4. One row, one rule. */
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { destination, put, service } from './cluster.ts'
import {
  ACK,
  AUTHENTICATION,
  DESTINATION_OPTIONS,
  FIN,
  type FramePlan,
  fragmentHeader,
  frame,
  HOP_BY_HOP,
  ICMPV6,
  icmpError,
  ROUTING,
  readFrame,
  SYN,
  TCP,
  UDP,
} from './frames.ts'

const VIP6 = address('2001:db8::240')
const client = '2001:db8:1::5'
const server = '2001:db8:2::11'
const router = '2001:db8:9::1'
/** bpf.h: the packet comes with a complete sum, and is refused (EBADMSG) if that is wrong afterwards. */
const BPF_F_TEST_SKB_CHECKSUM_COMPLETE = 4
let bench: Bench
let port = 20_000
const at = (port: number, more: Parameters<typeof service>[1] = {}) => {
  const { protocol = 'tcp', ...rest } = more
  return { ...service(port, rest), address: { kind: 'address', protocol, address: VIP6, port } } as const
}

beforeAll(() => {
  bench = new Bench()
  bench.apply([
    ...put(at(80), [destination('2001:db8::11', 80, 'dr')]),
    ...put(at(8000), [destination(server, 8080, 'nat')]),
    ...put(at(8080), [destination('2001:db8:2::12', 8080, 'nat')]),
    ...put(at(53, { protocol: 'udp' }), [destination(server, 5353, 'nat')]),
    ...put(at(54, { protocol: 'udp' }), [destination('2001:db8::11', 54, 'dr')]),
    ...put(at(99), []),
  ])
})
afterAll(() => bench?.close())
beforeEach(() => {
  port++
})

function ownBench(): Bench {
  const own = new Bench()
  onTestFinished(() => own.close())
  return own
}

const toDr = (more: Partial<FramePlan> = {}): FramePlan => ({
  source: client,
  target: VIP6,
  sourcePort: port,
  targetPort: 80,
  flags: SYN,
  ...more,
})
const toNat = (more: Partial<FramePlan> = {}): FramePlan => toDr({ targetPort: 8000, ...more })
const options = (bytes = 8) => [DESTINATION_OPTIONS, new Uint8Array(bytes)] as const
const icmp = (type: number, more: Partial<FramePlan> = {}) =>
  frame({
    source: client,
    target: VIP6,
    protocol: ICMPV6,
    payload: new Uint8Array([type, 0, 0, 0, 0, 0, 0, 0]),
    ...more,
  })

describe('not ours: passed, untouched, counted', () => {
  const rows: readonly [exit: string, claim: string, plan: () => Uint8Array][] = [
    [
      'icmp-other',
      'neighbour solicitation',
      () => icmp(135, { ttl: 255, payload: new Uint8Array([135, ...Array(31).fill(0)]) }),
    ],
    ['icmp-other', 'neighbour advertisement', () => icmp(136, { ttl: 255, source: '2001:db8::11' })],
    ['icmp-other', 'router advertisement', () => icmp(134, { ttl: 255 })],
    ['icmp-other', 'echo request', () => icmp(128)],
    [
      'icmp-other',
      'multicast listener report, behind a hop-by-hop header',
      () => icmp(143, { ttl: 1, extensions: [[HOP_BY_HOP, new Uint8Array(8)]] }),
    ],
    ['not-to-us', 'from a link-local address', () => frame(toDr({ source: 'fe80::5' }))],
    ['not-to-us', 'to a link-local address', () => frame(toDr({ target: 'fe80::240' }))],
    ['not-to-us', 'a frame for another host', () => frame(toDr({ forAnother: true }))],
    ['no-service', 'a port without a service', () => frame(toDr({ targetPort: 81 }))],
    ['no-service', 'another address with the same first half', () => frame(toDr({ target: '2001:db8::241' }))],
    ['no-connection', 'an ACK without a connection', () => frame(toDr({ flags: ACK }))],
    ['other-protocol', 'a protocol without ports', () => frame(toDr({ protocol: 47, payload: new Uint8Array(20) }))],
    ['other-protocol', 'no next header', () => frame(toDr({ protocol: 59, payload: new Uint8Array(20) }))],
    ['extension-headers', 'nine extension headers', () => frame(toDr({ extensions: Array(9).fill(options()) }))],
    ['truncated', 'a transport header cut short', () => frame(toDr()).subarray(0, 14 + 40 + 4)],
    [
      'truncated',
      'a frame shorter than its header says',
      () => frame(toDr({ payload: new Uint8Array(100) })).subarray(0, 140),
    ],
    [
      'truncated',
      'an extension header longer than the packet',
      () => {
        const bytes = frame(toDr({ extensions: [options()] }))
        bytes[14 + 41] = 200
        return bytes
      },
    ],
  ]
  test.each(rows)('%s: %s', (exit, _claim, build) => {
    const sent = build()
    const { verdict, exit: counted, frame: left } = bench.run(sent)
    expect({ verdict, exit: counted }).toEqual({ verdict: PASS, exit })
    expect(left).toEqual(sent)
  })
})

describe('direct routing', () => {
  test('sent on with the hop limit one less and nothing else changed: traffic class and flow label stay', () => {
    const sent = frame(toDr({ label: 0x0ab12345 }))
    const { verdict, exit, frame: left } = bench.run(sent)
    sent[14 + 7] = 63
    expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'forwarded' })
    expect(left).toEqual(sent)
  })

  test('what fills a short frame up is not counted', () => {
    const before = bench.counters().find(({ serviceKey }) => serviceKey === 'udp/[2001:db8::240]:54')?.inBytes ?? 0
    bench.run(new Uint8Array([...frame(toDr({ protocol: UDP, targetPort: 54 })), 0, 0, 0, 0, 0, 0]))
    expect(bench.counters().find(({ serviceKey }) => serviceKey === 'udp/[2001:db8::240]:54')?.inBytes).toBe(
      before + 48,
    )
  })
})

describe('NAT', () => {
  test('to the server and its port, back as from the service, with right checksums', () => {
    expect(bench.send(toNat({ label: 0x12345 }))).toMatchObject({
      verdict: REDIRECT,
      exit: 'forwarded',
      packet: { source: client, target: server, sourcePort: port, targetPort: 8080, ttl: 63, checksumRight: true },
    })
    const answer = { source: server, target: client, sourcePort: 8080, targetPort: port, flags: SYN | ACK }
    expect(bench.send(answer)).toMatchObject({
      verdict: REDIRECT,
      exit: 'replied',
      packet: { source: VIP6, target: client, sourcePort: 8000, targetPort: port, ttl: 63, checksumRight: true },
    })
    bench.send(toNat({ flags: ACK }))
    const held = () => bench.connections().find(({ clientPort }) => clientPort === port)
    expect(held()).toMatchObject({
      serviceKey: 'tcp/[2001:db8::240]:8000',
      client,
      virtual: VIP6,
      destination: server,
      destinationPort: 8080,
      state: 'ESTABLISHED',
      method: 'nat',
    })
    bench.send({ ...answer, flags: FIN | ACK })
    expect(held()?.state).toBe('FIN_WAIT')
  })

  test('UDP checksums are right for every payload, and never become zero', () => {
    for (let value = 0; value < 400; value++) {
      const payload = new Uint8Array([value >> 8, value & 0xff, 0xa5, value & 0xff])
      const { packet } = bench.send(toNat({ protocol: UDP, targetPort: 53, payload }))
      expect(packet.checksumRight).toBe(true)
      expect(packet.transport[6] || packet.transport[7]).not.toBe(0)
    }
  })

  test('UDP without a checksum, as some tunnels send it, stays so', () => {
    const { packet } = bench.send(toNat({ protocol: UDP, targetPort: 53, noChecksum: true }))
    expect([...packet.transport.subarray(6, 8)]).toEqual([0, 0])
  })

  const headers: readonly [string, FramePlan['extensions']][] = [
    ['hop-by-hop options', [[HOP_BY_HOP, new Uint8Array(8)]]],
    ['destination options of 64 bytes', [options(64)]],
    ['a routing header', [[ROUTING, new Uint8Array(24)]]],
    ['authentication', [[AUTHENTICATION, new Uint8Array(24)]]],
    ['four of them', [[HOP_BY_HOP, new Uint8Array(16)], options(), [ROUTING, new Uint8Array(8)], options(24)]],
    ['eight of them', Array(8).fill(options())],
  ]
  describe.each(headers)('behind %s', (_name, extensions = []) => {
    test.each([
      ['TCP', TCP, 8000],
      ['UDP', UDP, 53],
    ])('%s is translated, both ways, and the headers stay', (_protocol, protocol, targetPort) => {
      const sent = frame(toNat({ extensions, protocol, targetPort, payload: new Uint8Array([7, 7]) }))
      const { verdict, exit, packet, frame: left } = bench.run(sent)
      expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'forwarded' })
      const between = 14 + 40 + (extensions ?? []).reduce((sum, [, bytes]) => sum + bytes.length, 0)
      expect(packet).toMatchObject({ target: server, targetPort: targetPort === 53 ? 5353 : 8080, checksumRight: true })
      expect([...left.subarray(54, between)]).toEqual([...sent.subarray(54, between)])
      const answer = {
        source: server,
        target: client,
        sourcePort: packet.targetPort,
        targetPort: port,
        flags: SYN | ACK,
      }
      expect(bench.send({ ...answer, protocol, extensions }).packet).toMatchObject({
        source: VIP6,
        sourcePort: targetPort,
        checksumRight: true,
      })
    })
  })
})

describe('fragments', () => {
  let id = 1
  beforeEach(() => {
    id++
  })
  const first = (targetPort: number, more: Partial<FramePlan> = {}): FramePlan =>
    toNat({
      targetPort,
      protocol: UDP,
      extensions: [fragmentHeader(0, true, id)],
      payload: new Uint8Array(64).fill(5),
      ...more,
    })
  const later = (more: Partial<FramePlan> = {}): FramePlan =>
    toNat({
      protocol: UDP,
      bare: true,
      extensions: [fragmentHeader(72, false, id)],
      payload: new Uint8Array(40).fill(6),
      ...more,
    })
  const traffic = (targetPort: number) =>
    bench.counters().find(({ serviceKey }) => serviceKey === `udp/[2001:db8::240]:${targetPort}`)

  test('direct routing: the later ones follow the first, in any order and as often as they come', () => {
    expect(bench.send(first(54)).exit).toBe('forwarded')
    for (const offset of [144, 72, 72]) {
      const sent = frame(later({ extensions: [fragmentHeader(offset, offset === 72, id)] }))
      const { verdict, exit, frame: left } = bench.run(sent)
      sent[14 + 7] = 63
      expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'forwarded' })
      expect(left).toEqual(sent)
    }
  })

  test('NAT: only the address of the later ones changes, and the whole counts as one packet without fragment headers', () => {
    const before = traffic(53)
    expect(bench.send(first(53))).toMatchObject({
      exit: 'forwarded',
      packet: { target: server, targetPort: 5353, checksumRight: true },
    })
    const sent = frame(later())
    const { exit, packet, frame: left } = bench.run(sent)
    expect({ exit, ...packet }).toMatchObject({ exit: 'forwarded', source: client, target: server, ttl: 63 })
    expect([...left.subarray(54)]).toEqual([...sent.subarray(54)])
    const after = traffic(53)
    expect((after?.inPackets ?? 0) - (before?.inPackets ?? 0)).toBe(1)
    expect((after?.inBytes ?? 0) - (before?.inBytes ?? 0)).toBe(40 + 8 + 64 + 40)
  })

  test('NAT: those of the answer become the virtual service’s', () => {
    bench.send(toNat({ targetPort: 53, protocol: UDP }))
    const before = traffic(53)
    const answer = { source: server, target: client, sourcePort: 5353, targetPort: port }
    expect(bench.send({ ...first(0), ...answer }).packet).toMatchObject({
      source: VIP6,
      sourcePort: 53,
      checksumRight: true,
    })
    expect(bench.send({ ...later(), ...answer })).toMatchObject({ exit: 'replied', packet: { source: VIP6, ttl: 63 } })
    const after = traffic(53)
    expect((after?.outPackets ?? 0) - (before?.outPackets ?? 0)).toBe(1)
    expect((after?.outBytes ?? 0) - (before?.outBytes ?? 0)).toBe(40 + 8 + 64 + 40)
  })

  test('options between the fragment header and the ports are of the first one only', () => {
    const extensions = [fragmentHeader(0, true, id), options(16)]
    expect(bench.send(first(53, { extensions })).packet).toMatchObject({ targetPort: 5353, checksumRight: true })
    // What follows names the options, not UDP, as what it is a part of.
    expect(bench.send(later({ protocol: DESTINATION_OPTIONS })).packet.target).toBe(server)
  })

  test('one before the first, of another number or another client: passed and counted', () => {
    bench.send(first(53))
    for (const more of [{ extensions: [fragmentHeader(72, false, id + 1000)] }, { source: '2001:db8:1::77' }]) {
      const sent = frame(later(more))
      const { verdict, exit, frame: left } = bench.run(sent)
      expect({ verdict, exit }).toEqual({ verdict: PASS, exit: 'fragment-unknown' })
      expect(left).toEqual(sent)
    }
  })

  test('a whole packet with a fragment header is a whole packet (RFC 6946)', () => {
    const extensions = [fragmentHeader(0, false, id)]
    expect(bench.send(toNat({ extensions })).packet).toMatchObject({ target: server, checksumRight: true })
    expect(bench.send(later())).toMatchObject({ verdict: PASS, exit: 'fragment-unknown' })
  })

  test('of ICMPv6: passed', () => {
    const message = { protocol: ICMPV6, payload: new Uint8Array(64).fill(1), extensions: [fragmentHeader(0, true, id)] }
    expect(bench.run(icmp(1, message))).toMatchObject({ verdict: PASS, exit: 'fragment' })
  })

  test('a first one too short for its ports: passed', () => {
    const sent = frame(first(53, { bare: true, payload: new Uint8Array(0) }))
    expect(bench.run(sent)).toMatchObject({ verdict: PASS, exit: 'truncated' })
  })

  test('longer than the way out takes: the first is answered, the others are dropped', () => {
    const own = ownBench()
    own.hops.set(server, { interfaceIndex: 1, nextHop: address(server), mtu: 1280, local: false })
    own.apply(put(at(53, { protocol: 'udp' }), [destination(server, 5353, 'nat')]))
    const { exit, packet } = own.send(first(53, { payload: new Uint8Array(1300) }))
    expect([exit, packet.protocol, packet.transport[0]]).toEqual(['too-big', ICMPV6, 2])
    expect(own.send(later({ payload: new Uint8Array(1300) })).exit).toBe('too-big')
    expect(own.send(later({ ttl: 1 }))).toMatchObject({ exit: 'ttl', verdict: DROP })
  })

  test('a way to a server that was removed leads nowhere', () => {
    const own = ownBench()
    own.apply(put(at(53, { protocol: 'udp' }), [destination(server, 5353, 'nat')]))
    own.send(first(53))
    expect(own.send(later()).exit).toBe('forwarded')
    own.apply([{ type: 'remove-service', serviceKey: 'udp/[2001:db8::240]:53' }])
    expect(own.send(later()).exit).toBe('destination-removed')
  })

  test('in a tunnel: each in one of its own', () => {
    const own = ownBench()
    const far = '203.0.113.2'
    own.hops.set(far, {
      interfaceIndex: 1,
      nextHop: address(far),
      mtu: 1500,
      local: false,
      source: address('203.0.113.1'),
    })
    const tunnel = { type: 'ipip', port: 0, checksum: 'none' } as const
    own.apply(put(at(54, { protocol: 'udp' }), [{ ...destination(far, 54, 'dr'), method: 'tun', tunnel }]))
    for (const plan of [first(54), later()]) {
      const { exit, frame: left } = own.send(plan)
      expect(exit).toBe('forwarded')
      expect([...left.subarray(34)]).toEqual([...frame({ ...plan, ttl: 63 }).subarray(14)])
    }
  })
})

describe('a packet that the device has summed as a whole', () => {
  const error = (bytes: Uint8Array): number =>
    bench.director.programs.director.run(bytes, undefined, 1, BPF_F_TEST_SKB_CHECKSUM_COMPLETE).error
  beforeEach(({ skip }) => {
    if (error(frame(toDr({ targetPort: 81 }))) === -22) skip('BPF_F_TEST_SKB_CHECKSUM_COMPLETE came with Linux 6.13')
  })

  test.each([
    ['TCP', TCP, 8000, 8080, server],
    ['UDP', UDP, 53, 5353, server],
    ['TCP to the same port', TCP, 8080, 8080, '2001:db8:2::12'],
  ])('NAT, %s: the sum stays right, both ways', (_name, protocol, targetPort, sourcePort, source) => {
    for (let length = 0; length < 40; length++) {
      const payload = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255)
      expect(error(frame(toNat({ targetPort, protocol, payload })))).toBe(0)
      const reply = { source, target: client, sourcePort, targetPort: port, protocol, payload }
      expect(error(frame({ ...reply, flags: SYN | ACK }))).toBe(0)
      expect(error(frame({ ...reply, flags: ACK, extensions: [options()] }))).toBe(0)
    }
  })

  test('direct routing: the sum knows of the hop limit', () => {
    for (const ttl of [255, 64, 2]) expect(error(frame(toDr({ ttl })))).toBe(0)
  })

  test('fragments: no transport checksum makes up for the address', () => {
    for (const [i, targetPort] of [53, 54].entries()) {
      const payload = new Uint8Array(64).fill(7)
      const plan = toNat({ targetPort, protocol: UDP, payload, extensions: [fragmentHeader(0, true, 9000 + i)] })
      expect(error(frame(plan))).toBe(0)
      expect(error(frame({ ...plan, bare: true, extensions: [fragmentHeader(72, false, 9000 + i)] }))).toBe(0)
    }
  })

  test('an ICMPv6 error that is relayed', () => {
    bench.send(toNat())
    const quoted = frame({ source: VIP6, target: client, sourcePort: 8000, targetPort: port, flags: ACK })
    expect(error(icmpError(router, VIP6, 2, 0, quoted, 1400))).toBe(0)
  })
})

describe('ICMPv6 errors that we send', () => {
  const rows: readonly [claim: string, plan: () => FramePlan, type: number, code: number, exit: string, mtu: number][] =
    [
      ['no destination: port unreachable', () => toDr({ targetPort: 99 }), 1, 4, 'no-destination', 0],
      ['hop limit 1: time exceeded', () => toDr({ ttl: 1 }), 3, 0, 'ttl', 0],
      ['hop limit 0: time exceeded', () => toNat({ ttl: 0 }), 3, 0, 'ttl', 0],
      [
        'longer than the way out takes: packet too big',
        () => toDr({ payload: new Uint8Array(1460) }),
        2,
        0,
        'too-big',
        1500,
      ],
      [
        'behind extension headers',
        () => toDr({ targetPort: 99, extensions: [options(16)] }),
        1,
        4,
        'no-destination',
        0,
      ],
    ]
  test.each(rows)('%s', (_claim, plan, type, code, exit, mtu) => {
    const sent = frame(plan())
    const { verdict, exit: counted, packet, frame: left } = bench.run(sent)
    expect({ verdict, counted }).toEqual({ verdict: REDIRECT, counted: exit })
    expect(packet).toMatchObject({ source: VIP6, target: client, protocol: ICMPV6, checksumRight: true })
    expect([packet.transport[0], packet.transport[1]]).toEqual([type, code])
    expect(new DataView(packet.transport.buffer, packet.transport.byteOffset).getUint32(4)).toBe(mtu)
    // The whole packet or what makes 1280 bytes (RFC 4443, 2.4).
    expect(packet.length).toBe(Math.min(1280, 48 + sent.length - 14))
    expect(readFrame(left, 14 + 48)).toMatchObject({ source: client, target: VIP6, sourcePort: port })
    // Turned round: the frame goes back to where it came from.
    expect([...left.subarray(0, 12)]).toEqual([...sent.subarray(6, 12), ...sent.subarray(0, 6)])
  })

  test('a partial checksum in the quote is made up for', () => {
    const sent = frame(toDr({ targetPort: 99 }))
    const { transport } = readFrame(sent)
    const complete = new DataView(transport.buffer, transport.byteOffset).getUint16(16)
    // As a sender with checksum offload leaves it: the sum of the pseudo-header, not complemented.
    const view = new DataView(sent.buffer)
    let sum = 6 + 20
    for (let at = 14 + 8; at < 14 + 40; at += 2) sum += view.getUint16(at)
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
    view.setUint16(14 + 40 + 16, sum)
    const { frame: left } = bench.run(sent)
    // What the device then does: it completes the transport checksum over the quote.
    new DataView(left.buffer, left.byteOffset).setUint16(14 + 48 + 40 + 16, complete)
    expect(readFrame(left).checksumRight).toBe(true)
  })
})

describe('ICMPv6 errors that we relay', () => {
  const fromVip = (vport: number, more: Partial<FramePlan> = {}) =>
    frame({ source: VIP6, target: client, sourcePort: vport, targetPort: port, flags: ACK, ...more })

  test('direct routing: to the server, unchanged but for the hop limit', () => {
    bench.send(toDr())
    const sent = icmpError(router, VIP6, 2, 0, fromVip(80), 1400)
    const { verdict, exit, frame: left } = bench.run(sent)
    sent[14 + 7] = 63
    expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'icmp-relayed' })
    expect(left).toEqual(sent)
  })

  test.each([
    ['plain', [], 48],
    ['quoting extension headers', [options(16)], 64],
    ['quoting a whole packet', [], 60],
  ] as const)('NAT: to the server, about the packet that the server sent: %s', (_claim, extensions, quote) => {
    bench.send(toNat())
    bench.send(toNat({ flags: ACK }))
    const {
      exit,
      packet,
      frame: left,
    } = bench.run(icmpError(router, VIP6, 2, 0, fromVip(8000, { extensions }), 1400, quote))
    expect(exit).toBe('icmp-relayed')
    expect(packet).toMatchObject({ source: router, target: server, ttl: 63, checksumRight: true })
    expect(readFrame(left, 14 + 48)).toMatchObject({
      source: server,
      target: client,
      sourcePort: 8080,
      targetPort: port,
    })
  })

  test('NAT: from the server to the client, as from the virtual address', () => {
    bench.send(toNat())
    const quoted = frame({ source: client, target: server, sourcePort: port, targetPort: 8080, flags: ACK })
    const { exit, packet, frame: left } = bench.run(icmpError(server, client, 1, 4, quoted))
    expect(exit).toBe('icmp-relayed')
    expect(packet).toMatchObject({ source: VIP6, target: client, checksumRight: true })
    expect(readFrame(left, 14 + 48)).toMatchObject({ source: client, target: VIP6, sourcePort: port, targetPort: 8000 })
  })

  test('about nothing of ours: passed', () => {
    const sent = icmpError(router, VIP6, 1, 0, fromVip(4321))
    expect(bench.run(sent)).toMatchObject({ verdict: PASS, exit: 'icmp-other', frame: sent })
  })
})

describe('what both families share', () => {
  test('a persistent service: clients of one network get one server', () => {
    const own = ownBench()
    const servers = [1, 2, 3].map((last) => destination(`2001:db8::${last}`, 80, 'dr'))
    own.apply(put(at(80, { persistence: { timeout: 50, prefixLength: 49 } }), servers))
    const chosen = (source: string) => {
      port++
      own.send(toDr({ source }))
      return own.connections().find(({ clientPort, template }) => clientPort === port && !template)?.destination
    }
    const first = chosen('2001:db8:7:7fff::1')
    expect(chosen('2001:db8:7:1::2')).toBe(first)
    expect(chosen('2001:db8:7:8000::1')).not.toBe(first)
    const templates = own.connections().filter(({ template }) => template)
    expect(templates.map(({ client }) => client).toSorted()).toEqual(['2001:db8:7:8000::', '2001:db8:7::'])
  })

  test('a service for any port, one-packet scheduling, thresholds', () => {
    const own = ownBench()
    own.apply([
      ...put(at(0, { persistence: { timeout: 50, prefixLength: 128 } }), [destination('2001:db8::1', 0, 'nat')]),
      ...put(at(53, { protocol: 'udp', onePacket: true }), [
        destination('2001:db8::1', 53, 'nat'),
        destination('2001:db8::2', 53, 'nat'),
      ]),
      ...put(at(81), [destination('2001:db8::1', 81, 'dr', { upperThreshold: 1, lowerThreshold: 1 })]),
    ])
    expect(own.send(toDr({ targetPort: 4711 })).packet).toMatchObject({ target: '2001:db8::1', targetPort: 4711 })
    const targets = [1, 2, 3, 4].map(() => own.send(toDr({ targetPort: 53, protocol: UDP })).packet.target)
    expect(targets).toEqual(['2001:db8::2', '2001:db8::1', '2001:db8::2', '2001:db8::1'])
    expect(own.send(toDr({ targetPort: 81 })).exit).toBe('forwarded')
    port++
    expect(own.send(toDr({ targetPort: 81 })).exit).toBe('no-destination')
  })

  test('what has expired is swept, with its reply entry and its template', async () => {
    const own = ownBench()
    own.apply(put(at(80, { persistence: { timeout: 50, prefixLength: 64 } }), [destination(server, 80, 'nat')]))
    own.send(toDr())
    expect(own.load(`[${server}]:80`)).toEqual({ active: 1, inactive: 0, persistent: 1 })
    own.age('connections', 61)
    own.age('templates', 51)
    await own.sweep()
    expect(own.connections()).toEqual([])
    expect(own.load(`[${server}]:80`)).toEqual({ active: 0, inactive: 0, persistent: 0 })
    for (const map of ['connections', 'embryos', 'templates'] as const)
      expect([...(own.director.tables.get(6)?.[map].slices(64) ?? [])].reduce((sum, { count }) => sum + count, 0)).toBe(
        0,
      )
  })

  test('services of both families side by side, taken over by another process', () => {
    const own = ownBench()
    own.apply([
      ...put(service(80), [destination('192.0.2.11', 80, 'dr')]),
      ...put(at(80), [destination('2001:db8::11', 80, 'dr'), destination(server, 8080, 'nat')]),
    ])
    const before = own.table.state()
    own.reopen()
    expect(own.table.state()).toEqual(before)
    expect(own.send(toDr()).exit).toBe('forwarded')
  })

  test('a server of the other family, and a link-local one, are refused', () => {
    const own = ownBench()
    own.apply(put(at(80), []))
    const key = 'tcp/[2001:db8::240]:80'
    for (const to of ['192.0.2.11', 'fe80::11'])
      expect(
        own.results([{ type: 'put-destination', serviceKey: key, destination: destination(to, 80, 'dr') }]),
      ).toMatchObject([{ ok: false }])
    expect(() =>
      own.apply(put({ ...at(80), address: { ...at(80).address, address: address('fe80::1') } }, [])),
    ).toThrow(/link-local/)
  })
})

test('the program and the tables of IPv6 are there once they are needed', () => {
  const own = ownBench()
  const pins = () => readdirSync(own.pinDirectory).filter((name) => name.endsWith('6'))
  expect(own.send(toDr())).toMatchObject({ verdict: PASS, exit: 'stage-missing' })
  expect(pins()).toEqual([])
  own.apply(put(at(80), [destination('2001:db8::11', 80, 'dr')]))
  expect(own.send(toDr())).toMatchObject({ verdict: REDIRECT, exit: 'forwarded' })
  expect(pins()).toEqual([
    'arrivals6',
    'connections6',
    'embryos6',
    'nat_servers6',
    'reap_queue6',
    'services6',
    'swept6',
    'templates6',
  ])
})
