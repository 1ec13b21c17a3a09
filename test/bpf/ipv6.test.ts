/** What the program does with IPv6 packets that differs from IPv4, or could. One row, one rule. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { destination, put, service } from './cluster.ts'
import { ACK, type FramePlan, frame, SYN, UDP } from './frames.ts'

const VIP6 = address('2001:db8::240')
const client = '2001:db8:1::5'
let bench: Bench
let port = 20_000
const at = (port: number, protocol: 'tcp' | 'udp' = 'tcp') =>
  service(port, { address: { kind: 'address', protocol, address: VIP6, port } })

beforeAll(() => {
  bench = new Bench()
  bench.apply([
    ...put(at(80), [destination('2001:db8::11', 80, 'dr')]),
    ...put(at(8000), [destination('2001:db8:2::11', 8080, 'nat')]),
    ...put(at(53, 'udp'), [destination('2001:db8:2::11', 5353, 'nat')]),
    ...put(at(99), []),
  ])
})
afterAll(() => bench?.close())
beforeEach(() => {
  port++
})
const toDr = (more: Partial<FramePlan> = {}): FramePlan => ({
  source: client,
  target: VIP6,
  sourcePort: port,
  targetPort: 80,
  flags: SYN,
  ...more,
})
const toNat = (more: Partial<FramePlan> = {}): FramePlan => toDr({ targetPort: 8000, ...more })

describe('direct routing', () => {
  test('a SYN is sent on with the hop limit one less and nothing else changed', () => {
    const sent = frame(toDr({ label: 0x0ab12345 }))
    const { verdict, exit, frame: left } = bench.run(sent)
    sent[14 + 7] = 63
    expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'forwarded' })
    expect(left).toEqual(sent)
  })
})

describe('NAT', () => {
  test('a SYN goes to the server and its port, the reply comes from the service', () => {
    const { verdict, exit, packet } = bench.send(toNat())
    expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'forwarded' })
    expect(packet).toMatchObject({
      source: client,
      target: '2001:db8:2::11',
      targetPort: 8080,
      ttl: 63,
      checksumRight: true,
    })
    const reply = bench.send({
      source: '2001:db8:2::11',
      target: client,
      sourcePort: 8080,
      targetPort: port,
      flags: SYN | ACK,
    })
    expect(reply).toMatchObject({ verdict: REDIRECT, exit: 'replied' })
    expect(reply.packet).toMatchObject({ source: VIP6, sourcePort: 8000, ttl: 63, checksumRight: true })
    bench.send(toNat({ flags: ACK }))
    expect(bench.connections().find((one) => one.clientPort === port)).toMatchObject({
      client,
      virtual: VIP6,
      destination: '2001:db8:2::11',
      destinationPort: 8080,
      state: 'ESTABLISHED',
      method: 'nat',
    })
  })
  test('UDP', () => {
    const plan = toNat({ targetPort: 53, protocol: UDP, payload: new Uint8Array([1, 2, 3]) })
    expect(bench.send(plan)).toMatchObject({ verdict: REDIRECT, exit: 'forwarded', packet: { checksumRight: true } })
  })
})

test('port unreachable', () => {
  const { verdict, exit, packet } = bench.send(toDr({ targetPort: 99 }))
  expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'no-destination' })
  expect(packet).toMatchObject({ source: VIP6, target: client, checksumRight: true })
  expect([DROP, PASS]).toEqual([2, -1])
})
