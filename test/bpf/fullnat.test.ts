/** FULLNAT: what leaves the program towards servers and clients, and how connections share local ports. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { address, addressBytes, type IpAddress, internetChecksum } from '../../src/base/index.ts'
import * as layout from '../../src/forwarding/ebpf/layout.ts'
import { u32 } from '../../src/forwarding/ebpf/struct.ts'
import type { Service } from '../../src/forwarding/index.ts'
import { Bench, DROP, REDIRECT } from './bench.ts'
import {
  ACK,
  FIN,
  type FramePlan,
  fragmentHeader,
  frame,
  icmpError,
  type ReadFrame,
  RST,
  readFrame,
  SYN,
  UDP,
} from './frames.ts'

/** Where IP addresses, and with them everything else, are of one family. */
type Family = {
  readonly name: string
  readonly vip: string
  readonly client: string
  readonly local: string
  readonly otherLocal: string
  readonly server: string
  readonly router: string
  readonly stranger: string
  /** Of the IP header. */
  readonly header: number
  /** Kind 254, the client's port 40000 and address. */
  readonly toa: string
  /** What the server's segments of 1460 bytes become. */
  readonly lessMss: string
  readonly tooBig: readonly [type: number, code: number]
  readonly unreachable: readonly [type: number, code: number]
}
const families: readonly Family[] = [
  {
    name: 'IPv4',
    vip: '192.0.2.240',
    client: '198.51.100.9',
    local: '203.0.113.1',
    otherLocal: '203.0.113.3',
    server: '203.0.113.2',
    router: '203.0.113.254',
    stranger: '203.0.113.77',
    header: 20,
    toa: 'fe089c40c6336409',
    lessMss: '020405ac',
    tooBig: [3, 4],
    unreachable: [3, 1],
  },
  {
    name: 'IPv6',
    vip: '2001:db8::240',
    client: '2001:db8:9::9',
    local: '2001:db8:1::1',
    otherLocal: '2001:db8:1::3',
    server: '2001:db8:1::2',
    router: '2001:db8:1::fe',
    stranger: '2001:db8:1::77',
    header: 40,
    toa: 'fe149c4020010db8000900000000000000000009',
    lessMss: '020405a0',
    tooBig: [2, 0],
    unreachable: [1, 3],
  },
]

const NOP = '01'
const MSS = '020405b4'
const TIMESTAMP = '080a0011223300445566'
const SACK_PERMITTED = '0402'
const WINDOW_SCALE = '030307'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe.each(families)('$name', (family) => {
  const { vip: VIP, client: CLIENT, local: LOCAL, server: SERVER, toa: TOA } = family
  const TOA_LENGTH = TOA.length / 2
  let bench: Bench
  const keyOf = (protocol: string): string => `${protocol}/${family.header === 40 ? `[${VIP}]` : VIP}:80`
  beforeAll(() => {
    bench = new Bench()
  })
  beforeEach(() => {
    bench.hops.clear()
    ports(1024, 65535)
  })
  afterEach(() => {
    for (const protocol of ['tcp', 'udp']) bench.apply([{ type: 'remove-service', serviceKey: keyOf(protocol) }])
    bench.forget()
  })
  afterAll(() => bench.close())

  /** The local ports that there are. */
  function ports(low: number, high: number): void {
    const { settings } = bench.director.maps
    const held = layout.settings.decode(settings.lookup(u32(0)) as Uint8Array)
    settings.update(u32(0), layout.settings.encode({ ...held, local_low: low, local_high: high }))
  }

  /** What the kernel does to the table of embryos when it is full, to the ways back only. */
  function forgetReplies(): void {
    for (const { embryos, layout: of } of bench.director.tables.values())
      for (const { count, keys, values } of [...embryos.slices(64)])
        for (let i = 0; i < count; i++) {
          const { status } = of.connection.decode(values, i * of.connection.size)
          const key = keys.slice(i * of.flow.size, (i + 1) * of.flow.size)
          if ((status & layout.CONNECTION_REPLY) !== 0) embryos.delete(key)
        }
  }

  function serve(more: Partial<Service> = {}, protocol: 'tcp' | 'udp' = 'tcp'): void {
    bench.apply([
      {
        type: 'put-service',
        service: {
          address: { kind: 'address', protocol, address: address(VIP), port: 80 },
          scheduler: 'rr',
          onePacket: false,
          localAddresses: [address(LOCAL)],
          ...more,
        },
      },
      {
        type: 'put-destination',
        serviceKey: keyOf(protocol),
        destination: {
          address: address(SERVER),
          port: 8080,
          weight: 1,
          method: 'fullnat',
          upperThreshold: 0,
          lowerThreshold: 0,
        },
      },
    ])
  }

  /** A TCP frame with options and chosen sequence numbers, its checksum right. */
  function segment(
    plan: FramePlan,
    {
      sequence = 1000,
      acknowledged = 0,
      options = '',
    }: { sequence?: number; acknowledged?: number; options?: string } = {},
  ): Uint8Array {
    const extra = Buffer.from(options, 'hex')
    const bytes = Buffer.from(frame({ ...plan, payload: Buffer.concat([extra, plan.payload ?? Buffer.alloc(0)]) }))
    const at = 14 + family.header
    bytes.writeUInt32BE(sequence >>> 0, at + 4)
    bytes.writeUInt32BE(acknowledged >>> 0, at + 8)
    bytes[at + 12] = (5 + extra.length / 4) << 4
    bytes.writeUInt16BE(0, at + 16)
    const ends = [addressBytes(plan.source as IpAddress), addressBytes(plan.target as IpAddress)]
    const pseudo = Buffer.concat([...ends, Buffer.from([0, 6]), Buffer.alloc(2)])
    pseudo.writeUInt16BE(bytes.length - at, pseudo.length - 2)
    bytes.writeUInt16BE(internetChecksum(pseudo, bytes.subarray(at)), at + 16)
    return bytes
  }

  const fromClient = (more: Partial<FramePlan> = {}): FramePlan => ({
    source: CLIENT,
    target: VIP,
    sourcePort: 40000,
    targetPort: 80,
    flags: SYN,
    ...more,
  })
  const fromServer = (localPort: number, more: Partial<FramePlan> = {}): FramePlan => ({
    source: SERVER,
    target: LOCAL,
    sourcePort: 8080,
    targetPort: localPort,
    flags: SYN | ACK,
    ...more,
  })
  const sequenceOf = ({ transport }: ReadFrame): number => Buffer.from(transport).readUInt32BE(4)
  const acknowledgedOf = ({ transport }: ReadFrame): number => Buffer.from(transport).readUInt32BE(8)
  const optionsOf = ({ transport }: ReadFrame): string =>
    hex(transport.subarray(20, ((transport[12] as number) >> 4) * 4))
  const right = (packet: ReadFrame): void => {
    expect(packet.headerChecksumRight).toBe(true)
    expect(packet.checksumRight).toBe(true)
  }
  /** Client SYN, server SYN+ACK, client ACK. What the server was sent first. */
  function handshake(clientPort = 40000, sequence = 1000): ReadFrame {
    const syn = bench.run(segment(fromClient({ sourcePort: clientPort }), { sequence })).packet
    const acknowledged = sequenceOf(syn) + 1
    bench.run(segment(fromServer(syn.sourcePort), { sequence: 7000, acknowledged }))
    bench.run(
      segment(fromClient({ sourcePort: clientPort, flags: ACK }), { sequence: sequence + 1, acknowledged: 7001 }),
    )
    return syn
  }

  describe('addresses and ports', () => {
    test('a client becomes a local address and port, the service the server', () => {
      serve()
      const { verdict, exit, packet } = bench.send(fromClient())
      expect([verdict, exit]).toEqual([REDIRECT, 'forwarded'])
      expect([packet.source, packet.target, packet.targetPort, packet.ttl]).toEqual([LOCAL, SERVER, 8080, 63])
      expect(packet.sourcePort).toBeGreaterThanOrEqual(1024)
      right(packet)
    })

    test('the answer goes to the client as from the service', () => {
      serve()
      const { packet: syn } = bench.send(fromClient())
      const { exit, packet } = bench.send(fromServer(syn.sourcePort))
      expect(exit).toBe('replied')
      expect([packet.source, packet.sourcePort, packet.target, packet.targetPort]).toEqual([VIP, 80, CLIENT, 40000])
      right(packet)
    })

    test('every packet of a connection has the same local port', () => {
      serve()
      const { sourcePort } = handshake()
      const { packet } = bench.run(
        segment(fromClient({ flags: ACK, payload: Buffer.from('hello') }), { sequence: 1001 }),
      )
      expect(packet.sourcePort).toBe(sourcePort)
      expect(bench.connections()).toMatchObject([
        {
          method: 'fullnat',
          client: CLIENT,
          destination: SERVER,
          local: LOCAL,
          localPort: sourcePort,
          state: 'ESTABLISHED',
        },
      ])
    })

    test('UDP, with and without a checksum', () => {
      serve({}, 'udp')
      // IPv6 has no packets without one.
      for (const noChecksum of family.header === 20 ? [false, true] : [false]) {
        const asked = bench.send(fromClient({ protocol: UDP, payload: Buffer.from('question'), noChecksum }))
        expect([asked.packet.source, asked.packet.target]).toEqual([LOCAL, SERVER])
        expect(Buffer.from(asked.packet.payload).toString()).toBe('question')
        right(asked.packet)
        expect(Buffer.from(asked.packet.transport).readUInt16BE(6) === 0).toBe(noChecksum)
        const answer = fromServer(asked.packet.sourcePort, {
          protocol: UDP,
          payload: Buffer.from('answer'),
          noChecksum,
        })
        const { packet } = bench.send(answer)
        expect([packet.source, packet.target, packet.targetPort]).toEqual([VIP, CLIENT, 40000])
        right(packet)
      }
    })

    test('the fragments of a datagram have the same addresses as the first one, and so have those of the answer', () => {
      serve({}, 'udp')
      const [first, later] =
        family.header === 20
          ? [{ fragment: 0x2000 }, { fragment: 9, bare: true }]
          : [{ extensions: [fragmentHeader(0, true, 7)] }, { extensions: [fragmentHeader(72, false, 7)], bare: true }]
      const payload = new Uint8Array(64).fill(7)
      const asked = fromClient({ protocol: UDP, payload })
      const { exit, packet } = bench.send({ ...asked, ...first })
      expect([exit, packet.source, packet.target]).toEqual(['forwarded', LOCAL, SERVER])
      const rest = bench.send({ ...asked, ...later })
      expect([rest.exit, rest.packet.source, rest.packet.target]).toEqual(['forwarded', LOCAL, SERVER])
      expect([rest.packet.headerChecksumRight, rest.packet.ttl]).toEqual([true, 63])

      const answer = fromServer(packet.sourcePort, { protocol: UDP, payload })
      for (const part of [first, later]) {
        const { exit, packet } = bench.send({ ...answer, ...part })
        expect([exit, packet.source, packet.target]).toEqual(['replied', VIP, CLIENT])
        expect(packet.headerChecksumRight).toBe(true)
      }
    })

    test('a stranger who sends to a local port is passed to the stack', () => {
      serve()
      const { sourcePort } = handshake()
      expect(bench.send({ ...fromServer(sourcePort), source: family.stranger }).exit).toBe('no-service')
    })
  })

  describe('local ports are shared', () => {
    test('no two connections to a server have the same; when all are taken there is no room for one more', () => {
      serve({ localAddresses: [address(LOCAL), address(family.otherLocal)] })
      ports(5000, 5003)
      const taken = new Set<string>()
      for (let i = 0; i < 8; i++) {
        const { packet } = bench.send(fromClient({ sourcePort: 40000 + i }))
        taken.add(`${packet.source}:${packet.sourcePort}`)
      }
      expect(taken.size).toBe(8)
      expect(bench.send(fromClient({ sourcePort: 50000 }))).toMatchObject({ verdict: DROP, exit: 'no-local-port' })
    })

    test('established connections hold theirs', () => {
      serve()
      ports(5000, 5000)
      handshake(40000)
      expect(bench.send(fromClient({ sourcePort: 40001 })).exit).toBe('no-local-port')
    })

    test('one in TIME_WAIT gives its port up; the next one begins with a higher number', () => {
      serve()
      ports(5000, 5000)
      let last = -1
      for (let i = 0; i < 50; i++) {
        const client = { sourcePort: 40000 + i }
        const sequence = (i * 0x3456_789a) >>> 0
        const syn = handshake(40000 + i, sequence)
        expect(syn.sourcePort).toBe(5000)
        if (last >= 0) expect((sequenceOf(syn) - last) | 0).toBeGreaterThan(0)
        last = sequenceOf(syn)
        bench.run(segment(fromServer(5000, { flags: FIN | ACK }), { sequence: 7001, acknowledged: last + 1 }))
        bench.run(segment(fromClient({ ...client, flags: FIN | ACK }), { sequence: sequence + 1, acknowledged: 7002 }))
      }
    })

    test('one that has expired gives its port up', async () => {
      serve()
      ports(5000, 5000)
      handshake(40000)
      bench.age('connections', 1000)
      await bench.sweep()
      expect(bench.connections()).toEqual([])
      expect(bench.send(fromClient({ sourcePort: 40001 })).exit).toBe('forwarded')
    })

    test('a reset by the client, too, ends a connection and gives its port up', () => {
      serve()
      ports(5000, 5000)
      handshake(40000)
      bench.run(segment(fromClient({ flags: RST }), { sequence: 1001 }))
      expect(bench.send(fromClient({ sourcePort: 40001 })).exit).toBe('forwarded')
    })

    test('a half-open one whose way back was evicted loses its port to the next, and leaves it alone from then on', () => {
      serve()
      ports(5000, 5000)
      expect(bench.send(fromClient({ sourcePort: 40000 })).packet.sourcePort).toBe(5000)
      forgetReplies()
      expect(bench.send(fromClient({ sourcePort: 40001 })).packet.sourcePort).toBe(5000)
      expect(bench.send(fromClient({ sourcePort: 40000 })).exit).toContain('no-local-port')
      const { exit, packet } = bench.send(fromServer(5000))
      expect([exit, packet.targetPort]).toEqual(['replied', 40001])
    })

    test('its way back is made anew where nobody has taken it', () => {
      serve()
      const { sourcePort } = bench.send(fromClient()).packet
      forgetReplies()
      expect(bench.send(fromClient()).packet.sourcePort).toBe(sourcePort)
      expect(bench.send(fromServer(sourcePort)).exit).toBe('replied')
    })

    test('persistent clients stay with their server', () => {
      serve({ persistence: { timeout: 300, prefixLength: family.header === 40 ? 128 : 32 } })
      const first = handshake(40000)
      const second = handshake(40001)
      expect([first.target, second.target]).toEqual([SERVER, SERVER])
      expect(bench.connections().filter(({ template }) => template)).toMatchObject([{ method: 'fullnat' }])
    })

    test('another process goes on with the same addresses', () => {
      serve({ tcpOptionAddress: true })
      bench.reopen()
      const [held] = bench.table.state().services
      expect(held?.service).toMatchObject({ localAddresses: [LOCAL], tcpOptionAddress: true })
      expect(bench.send(fromClient()).packet.source).toBe(LOCAL)
    })

    test('a service by firewall mark has local addresses too, also for another process', () => {
      const kind = family.header === 20 ? 4 : 6
      const serviceKey = `fwmark/${kind}/7`
      const localAddresses = [address(LOCAL), address(family.otherLocal)]
      bench.apply([
        {
          type: 'put-service',
          service: {
            address: { kind: 'fwmark', family: kind, mark: 7 },
            scheduler: 'rr',
            onePacket: false,
            localAddresses,
          },
        },
        {
          type: 'put-destination',
          serviceKey,
          destination: {
            address: address(SERVER),
            port: 0,
            weight: 1,
            method: 'fullnat',
            upperThreshold: 0,
            lowerThreshold: 0,
          },
        },
      ])
      bench.reopen()
      const [held] = bench.table.state().services
      bench.apply([{ type: 'remove-service', serviceKey }])
      expect(held).toMatchObject({ service: { localAddresses }, destinations: [{ method: 'fullnat' }] })
    })

    test('other addresses take the place of the first ones for new connections', () => {
      serve()
      const { sourcePort } = handshake(40000)
      serve({ localAddresses: [address(family.otherLocal)] })
      expect(bench.send(fromClient({ sourcePort: 40001 })).packet.source).toBe(family.otherLocal)
      const old = bench.send(fromClient({ flags: ACK })).packet
      expect([old.source, old.sourcePort]).toEqual([LOCAL, sourcePort])
    })
  })

  describe('sequence numbers', () => {
    test("the client's are moved on, and what the server acknowledges moved back", () => {
      serve()
      const syn = handshake(40000, 0xffff_fffe)
      const delta = (sequenceOf(syn) - 0xffff_fffe) >>> 0
      const data = bench.run(segment(fromClient({ flags: ACK }), { sequence: 0xffff_ffff, acknowledged: 7001 })).packet
      expect(sequenceOf(data)).toBe((0xffff_ffff + delta) >>> 0)
      expect(acknowledgedOf(data)).toBe(7001)
      right(data)
      const answer = bench.run(
        segment(fromServer(syn.sourcePort, { flags: ACK }), { sequence: 7001, acknowledged: sequenceOf(syn) + 1 }),
      ).packet
      expect([sequenceOf(answer), acknowledgedOf(answer)]).toEqual([7001, 0xffff_ffff])
      right(answer)
    })

    test('a SYN that comes again has the same number', () => {
      serve()
      const first = bench.run(segment(fromClient(), { sequence: 5 })).packet
      const second = bench.run(segment(fromClient(), { sequence: 5 })).packet
      expect([second.sourcePort, sequenceOf(second)]).toEqual([first.sourcePort, sequenceOf(first)])
    })

    test.each([1, 2, 3, 4])('%i SACK blocks move back', (count) => {
      serve()
      const syn = handshake()
      const delta = (sequenceOf(syn) - 1000) >>> 0
      const blocks = Array.from({ length: 2 * count }, (_, i) => 2000 + i * 1000)
      const word = (value: number) => (value >>> 0).toString(16).padStart(8, '0')
      const options = (shift: number) =>
        `${NOP}${NOP}05${(2 + 8 * count).toString(16).padStart(2, '0')}${blocks.map((edge) => word(edge + shift)).join('')}`
      const { packet } = bench.run(
        segment(fromServer(syn.sourcePort, { flags: ACK }), {
          sequence: 7001,
          acknowledged: 1001 + delta,
          options: options(delta),
        }),
      )
      expect(optionsOf(packet)).toBe(options(0))
      right(packet)
    })

    test("the client's timestamps are taken out of its SYN", () => {
      serve()
      const options = MSS + SACK_PERMITTED + TIMESTAMP + NOP + WINDOW_SCALE
      const { packet } = bench.run(segment(fromClient(), { options }))
      expect(optionsOf(packet)).toBe(MSS + SACK_PERMITTED + NOP.repeat(10) + NOP + WINDOW_SCALE)
      right(packet)
    })

    test('timestamps at an odd place too, and nothing after the end of options', () => {
      serve()
      const options = `${NOP}${TIMESTAMP}00${TIMESTAMP}0000`
      const { packet } = bench.run(segment(fromClient(), { options }))
      expect(optionsOf(packet)).toBe(`${NOP}${NOP.repeat(10)}00${TIMESTAMP}0000`)
      right(packet)
    })

    test.each(['ff000000', '08', '080a', '0801', '05ff0000', '020401'])(
      'nonsense in the options (%s) is left as it is',
      (nonsense) => {
        serve()
        const options = nonsense.padEnd(8, '0')
        const { exit, packet } = bench.run(segment(fromClient(), { options }))
        expect(exit).toBe('forwarded')
        expect(optionsOf(packet)).toBe(options)
        right(packet)
      },
    )
  })

  describe('TOA', () => {
    test('stands in the SYN before the other options, and nothing else changes', () => {
      serve({ tcpOptionAddress: true })
      const options = MSS + SACK_PERMITTED + NOP + WINDOW_SCALE + NOP + NOP
      const { exit, packet } = bench.run(segment(fromClient(), { options }))
      expect(exit).toBe('forwarded+toa-added')
      expect(optionsOf(packet)).toBe(TOA + options)
      expect(packet.length).toBe(family.header + 20 + TOA_LENGTH + 12)
      right(packet)
    })

    test('a SYN in a frame that was filled up', () => {
      serve({ tcpOptionAddress: true })
      const padded = new Uint8Array(14 + family.header + 20 + 6)
      padded.set(segment(fromClient()))
      const { packet, frame: out } = bench.run(padded)
      expect(optionsOf(packet)).toBe(TOA)
      expect(out.length).toBe(14 + family.header + 20 + TOA_LENGTH)
      right(packet)
    })

    test.each([1, 7, 64, 127, 128, 129, 255, 256, 1000, 1500 - family.header - 20 - TOA_LENGTH])(
      'stands in the first packet with data, %i bytes of it, and in no other',
      (length) => {
        serve({ tcpOptionAddress: true })
        handshake()
        const payload = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff)
        const first = bench.run(segment(fromClient({ flags: ACK, payload }), { sequence: 1001, acknowledged: 7001 }))
        expect(first.exit).toBe('forwarded+toa-added')
        expect(optionsOf(first.packet)).toBe(TOA)
        expect(hex(first.packet.transport.subarray(20 + TOA_LENGTH))).toBe(hex(payload))
        right(first.packet)
        const second = bench.run(
          segment(fromClient({ flags: ACK, payload }), { sequence: 1001 + length, acknowledged: 7001 }),
        )
        expect(second.exit).toBe('forwarded')
        expect(optionsOf(second.packet)).toBe('')
        right(second.packet)
      },
    )

    test('data behind other options', () => {
      serve({ tcpOptionAddress: true })
      handshake()
      const options = NOP + NOP + TIMESTAMP
      const payload = Buffer.from('GET / HTTP/1.1\r\n\r\n')
      const { packet } = bench.run(segment(fromClient({ flags: ACK, payload }), { sequence: 1001, options }))
      expect(optionsOf(packet)).toBe(TOA + options)
      expect(hex(packet.transport.subarray(32 + TOA_LENGTH))).toBe(hex(payload))
      right(packet)
    })

    test('a packet that would grow beyond the MTU goes without', () => {
      serve({ tcpOptionAddress: true })
      handshake()
      const { exit, packet } = bench.run(
        segment(fromClient({ flags: ACK, payload: new Uint8Array(1500 - family.header - 20 - TOA_LENGTH + 1) }), {
          sequence: 1001,
        }),
      )
      expect(exit).toBe('forwarded+toa-no-room')
      expect(optionsOf(packet)).toBe('')
      right(packet)
    })

    test.each([
      [40 - TOA_LENGTH, 'forwarded+toa-added'],
      [44 - TOA_LENGTH, 'forwarded+toa-no-room'],
      [40, 'forwarded+toa-no-room'],
    ])('a header with %i bytes of options: %s', (length, exit) => {
      serve({ tcpOptionAddress: true })
      const options = NOP.repeat(length)
      const result = bench.run(segment(fromClient(), { options }))
      expect(result.exit).toBe(exit)
      expect(optionsOf(result.packet)).toBe((exit.endsWith('added') ? TOA : '') + options)
      right(result.packet)
    })

    test("the server's SYN+ACK offers segments that leave room for it", () => {
      serve({ tcpOptionAddress: true })
      const { packet: syn } = bench.send(fromClient())
      const { packet } = bench.run(segment(fromServer(syn.sourcePort), { options: MSS }))
      expect(optionsOf(packet)).toBe(family.lessMss)
      right(packet)
    })

    test('without it the SYN+ACK is left alone', () => {
      serve()
      const { packet: syn } = bench.send(fromClient())
      expect(optionsOf(bench.run(segment(fromServer(syn.sourcePort), { options: MSS })).packet)).toBe(MSS)
    })
  })

  describe('ICMP errors', () => {
    test("one about a client's packet goes to the client as if about what it sent", () => {
      serve()
      const syn = handshake()
      const sent = bench.run(
        segment(fromClient({ flags: ACK, payload: new Uint8Array(100) }), { sequence: 1001 }),
      ).frame
      const { exit, packet } = bench.run(icmpError(family.router, LOCAL, ...family.tooBig, sent, 1400))
      expect(exit).toBe('icmp-relayed')
      expect([packet.source, packet.target]).toEqual([VIP, CLIENT])
      right(packet)
      const quoted = readFrame(packet.transport, 8)
      expect([quoted.source, quoted.sourcePort, quoted.target, quoted.targetPort]).toEqual([CLIENT, 40000, VIP, 80])
      expect(Buffer.from(quoted.transport).readUInt32BE(4)).toBe(1001)
      expect(quoted.headerChecksumRight).toBe(true)
      expect(Buffer.from(packet.transport).readUInt32BE(4)).toBe(1400)
      expect(syn.sourcePort).not.toBe(40000)
    })

    test('one about a SYN, too', () => {
      serve()
      const sent = bench.run(segment(fromClient(), { sequence: 77 })).frame
      const { packet } = bench.run(icmpError(family.router, LOCAL, ...family.unreachable, sent))
      expect(packet.target).toBe(CLIENT)
      expect(Buffer.from(packet.transport).readUInt32BE(8 + family.header + 4)).toBe(77)
      right(packet)
    })

    test("one about a server's packet goes to that server, from the local address", () => {
      serve()
      const { sourcePort } = handshake()
      const answer = bench.run(
        segment(fromServer(sourcePort, { flags: ACK }), { sequence: 7001, acknowledged: 5 }),
      ).frame
      const { exit, packet } = bench.run(icmpError(CLIENT, VIP, ...family.tooBig, answer, 1300))
      expect(exit).toBe('icmp-relayed')
      expect([packet.source, packet.target]).toEqual([LOCAL, SERVER])
      right(packet)
      const quoted = readFrame(packet.transport, 8)
      expect([quoted.source, quoted.sourcePort, quoted.target, quoted.targetPort]).toEqual([
        SERVER,
        8080,
        LOCAL,
        sourcePort,
      ])
      expect(quoted.headerChecksumRight).toBe(true)
    })
  })

  describe('what is refused', () => {
    const refusal = (service: Partial<Service>, protocol: 'tcp' | 'udp' = 'tcp'): string => {
      try {
        serve(service, protocol)
      } catch (error) {
        return (error as Error).message
      }
      return ''
    }
    test('FULLNAT without local addresses, with those of another family, or with one-packet scheduling', () => {
      expect(refusal({ localAddresses: [] })).toContain('local addresses')
      expect(refusal({ localAddresses: [address(family.header === 20 ? '2001:db8::1' : '192.0.2.1')] })).toContain(
        'address family',
      )
      expect(refusal({ onePacket: true }, 'udp')).toContain('one-packet')
    })
  })
})
