/** Packets that nobody sends by mistake: whatever comes, the program decides, counts it once, and breaks no checksum. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { readExits } from '../../src/forwarding/ebpf/counters.ts'
import { fuzzRuns } from '../fuzz-runs.ts'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { destination, put, service, VIP } from './cluster.ts'
import {
  AUTHENTICATION,
  DESTINATION_OPTIONS,
  type FramePlan,
  fragmentHeader,
  frame,
  HOP_BY_HOP,
  ICMP,
  ICMPV6,
  icmpError,
  ROUTING,
  readFrame,
  SCTP,
  TCP,
  UDP,
} from './frames.ts'

type World = {
  readonly vip: string
  readonly clients: readonly string[]
  readonly nat: readonly [string, string]
  readonly dr: string
  readonly router: string
  readonly extensions: fc.Arbitrary<NonNullable<FramePlan['extensions']>>
  readonly icmp: number
  readonly errors: readonly number[]
  /** Bytes of the IP header, and of what an error quotes after its own header. */
  readonly header: number
}
const extension = fc.tuple(
  fc.constantFrom(HOP_BY_HOP, ROUTING, AUTHENTICATION, DESTINATION_OPTIONS),
  fc.constantFrom(8, 16, 24).map((size) => new Uint8Array(size)),
)
const worlds: readonly (readonly [string, World])[] = [
  [
    'IPv4',
    {
      vip: VIP,
      clients: ['203.0.113.5', '203.0.113.6'],
      nat: ['198.51.100.11', '198.51.100.12'],
      dr: '192.0.2.11',
      router: '203.0.113.1',
      extensions: fc.constant([]),
      icmp: ICMP,
      errors: [3, 4, 11, 5],
      header: 20,
    },
  ],
  [
    'IPv6',
    {
      vip: '2001:db8::240',
      clients: ['2001:db8:1::5', '2001:db8:1:8000::6'],
      nat: ['2001:db8:2::11', '2001:db8:2::12'],
      dr: '2001:db8::11',
      router: '2001:db8:1::1',
      extensions: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(extension, { maxLength: 9 })),
      icmp: ICMPV6,
      errors: [1, 2, 3, 4],
      header: 40,
    },
  ],
]

describe.each(worlds)('%s', (_family, world) => {
  let bench: Bench
  const at = (port: number, more: Parameters<typeof service>[1] = {}) => {
    const { protocol = 'tcp', ...rest } = more
    return {
      ...service(port, rest),
      address: { kind: 'address', protocol, address: address(world.vip), port },
    } as const
  }
  beforeAll(() => {
    bench = new Bench(65_536)
    bench.apply([
      ...put(at(80, { scheduler: 'wlc' }), [destination(world.dr, 80, 'dr')]),
      ...put(
        at(8000, { persistence: { timeout: 50, prefixLength: 24 } }),
        world.nat.map((one) => destination(one, 8080, 'nat')),
      ),
      ...put(at(53, { protocol: 'udp' }), [destination(world.nat[0], 5353, 'nat')]),
      ...put(at(80, { protocol: 'sctp' }), [destination(world.dr, 80, 'dr')]),
      ...put(at(53, { protocol: 'sctp' }), [destination(world.nat[0], 5353, 'nat')]),
    ])
  })
  afterAll(() => bench?.close())

  const addresses = fc.constantFrom(...world.clients, world.vip, ...world.nat, world.dr)
  const ports = fc.constantFrom(80, 8000, 8080, 53, 5353, 4000, 4001, 20)
  const plans: fc.Arbitrary<FramePlan> = fc.record({
    source: addresses,
    target: addresses,
    sourcePort: ports,
    targetPort: ports,
    protocol: fc.constantFrom(TCP, TCP, UDP, SCTP),
    flags: fc.integer({ min: 0, max: 63 }),
    ttl: fc.constantFrom(64, 2, 1, 0),
    payload: fc.uint8Array({ maxLength: 64 }),
    extensions: world.extensions,
  })
  const total = (): number => Object.values(readExits(bench.director)).reduce((sum, count) => sum + count, 0)

  test('any sequence of packets between clients, services and servers leaves right checksums', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { verdict, exit, packet } = bench.send(plan)
        expect([PASS, DROP, REDIRECT]).toContain(verdict)
        expect(exit).not.toBe('')
        expect(exit).not.toBe('rewrite-failed')
        if (verdict === REDIRECT) expect(packet.headerChecksumRight && packet.checksumRight).toBe(true)
      }),
      fuzzRuns(3000, 4),
    )
  })

  test('any sequence of fragments, of few packets, in any order', () => {
    const pieces = fc.tuple(plans, fc.constantFrom(0, 0, 72, 1440), fc.boolean(), fc.integer({ min: 1, max: 3 }))
    let followed = 0
    fc.assert(
      fc.property(pieces, ([plan, offset, more, id]) => {
        const own: FramePlan =
          world.header === 20
            ? { ...plan, fragment: (offset >> 3) | (more ? 0x2000 : 0), bare: offset > 0 }
            : { ...plan, extensions: [...(plan.extensions ?? []), fragmentHeader(offset, more, id)], bare: offset > 0 }
        const { verdict, exit, packet } = bench.send(own)
        expect([PASS, DROP, REDIRECT]).toContain(verdict)
        expect(exit).not.toBe('')
        expect(exit).not.toBe('rewrite-failed')
        if (verdict !== REDIRECT) return
        if (offset > 0) followed++
        expect(packet.headerChecksumRight && (offset > 0 || packet.checksumRight)).toBe(true)
      }),
      fuzzRuns(3000, 7),
    )
    expect(followed).toBeGreaterThan(0)
  })

  test('any damage to a frame is survived, and counted', () => {
    const damage = fc.array(fc.tuple(fc.nat({ max: 50 + world.header }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(plans, damage, fc.nat({ max: 80 }), (plan, changes, cut) => {
        const sent = frame(plan)
        for (const [at, value] of changes) if (at < sent.length) sent[at] = value
        // Shorter ones than the two headers the test harness of the kernel refuses.
        const bytes = sent.subarray(0, Math.max(14 + world.header, sent.length - cut))
        const before = total()
        const { error, verdict } = bench.director.programs.director.run(bytes)
        if (error < 0) return
        expect([PASS, DROP, REDIRECT]).toContain(verdict)
        expect(total()).toBeGreaterThan(before)
      }),
      fuzzRuns(3000, 5),
    )
  })

  test('ICMP errors about any packet leave right checksums', () => {
    fc.assert(
      fc.property(plans, fc.constantFrom(...world.errors), fc.integer({ min: 0, max: 15 }), (plan, type, code) => {
        const { verdict, packet } = bench.run(icmpError(world.router, plan.source, type, code, frame(plan)))
        expect([PASS, DROP, REDIRECT]).toContain(verdict)
        expect(packet.protocol).toBe(world.icmp)
        expect(packet.headerChecksumRight && packet.checksumRight).toBe(true)
      }),
      fuzzRuns(1500, 6),
    )
  })

  test('an ICMP error cut anywhere is passed or dropped', () => {
    const whole = icmpError(
      world.router,
      world.vip,
      world.errors[0] as number,
      4,
      frame({ source: world.vip, target: world.clients[0] as string, sourcePort: 80, targetPort: 4000 }),
    )
    for (let length = 14 + world.header; length < whole.length; length++)
      expect([PASS, DROP, REDIRECT]).toContain(bench.director.programs.director.run(whole.subarray(0, length)).verdict)
    expect(readFrame(whole).checksumRight).toBe(true)
  })
})
