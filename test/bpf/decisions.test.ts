/** What the program does with a packet: verdict, counter, and the packet it leaves. One row, one rule. */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ipv4 } from '../../src/forwarding/ebpf/layout.ts'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { destination, keyOf, put, service, VIP } from './cluster.ts'
import { ACK, FIN, type FramePlan, frame, ICMP, icmpError, RST, readFrame, SYN, TCP, UDP } from './frames.ts'

let bench: Bench
beforeAll(() => {
  bench = new Bench()
  bench.apply([
    ...put(service(80), [destination('192.0.2.11', 80, 'dr')]),
    ...put(service(8000), [destination('198.51.100.11', 8080, 'nat')]),
    ...put(service(53, { protocol: 'udp' }), [destination('198.51.100.11', 5353, 'nat')]),
    ...put(service(54, { protocol: 'udp' }), [destination('192.0.2.11', 54, 'dr')]),
    ...put(service(8080), [destination('198.51.100.12', 8080, 'nat')]),
    ...put(service(99), []),
  ])
})
afterAll(() => bench?.close())

/** A bench of one test. */
function ownBench(size?: number): Bench {
  const own = new Bench(size)
  onTestFinished(() => own.close())
  return own
}

const client = '203.0.113.5'
/** bpf.h: the packet comes with a complete sum, and is refused (EBADMSG) if that is wrong afterwards. */
const BPF_F_TEST_SKB_CHECKSUM_COMPLETE = 4
let port = 20_000
beforeEach(() => {
  port++
})
const toDr = (more: Partial<FramePlan> = {}): FramePlan => ({
  source: client,
  target: VIP,
  sourcePort: port,
  targetPort: 80,
  flags: SYN,
  ...more,
})
const toNat = (more: Partial<FramePlan> = {}): FramePlan => toDr({ targetPort: 8000, ...more })

describe('not ours: passed, untouched, counted', () => {
  const rows: readonly [exit: string, claim: string, plan: () => Uint8Array][] = [
    ['not-to-us', 'a frame for another host', () => frame(toDr({ forAnother: true }))],
    ['not-ip', 'ARP', () => frame(toDr({ etherType: 0x0806 }))],
    ['other-protocol', 'a protocol without ports', () => frame(toDr({ protocol: 47, payload: new Uint8Array(20) }))],
    ['truncated', 'a transport header cut short', () => frame(toDr()).subarray(0, 14 + 20 + 4)],
    [
      'icmp-other',
      'an echo request',
      () => frame({ source: client, target: VIP, protocol: ICMP, payload: new Uint8Array([8, 0, 0, 0, 0, 0, 0, 0]) }),
    ],
    ['no-service', 'a port without a service', () => frame(toDr({ targetPort: 81 }))],
    ['no-service', 'a service of the other protocol', () => frame(toDr({ protocol: UDP }))],
    ['no-connection', 'an ACK without a connection', () => frame(toDr({ flags: ACK }))],
    ['no-connection', 'SYN with RST', () => frame(toDr({ flags: SYN | RST }))],
    ['ftp-data', 'a SYN from the FTP data port', () => frame(toDr({ sourcePort: 20 }))],
  ]
  test.each(rows)('%s: %s', (exit, _claim, build) => {
    const sent = build()
    const { verdict, exit: counted, frame: left } = bench.run(sent)
    expect({ verdict, exit: counted }).toEqual({ verdict: PASS, exit })
    expect(left).toEqual(sent)
  })
})

describe('direct routing', () => {
  test('a SYN is sent on with the TTL one less and nothing else changed', () => {
    const sent = frame(toDr())
    const { verdict, exit, packet, frame: left } = bench.run(sent)
    expect({ verdict, exit, ttl: packet.ttl }).toEqual({ verdict: REDIRECT, exit: 'forwarded', ttl: 63 })
    expect(packet.headerChecksumRight && packet.checksumRight).toBe(true)
    // All but TTL and header checksum.
    expect([...left.subarray(26)]).toEqual([...sent.subarray(26)])
  })

  test('a SYN+ACK schedules too, as in IPVS', () => {
    expect(bench.send(toDr({ flags: SYN | ACK })).exit).toBe('forwarded')
  })

  test('a connection is counted as half open, then established', () => {
    bench.send(toDr())
    expect(bench.connections().find(({ clientPort }) => clientPort === port)).toMatchObject({
      state: 'SYN_RECV',
      expiresIn: expect.closeTo(60, -0.5),
    })
    bench.send(toDr({ flags: ACK }))
    expect(bench.connections().find(({ clientPort }) => clientPort === port)).toMatchObject({
      serviceKey: keyOf(80),
      destination: '192.0.2.11',
      state: 'ESTABLISHED',
    })
  })

  test('every UDP packet opens or goes on', () => {
    const plan = toDr({ protocol: UDP, targetPort: 54, payload: new Uint8Array(5) })
    expect(bench.send(plan)).toMatchObject({ verdict: REDIRECT, exit: 'forwarded' })
    expect(bench.send(plan)).toMatchObject({ verdict: REDIRECT, exit: 'forwarded' })
    expect(bench.connections().filter(({ clientPort }) => clientPort === port)).toHaveLength(1)
  })
})

describe('NAT', () => {
  test('a SYN goes to the server and its port with right checksums', () => {
    const { verdict, exit, packet } = bench.send(toNat())
    expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'forwarded' })
    expect(packet).toMatchObject({
      source: client,
      target: '198.51.100.11',
      sourcePort: port,
      targetPort: 8080,
      ttl: 63,
      headerChecksumRight: true,
      checksumRight: true,
    })
  })

  test('the reply comes from the virtual address and port', () => {
    bench.send(toNat())
    const { verdict, exit, packet } = bench.send({
      source: '198.51.100.11',
      target: client,
      sourcePort: 8080,
      targetPort: port,
      flags: SYN | ACK,
    })
    expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'replied' })
    expect(packet).toMatchObject({
      source: VIP,
      target: client,
      sourcePort: 8000,
      targetPort: port,
      headerChecksumRight: true,
      checksumRight: true,
    })
  })

  test('a UDP packet without checksum stays without', () => {
    const { packet } = bench.send(
      toNat({ protocol: UDP, targetPort: 53, noChecksum: true, payload: new Uint8Array(4) }),
    )
    expect(packet).toMatchObject({ target: '198.51.100.11', targetPort: 5353, headerChecksumRight: true })
    expect([...packet.transport.subarray(6, 8)]).toEqual([0, 0])
  })

  test('UDP checksums are right for every payload, and never become zero', () => {
    for (let value = 0; value < 400; value++) {
      const payload = new Uint8Array([value >> 8, value & 0xff, 0xa5, value & 0xff])
      const { packet } = bench.send(toNat({ protocol: UDP, targetPort: 53, payload }))
      expect(packet.checksumRight).toBe(true)
      expect(packet.transport[6] || packet.transport[7]).not.toBe(0)
    }
  })

  test('two clients ports to two services on one server do not share a way back', () => {
    bench.apply(put(service(8001), [destination('198.51.100.11', 8080, 'nat')]))
    expect(bench.send(toNat()).exit).toBe('forwarded')
    bench.send(toNat({ flags: ACK }))
    expect(bench.send(toNat({ targetPort: 8001 }))).toMatchObject({ verdict: DROP, exit: 'collision' })
    bench.send(toNat({ flags: RST }))
    expect(bench.send(toNat({ targetPort: 8001 })).exit).toBe('forwarded')
  })
})

describe('NAT of a packet that the device has summed as a whole', () => {
  const error = (plan: FramePlan): number =>
    bench.director.programs.director.run(frame(plan), undefined, 1, BPF_F_TEST_SKB_CHECKSUM_COMPLETE).error
  beforeEach(({ skip }) => {
    if (error(toDr({ targetPort: 81 })) === -22) skip('BPF_F_TEST_SKB_CHECKSUM_COMPLETE came with Linux 6.13')
  })

  test.each([
    ['TCP', TCP, 8000, 8080, '198.51.100.11'],
    ['UDP', UDP, 53, 5353, '198.51.100.11'],
    ['TCP to the same port', TCP, 8080, 8080, '198.51.100.12'],
  ])('%s: the sum stays right, both ways', (_name, protocol, targetPort, sourcePort, source) => {
    for (let length = 0; length < 40; length++) {
      const payload = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255)
      expect(error(toNat({ targetPort, protocol, payload }))).toBe(0)
      const reply = { source, target: client, sourcePort, targetPort: port, protocol, payload }
      expect(error({ ...reply, flags: SYN | ACK })).toBe(0)
    }
  })
})

describe('ICMP errors that we send', () => {
  const unreachable: readonly [
    claim: string,
    plan: () => FramePlan,
    type: number,
    code: number,
    exit: string,
    mtu: number,
  ][] = [
    ['no destination: port unreachable', () => toDr({ targetPort: 99 }), 3, 3, 'no-destination', 0],
    ['TTL 1: time exceeded', () => toDr({ ttl: 1 }), 11, 0, 'ttl', 0],
    [
      'longer than the way out takes: fragmentation needed',
      () => toDr({ payload: new Uint8Array(1480) }),
      3,
      4,
      'too-big',
      1500,
    ],
  ]
  test.each(unreachable)('%s', (_claim, plan, type, code, exit, mtu) => {
    const sent = frame(plan())
    const { verdict, exit: counted, packet, frame: left } = bench.run(sent)
    expect({ verdict, counted }).toEqual({ verdict: REDIRECT, counted: exit })
    expect(packet).toMatchObject({
      source: VIP,
      target: client,
      protocol: ICMP,
      headerChecksumRight: true,
      checksumRight: true,
    })
    expect([packet.transport[0], packet.transport[1]]).toEqual([type, code])
    expect(new DataView(packet.transport.buffer, packet.transport.byteOffset).getUint16(6)).toBe(mtu)
    // The whole packet or what makes 576 bytes; its TTL was taken down before it turned out to be too long.
    const quoted = readFrame(sent)
    expect(packet.length).toBe(Math.min(576, 28 + quoted.length))
    const again = readFrame(left, 14 + 28)
    expect(again).toMatchObject({ source: client, target: VIP, headerChecksumRight: true })
    expect(again.ttl).toBe(exit === 'too-big' ? quoted.ttl - 1 : quoted.ttl)
    expect([...packet.transport.subarray(28)]).toEqual([...sent.subarray(34, 14 + packet.length - 28)])
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
    for (const at of [26, 28, 30, 32]) sum += view.getUint16(at)
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
    view.setUint16(14 + 20 + 16, sum)
    const { frame: left } = bench.run(sent)
    // What the device then does: it completes the transport checksum over the quote.
    const quote = left.subarray(14 + 20 + 8)
    new DataView(quote.buffer, quote.byteOffset).setUint16(36, complete)
    expect(readFrame(left).checksumRight).toBe(true)
  })

  test('UDP is quoted as a whole, without what fills the frame up behind it', () => {
    bench.apply(put(service(98, { protocol: 'udp' }), []))
    const sent = frame(toDr({ protocol: UDP, targetPort: 98, payload: new Uint8Array(40).fill(7) }))
    const { packet } = bench.run(new Uint8Array([...sent, 9, 9, 9]))
    expect(packet).toMatchObject({ protocol: ICMP, length: 28 + 68, checksumRight: true })
    expect([...packet.transport.subarray(8)]).toEqual([...sent.subarray(14)])
  })

  test('no more than a thousand a second and processor', () => {
    const { icmp_budget } = bench.director.maps
    const spent = () => {
      const budget = new Uint8Array(icmp_budget.readSize)
      const view = new DataView(budget.buffer)
      for (let at = 0; at < budget.length; at += 8) {
        view.setUint32(at, bench.now(), true)
        view.setUint32(at + 4, 1000, true)
      }
      icmp_budget.update(new Uint8Array(4), budget)
      return bench.send(toDr({ targetPort: 99 }))
    }
    // A second may begin between the two.
    const tries = [spent(), spent(), spent()]
    expect(tries).toContainEqual(expect.objectContaining({ verdict: DROP, exit: 'no-destination+icmp-suppressed' }))
  })
})

describe('ICMP errors that we relay', () => {
  const quotedFromVip = (vport: number) =>
    frame({ source: VIP, target: client, sourcePort: vport, targetPort: port, flags: ACK })

  test('direct routing: to the server, unchanged but for the TTL', () => {
    bench.send(toDr())
    bench.send(toDr({ flags: ACK }))
    const sent = icmpError('203.0.113.1', VIP, 3, 4, quotedFromVip(80), 1400)
    const { verdict, exit, frame: left, packet } = bench.run(sent)
    expect({ verdict, exit, ttl: packet.ttl }).toEqual({ verdict: REDIRECT, exit: 'icmp-relayed', ttl: 63 })
    expect([...left.subarray(26)]).toEqual([...sent.subarray(26)])
  })

  test('NAT: to the server, about the packet that the server sent', () => {
    bench.send(toNat())
    bench.send(toNat({ flags: ACK }))
    const { exit, packet, frame: left } = bench.run(icmpError('203.0.113.1', VIP, 3, 4, quotedFromVip(8000), 1400))
    expect(exit).toBe('icmp-relayed')
    expect(packet).toMatchObject({
      source: '203.0.113.1',
      target: '198.51.100.11',
      headerChecksumRight: true,
      checksumRight: true,
    })
    const quote = readFrame(left, 14 + 28)
    expect(quote).toMatchObject({
      source: '198.51.100.11',
      target: client,
      sourcePort: 8080,
      targetPort: port,
      headerChecksumRight: true,
    })
  })

  test('NAT: from the server to the client, as from the virtual address', () => {
    bench.send(toNat())
    bench.send(toNat({ flags: ACK }))
    const quoted = frame({ source: client, target: '198.51.100.11', sourcePort: port, targetPort: 8080, flags: ACK })
    const { exit, packet, frame: left } = bench.run(icmpError('198.51.100.11', client, 3, 3, quoted))
    expect(exit).toBe('icmp-relayed')
    expect(packet).toMatchObject({ source: VIP, target: client, headerChecksumRight: true, checksumRight: true })
    expect(readFrame(left, 14 + 28)).toMatchObject({
      source: client,
      target: VIP,
      sourcePort: port,
      targetPort: 8000,
      headerChecksumRight: true,
    })
  })

  test('with TTL 1: counted, and dropped', () => {
    bench.send(toDr())
    const error = icmpError('203.0.113.1', VIP, 3, 4, quotedFromVip(80), 1400)
    const view = new DataView(error.buffer)
    const sum = view.getUint16(24) + (((error[22] ?? 0) - 1) << 8)
    view.setUint16(24, (sum & 0xffff) + (sum >> 16))
    error[22] = 1
    const before = bench.counters()[0]?.inPackets ?? 0
    expect(bench.run(error)).toMatchObject({ verdict: DROP, exit: 'ttl' })
    expect(bench.counters()[0]?.inPackets).toBe(before + 1)
  })

  test('about nothing of ours: passed', () => {
    const quoted = frame({ source: '192.0.2.99', target: client, sourcePort: 1, targetPort: 2, flags: ACK })
    expect(bench.run(icmpError('203.0.113.1', '192.0.2.99', 3, 4, quoted))).toMatchObject({
      verdict: PASS,
      exit: 'icmp-other',
    })
  })
})

describe('destinations that come and go', () => {
  const at = keyOf(81)
  const one = destination('192.0.2.21', 81, 'dr')
  const two = destination('192.0.2.22', 81, 'dr')

  test('weight 0: the connection goes on, a new one goes elsewhere', () => {
    bench.apply(put(service(81), [one, two]))
    const first = toDr({ targetPort: 81 })
    bench.send(first)
    bench.send({ ...first, flags: ACK })
    const held = bench.connections().find(({ clientPort }) => clientPort === port)?.destination
    const quiet = held === one.address ? one : two
    bench.apply([{ type: 'put-destination', serviceKey: at, destination: { ...quiet, weight: 0 } }])
    expect(bench.send({ ...first, flags: ACK }).exit).toBe('forwarded')
    for (let i = 0; i < 4; i++) {
      port++
      bench.send(toDr({ targetPort: 81 }))
      expect(bench.connections().find(({ clientPort }) => clientPort === port)?.destination).not.toBe(quiet.address)
    }
  })

  test('removed: its packets are dropped in silence; put back: the connection lives', () => {
    bench.apply([...put(service(82), [destination('192.0.2.23', 82, 'dr')])])
    const plan = toDr({ targetPort: 82 })
    bench.send(plan)
    bench.send({ ...plan, flags: ACK })
    bench.apply([{ type: 'remove-destination', serviceKey: keyOf(82), destinationKey: '192.0.2.23:82' }])
    expect(bench.send({ ...plan, flags: ACK })).toMatchObject({ verdict: DROP, exit: 'destination-removed' })
    bench.apply([{ type: 'put-destination', serviceKey: keyOf(82), destination: destination('192.0.2.23', 82, 'dr') }])
    expect(bench.send({ ...plan, flags: ACK }).exit).toBe('forwarded')
    expect(bench.load('192.0.2.23:82')).toEqual({ active: 1, inactive: 0, persistent: 0 })
  })

  test('removed with its whole service and put back: likewise', () => {
    bench.apply(put(service(83), [destination('192.0.2.24', 83, 'dr')]))
    const plan = toDr({ targetPort: 83 })
    bench.send(plan)
    bench.send({ ...plan, flags: ACK })
    bench.apply([{ type: 'remove-service', serviceKey: keyOf(83) }])
    expect(bench.send({ ...plan, flags: ACK }).exit).toBe('destination-removed')
    port++
    expect(bench.send(toDr({ targetPort: 83 })).exit).toBe('no-service')
    port--
    bench.apply(put(service(83), [destination('192.0.2.24', 83, 'dr')]))
    expect(bench.send({ ...plan, flags: ACK }).exit).toBe('forwarded')
  })

  test('a process that died between two writes: a destination that is in no list counts as removed', () => {
    bench.apply(put(service(87), [destination('192.0.2.26', 87, 'dr')]))
    const plan = toDr({ targetPort: 87 })
    bench.send(plan)
    bench.send({ ...plan, flags: ACK })
    const key = ipv4.serviceKey.encode({ address: VIP, port: 87, protocol: 6 })
    expect(bench.director.maps.services.delete(key)).toBe(true)
    bench.reopen()
    expect(
      bench.table.state().services.some(({ service: { address } }) => 'port' in address && address.port === 87),
    ).toBe(false)
    expect(bench.send({ ...plan, flags: ACK }).exit).toBe('destination-removed')
    bench.apply(put(service(87), [destination('192.0.2.26', 87, 'dr')]))
    expect(bench.send({ ...plan, flags: ACK }).exit).toBe('forwarded')
  })

  test('an address of this host: passed to the stack', () => {
    bench.hops.set('127.0.0.1', { interfaceIndex: 1, nextHop: VIP, mtu: 0, local: true })
    bench.apply(put(service(84), [destination('127.0.0.1', 84, 'dr')]))
    expect(bench.send(toDr({ targetPort: 84 }))).toMatchObject({ verdict: PASS, exit: 'local' })
  })

  test('without a way to it: dropped', () => {
    bench.hops.set('192.0.2.25', { interfaceIndex: 0, nextHop: VIP, mtu: 0, local: false })
    bench.apply(put(service(85), [destination('192.0.2.25', 85, 'dr')]))
    expect(bench.send(toDr({ targetPort: 85 }))).toMatchObject({ verdict: DROP, exit: 'no-route' })
  })
})

describe('ports used again', () => {
  test('a SYN on a connection in TIME_WAIT gets a new one, by the scheduler', () => {
    bench.apply(put(service(86), [destination('192.0.2.31', 86, 'dr'), destination('192.0.2.32', 86, 'dr')]))
    const plan = toDr({ targetPort: 86 })
    const to = () => bench.connections().find(({ clientPort }) => clientPort === port)?.destination
    bench.send(plan)
    bench.send({ ...plan, flags: FIN | ACK })
    const first = to()
    bench.send(plan)
    expect(to()).not.toBe(first)
    expect(bench.connections().filter(({ clientPort }) => clientPort === port)).toHaveLength(1)
  })

  test('a SYN on an established connection stays with its server', () => {
    const plan = toDr({ targetPort: 86 })
    const to = () => bench.connections().find(({ clientPort }) => clientPort === port)?.destination
    bench.send(plan)
    bench.send({ ...plan, flags: ACK })
    const first = to()
    bench.send(plan)
    expect(to()).toBe(first)
  })
})

test('a full table refuses new UDP flows, counts them and keeps the old ones', () => {
  const small = ownBench(64)
  small.apply(put(service(54, { protocol: 'udp' }), [destination('192.0.2.11', 54, 'dr')]))
  const plan = (from: number): FramePlan => toDr({ protocol: UDP, targetPort: 54, sourcePort: from })
  const exits: string[] = []
  for (let from = 1001; from <= 1128; from++) exits.push(small.send(plan(from)).exit)
  const refused = exits.filter((exit) => exit === 'table-full').length
  expect(new Set(exits)).toEqual(new Set(['forwarded', 'table-full']))
  expect(small.connections()).toHaveLength(128 - refused)
  expect(small.send(plan(1001)).exit).toBe('forwarded')
})

test('a flood of SYN leaves established connections alone', () => {
  const flood = ownBench()
  flood.apply(put(service(80), [destination('192.0.2.11', 80, 'dr')]))
  const plan = toDr({ sourcePort: 7 })
  flood.send(plan)
  flood.send({ ...plan, flags: ACK })
  const director = flood.director.programs.director
  for (let i = 0; i < 40_000; i++)
    director.run(frame(toDr({ source: `198.18.${i >> 8}.${i & 255}`, sourcePort: 1024 + (i % 7) })))
  expect(flood.send({ ...plan, flags: ACK }).exit).toBe('forwarded')
  expect(flood.connections().filter(({ state }) => state === 'ESTABLISHED')).toHaveLength(1)
})

test('a half-open NAT connection gets its way back again when that was evicted', () => {
  const evicted = ownBench()
  evicted.apply(put(service(8000), [destination('198.51.100.11', 8080, 'nat')]))
  const reply = { source: '198.51.100.11', target: client, sourcePort: 8080, targetPort: port, flags: SYN | ACK }
  evicted.send(toNat())
  for (const { count, keys } of [...evicted.director.maps.embryos.slices(64)])
    for (let i = 0; i < count; i++)
      if (keys[i * 16] === 198) evicted.director.maps.embryos.delete(keys.slice(i * 16, i * 16 + 16))
  expect(evicted.send(reply).exit).toBe('no-service')
  evicted.send(toNat())
  expect(evicted.send(reply).exit).toBe('replied')
})

test('a full table leaves new TCP connections among the half-open ones, where they work', () => {
  const small = ownBench(64)
  small.apply([
    ...put(service(54, { protocol: 'udp' }), [destination('192.0.2.11', 54, 'dr')]),
    ...put(service(80), [destination('192.0.2.11', 80, 'dr')]),
  ])
  for (let from = 1001; from <= 1064; from++) small.send(toDr({ protocol: UDP, targetPort: 54, sourcePort: from }))
  small.send(toDr())
  expect(small.send(toDr({ flags: ACK })).exit).toBe('forwarded+promotion-failed')
  expect(small.send(toDr({ flags: ACK })).verdict).toBe(REDIRECT)
  expect(small.connections().find(({ protocol }) => protocol === 'tcp')?.state).toBe('ESTABLISHED')
})
