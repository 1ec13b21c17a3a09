/** Packets that nobody sends by mistake: whatever comes, the program decides, counts it once, and breaks no checksum. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readExits } from '../../src/forwarding/ebpf/counters.ts'
import { fuzzRuns } from '../fuzz-runs.ts'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { destination, put, service, VIP } from './cluster.ts'
import { type FramePlan, frame, ICMP, icmpError, readFrame, TCP, UDP } from './frames.ts'

let bench: Bench
beforeAll(() => {
  bench = new Bench(65_536)
  bench.apply([
    ...put(service(80, { scheduler: 'wlc' }), [destination('192.0.2.11', 80, 'dr')]),
    ...put(service(8000, { persistence: { timeout: 50, prefixLength: 24 } }), [
      destination('198.51.100.11', 8080, 'nat'),
      destination('198.51.100.12', 8080, 'nat'),
    ]),
    ...put(service(53, { protocol: 'udp' }), [destination('198.51.100.11', 5353, 'nat')]),
  ])
})
afterAll(() => bench?.close())

const addresses = fc.constantFrom('203.0.113.5', '203.0.113.6', VIP, '198.51.100.11', '198.51.100.12', '192.0.2.11')
const ports = fc.constantFrom(80, 8000, 8080, 53, 5353, 4000, 4001, 20)
const plans: fc.Arbitrary<FramePlan> = fc.record({
  source: addresses,
  target: addresses,
  sourcePort: ports,
  targetPort: ports,
  protocol: fc.constantFrom(TCP, TCP, UDP),
  flags: fc.integer({ min: 0, max: 63 }),
  ttl: fc.constantFrom(64, 2, 1, 0),
  payload: fc.uint8Array({ maxLength: 64 }),
})

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

test('any damage to a frame is survived, and counted', () => {
  const damage = fc.array(fc.tuple(fc.nat({ max: 70 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(plans, damage, fc.nat({ max: 80 }), (plan, changes, cut) => {
      const sent = frame(plan)
      for (const [at, value] of changes) if (at < sent.length) sent[at] = value
      // Shorter ones than the two headers the test harness of the kernel refuses.
      const bytes = sent.subarray(0, Math.max(34, sent.length - cut))
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
    fc.property(plans, fc.constantFrom(3, 4, 11, 5), fc.integer({ min: 0, max: 15 }), (plan, type, code) => {
      const { verdict, packet } = bench.run(icmpError('203.0.113.1', plan.source, type, code, frame(plan)))
      expect([PASS, DROP, REDIRECT]).toContain(verdict)
      expect(packet.protocol).toBe(ICMP)
      expect(packet.headerChecksumRight && packet.checksumRight).toBe(true)
    }),
    fuzzRuns(1500, 6),
  )
})

test('an ICMP error cut anywhere is passed or dropped', () => {
  const whole = icmpError(
    '203.0.113.1',
    VIP,
    3,
    4,
    frame({ source: VIP, target: '203.0.113.5', sourcePort: 80, targetPort: 4000 }),
  )
  for (let length = 14 + 20; length < whole.length; length++)
    expect([PASS, DROP, REDIRECT]).toContain(bench.director.programs.director.run(whole.subarray(0, length)).verdict)
  expect(readFrame(whole).checksumRight).toBe(true)
})

const total = (): number => Object.values(readExits(bench.director)).reduce((sum, count) => sum + count, 0)
