/** IPVS's sysctls and timeouts, each with what it changes for a packet. */
import { execFileSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { address } from '../../src/base/index.ts'
import { readExits } from '../../src/forwarding/ebpf/counters.ts'
import { Lottery } from '../../src/forwarding/ebpf/defence.ts'
import { dropEntries } from '../../src/forwarding/ebpf/drop-entries.ts'
import { expireRemoved } from '../../src/forwarding/ebpf/expire-removed.ts'
import {
  judgeDefences,
  readSettings,
  readTimeouts,
  writeSettings,
  writeTimeouts,
} from '../../src/forwarding/ebpf/settings.ts'
import { defaultSettings, type IpvsSettings, settingNames, settingRules } from '../../src/forwarding/index.ts'
import { enterNetworkNamespace } from '../../src/sys/privileges/index.ts'
import { Bench, DROP, PASS, REDIRECT } from './bench.ts'
import { destination, keyOf, put, service, VIP } from './cluster.ts'
import { ACK, FIN, type FramePlan, frame, ICMP, icmpError, RST, readFrame, SYN, UDP } from './frames.ts'

let bench: Bench
beforeEach(() => {
  bench = new Bench()
  bench.apply([
    ...put(service(80), [destination('192.0.2.11', 80, 'dr'), destination('192.0.2.12', 80, 'dr')]),
    ...put(service(8000), [destination('198.51.100.11', 8080, 'nat'), destination('198.51.100.12', 8080, 'nat')]),
    ...put(service(81, { persistence: { timeout: 300, prefixLength: 32 } }), [
      destination('192.0.2.11', 81, 'dr'),
      destination('192.0.2.12', 81, 'dr'),
    ]),
    ...put(service(53, { protocol: 'udp', persistence: { timeout: 300, prefixLength: 32 } }), [
      destination('198.51.100.11', 53, 'nat'),
    ]),
  ])
})
afterEach(() => bench.close())

const set = (change: Partial<IpvsSettings>): void => {
  expect(writeSettings(bench.director, change)).toEqual({ ok: true, value: undefined })
  judgeDefences(bench.director, undefined)
}
const client = '203.0.113.5'
const to = (targetPort: number, more: Partial<FramePlan> = {}): FramePlan => ({
  source: client,
  target: VIP,
  sourcePort: 20_000,
  targetPort,
  flags: SYN,
  ...more,
})
const from = (server: string, port: number, more: Partial<FramePlan> = {}): FramePlan => ({
  source: server,
  target: client,
  sourcePort: port,
  targetPort: 20_000,
  flags: SYN | ACK,
  ...more,
})
const serverOf = (targetPort: number): string | undefined =>
  bench.connections().find(({ virtualPort, template }) => virtualPort === targetPort && !template)?.destination
const stateOf = (targetPort: number): string | undefined =>
  bench.connections().find(({ virtualPort, template }) => virtualPort === targetPort && !template)?.state
const established = (targetPort: number): void => {
  bench.send(to(targetPort))
  bench.send(to(targetPort, { flags: ACK }))
}

describe('reading and writing', () => {
  test('all have their defaults at first', () => {
    expect(readSettings(bench.director)).toEqual(defaultSettings)
    expect(readTimeouts(bench.director)).toEqual({ tcp: 900, tcpFin: 120, udp: 300 })
  })

  test.each(settingNames)('%s is read back as it was written, and alone', (name) => {
    const { default: usual, min, max } = settingRules[name]
    const value = usual < max ? usual + 1 : min
    expect(writeSettings(bench.director, { [name]: value }).ok).toBe(true)
    expect(readSettings(bench.director)).toEqual({ ...defaultSettings, [name]: value })
  })

  test('one that cannot be leaves all as they were', () => {
    expect(writeSettings(bench.director, { sloppy_tcp: 1, drop_packet: 4 })).toMatchObject({
      ok: false,
      error: { reason: 'invalid' },
    })
    expect(readSettings(bench.director)).toEqual(defaultSettings)
  })

  test('services that come and go leave them alone', () => {
    set({ sloppy_tcp: 1 })
    bench.apply(put(service(0, { persistence: { timeout: 60, prefixLength: 32 } }), []))
    expect(readSettings(bench.director).sloppy_tcp).toBe(1)
  })

  test('a timeout of 0 stays as it is, and the new ones hold from the next packet on', () => {
    expect(writeTimeouts(bench.director, { tcp: 1000, tcpFin: 0, udp: 50 }).ok).toBe(true)
    expect(readTimeouts(bench.director)).toEqual({ tcp: 1000, tcpFin: 120, udp: 50 })
    established(80)
    expect(bench.connections()[0]?.expiresIn).toBeGreaterThan(990)
    expect(writeTimeouts(bench.director, { tcp: -1, tcpFin: 0, udp: 0 })).toMatchObject({ error: { code: 'EINVAL' } })
  })
})

describe('conn_reuse_mode: a SYN on a connection that has ended', () => {
  const closed = (): string | undefined => {
    established(80)
    bench.send(to(80, { flags: RST }))
    expect(stateOf(80)).toBe('CLOSE')
    return serverOf(80)
  }
  test.each([
    [0, false],
    [1, true],
    [2, true],
    [3, true],
  ])('%i in CLOSE: scheduled anew %s', (mode, anew) => {
    set({ conn_reuse_mode: mode })
    const before = closed()
    bench.send(to(80))
    expect(serverOf(80) !== before).toBe(anew)
  })

  test.each([
    [1, false],
    [2, true],
    [3, true],
  ])('%i in FIN_WAIT, when replies are not seen: scheduled anew %s', (mode, anew) => {
    set({ conn_reuse_mode: mode })
    established(80)
    const before = serverOf(80)
    bench.send(to(80, { flags: FIN | ACK }))
    expect(stateOf(80)).toBe('FIN_WAIT')
    bench.send(to(80))
    expect(serverOf(80) !== before).toBe(anew)
  })

  test('the old one counts while a server is chosen for the new one, and no longer', () => {
    set({ conn_reuse_mode: 1 })
    const upper = { upperThreshold: 1 }
    bench.apply(
      put(service(82), [destination('192.0.2.11', 82, 'dr', upper), destination('192.0.2.12', 82, 'dr', upper)]),
    )
    established(82)
    const before = serverOf(82)
    bench.send(to(82, { flags: RST }))
    expect(bench.send(to(82)).exit).toContain('forwarded')
    expect(serverOf(82)).not.toBe(before)
    const { destinations = [] } = bench.counters().find(({ serviceKey }) => serviceKey === keyOf(82)) ?? {}
    expect(destinations.map((one) => one.activeConnections + one.inactiveConnections).sort()).toEqual([0, 1])
  })

  test('one made through a template stays', () => {
    established(81)
    bench.send(to(81, { flags: RST }))
    const conns = () => bench.counters().find(({ serviceKey }) => serviceKey === keyOf(81))?.connections
    expect([stateOf(81), conns()]).toEqual(['CLOSE', 1])
    bench.send(to(81))
    expect([stateOf(81), conns()]).toEqual(['SYN_RECV', 1])
  })
})

describe('expire_nodest_conn', () => {
  const remove = (server: string) =>
    bench.apply([{ type: 'remove-destination', serviceKey: keyOf(80), destinationKey: `${server}:80` }])

  test.each([
    [0, { verdict: DROP, exit: 'destination-removed' }],
    [1, { verdict: PASS, exit: 'no-connection' }],
  ])('%i: a packet of a removed destination', (value, expected) => {
    set({ expire_nodest_conn: value })
    established(80)
    remove(serverOf(80) ?? '')
    expect(bench.send(to(80, { flags: ACK }))).toMatchObject(expected)
  })

  test('what goes to removed ones is ended, templates too, and nothing else', async () => {
    const clients = Array.from({ length: 6 }, (_, i) => `203.0.113.${10 + i}`)
    for (const source of clients)
      for (const port of [80, 81, 8000]) {
        bench.send(to(port, { source }))
        bench.send(to(port, { source, flags: ACK }))
      }
    bench.send(to(81, { source: '203.0.113.99' }))
    const held = () => bench.connections().map((one) => `${one.virtualPort} ${one.template} ${one.destination}`)
    const [gone, left] = ['192.0.2.11', '192.0.2.12']
    const stays = held().filter((line) => !line.endsWith(gone))
    expect(stays.length).toBeLessThan(held().length)
    bench.apply(
      [80, 81].map((port) => ({
        type: 'remove-destination',
        serviceKey: keyOf(port),
        destinationKey: `${gone}:${port}`,
      })),
    )
    await expireRemoved(bench.director, async () => true)
    expect(held().sort()).toEqual(stays.sort())
    expect(held().some((line) => line.endsWith(left))).toBe(true)
    expect(readExits(bench.director)['nodest-expired']).toBeGreaterThan(0)
    const persistent = bench
      .counters()
      .flatMap(({ destinations }) => destinations.map((one) => one.persistentConnections))
    expect(persistent.reduce((sum, one) => sum + one, 0)).toBe(bench.connections().filter((one) => one.template).length)
  })

  test('its SYN goes to another one', () => {
    set({ expire_nodest_conn: 1 })
    established(80)
    const before = serverOf(80) ?? ''
    remove(before)
    expect(bench.send(to(80)).exit).toBe('forwarded')
    expect(serverOf(80)).not.toBe(before)
  })

  test.each([0, 1])('%i: a SYN on a connection whose destination has weight 0', (value) => {
    set({ expire_nodest_conn: value })
    established(80)
    const before = serverOf(80) ?? ''
    bench.apply([
      { type: 'put-destination', serviceKey: keyOf(80), destination: destination(before, 80, 'dr', { weight: 0 }) },
    ])
    bench.send(to(80, { flags: ACK }))
    expect(serverOf(80)).toBe(before)
    bench.send(to(80))
    expect(serverOf(80) === before).toBe(value === 0)
  })
})

test.each([0, 1])('expire_quiescent_template %i: a client of a destination with weight 0', (value) => {
  set({ expire_quiescent_template: value })
  established(81)
  const before = serverOf(81) ?? ''
  bench.apply([
    { type: 'put-destination', serviceKey: keyOf(81), destination: destination(before, 81, 'dr', { weight: 0 }) },
  ])
  bench.send(to(81, { sourcePort: 20_001 }))
  const next = bench.connections().find(({ clientPort }) => clientPort === 20_001)?.destination
  expect(next === before).toBe(value === 0)
})

describe('sloppy_tcp', () => {
  test.each([
    ['an ACK', ACK, 'ESTABLISHED'],
    ['a FIN', FIN | ACK, 'CLOSE'],
    ['nothing', 0, 'CLOSE'],
  ])('%s opens a connection', (_name, flags, state) => {
    expect(bench.send(to(80, { flags })).exit).toBe('no-connection')
    set({ sloppy_tcp: 1 })
    expect(bench.send(to(80, { flags }))).toMatchObject({ verdict: REDIRECT, exit: 'forwarded' })
    expect(stateOf(80)).toBe(state)
  })

  test('a RST opens none', () => {
    set({ sloppy_tcp: 1 })
    expect(bench.send(to(80, { flags: RST | ACK })).exit).toBe('no-connection')
  })
})

describe('schedule_icmp: an error about a flow without a connection', () => {
  const error = () =>
    icmpError('203.0.113.9', VIP, 3, 1, frame({ ...from('198.51.100.11', 0), source: VIP, sourcePort: 8000 }))

  test('is passed', () => {
    expect(bench.run(error())).toMatchObject({ verdict: PASS, exit: 'icmp-other' })
  })

  test('opens one that lasts 3 seconds, and goes to its server', () => {
    set({ schedule_icmp: 1 })
    const { verdict, exit, packet } = bench.run(error())
    expect({ verdict, exit }).toEqual({ verdict: REDIRECT, exit: 'icmp-relayed' })
    expect(packet).toMatchObject({ target: serverOf(8000), protocol: ICMP, checksumRight: true })
    expect(bench.connections()[0]).toMatchObject({
      state: 'NONE',
      clientPort: 20_000,
      expiresIn: expect.closeTo(3, -0.5),
    })
  })

  test('goes to a server of a one-packet service as well, and opens none', () => {
    set({ schedule_icmp: 1 })
    const onePacket = service(54, { protocol: 'udp', onePacket: true })
    bench.apply(put(onePacket, [destination('198.51.100.11', 54, 'nat')]))
    const plan = { source: VIP, target: client, sourcePort: 54, targetPort: 20_000, protocol: UDP }
    const { exit, packet } = bench.run(icmpError('203.0.113.9', VIP, 3, 1, frame(plan)))
    expect(exit).toBe('icmp-relayed')
    expect(packet).toMatchObject({ target: '198.51.100.11', protocol: ICMP, checksumRight: true })
    expect(bench.connections()).toEqual([])
    expect(bench.counters().find(({ serviceKey }) => serviceKey === keyOf(54, 'udp'))).toMatchObject({
      connections: 1,
      inPackets: 1,
      inBytes: 56,
    })
  })

  test('dh asks about the client, where for a packet it asks about the virtual address', () => {
    set({ schedule_icmp: 1 })
    const servers = Array.from({ length: 8 }, (_, i) => destination(`192.0.2.${21 + i}`, 83, 'dr'))
    bench.apply(put(service(83, { scheduler: 'dh' }), servers))
    const chosen = (source: string, by: (source: string) => void): string | undefined => {
      by(source)
      return bench.connections().find((one) => one.client === source && one.virtualPort === 83)?.destination
    }
    const clients = Array.from({ length: 16 }, (_, i) => `203.0.113.${50 + i}`)
    const send = (source: string) => void bench.send(to(83, { source }))
    const report = (source: string) =>
      void bench.run(
        icmpError('203.0.113.9', VIP, 3, 1, frame({ source: VIP, target: source, sourcePort: 83, targetPort: 20_000 })),
      )
    expect(new Set(clients.map((source) => chosen(source, send))).size).toBe(1)
    const others = clients.map((source) => source.replace('113', '112'))
    expect(new Set(others.map((source) => chosen(source, report))).size).toBeGreaterThan(1)
  })
})

describe('nat_icmp_send: a NAT server talks without a connection', () => {
  test.each([
    [0, ACK, PASS, 'no-service'],
    [1, ACK, DROP, 'reply-refused'],
    [1, RST, PASS, 'no-service'],
  ])('%i, flags %i', (value, flags, verdict, exit) => {
    set({ nat_icmp_send: value })
    const result = bench.send(from('198.51.100.11', 8080, { flags }))
    expect(result.exit).toBe(exit)
    if (verdict === PASS) return expect(result.verdict).toBe(PASS)
    expect(readFrame(result.frame)).toMatchObject({ target: '198.51.100.11', protocol: ICMP, checksumRight: true })
    expect([...result.packet.transport.subarray(0, 2)]).toEqual([3, 3])
  })

  test('another port, another protocol, a server of direct routing: passed', () => {
    set({ nat_icmp_send: 1 })
    expect(bench.send(from('198.51.100.11', 8081, { flags: ACK })).exit).toBe('no-service')
    expect(bench.send(from('198.51.100.11', 8080, { protocol: UDP })).exit).toBe('no-service')
    expect(bench.send(from('192.0.2.11', 80, { flags: ACK })).exit).toBe('no-service')
  })

  test('a server that was removed is one no longer', () => {
    set({ nat_icmp_send: 1 })
    bench.apply([{ type: 'remove-destination', serviceKey: keyOf(8000), destinationKey: '198.51.100.11:8080' }])
    expect(bench.send(from('198.51.100.11', 8080, { flags: ACK })).exit).toBe('no-service')
    expect(bench.send(from('198.51.100.12', 8080, { flags: ACK })).exit).toBe('reply-refused')
  })
})

/** The tests of this block run in a namespace of their own; what is given runs in there. */
function ownNamespace(): (...argv: readonly string[]) => void {
  const name = `settings-${process.pid}`
  const home = openSync('/proc/thread-self/ns/net', 'r')
  const inside = (...argv: readonly string[]): void => void execFileSync('ip', ['netns', 'exec', name, ...argv])
  beforeEach(() => {
    execFileSync('ip', ['netns', 'add', name])
    inside('ip', 'link', 'set', 'lo', 'up')
    inside('sysctl', '-qw', 'net.ipv4.ip_forward=1')
    enterNetworkNamespace(name)
  })
  afterEach(() => {
    enterNetworkNamespace(`/proc/self/fd/${home}`)
    execFileSync('ip', ['netns', 'delete', name])
  })
  return inside
}

describe('nat_icmp_send: what the stack would send on is refused by this host', () => {
  const inside = ownNamespace()
  const nextHop = address('198.51.100.254')
  const refuse = (ttl: number) => {
    const server = '198.51.100.11'
    bench.hops.set(server, { interfaceIndex: 1, nextHop, mtu: 1500, local: false, source: address('198.51.100.1') })
    bench.apply(put(service(8000), [destination(server, 8080, 'nat')]))
    set({ nat_icmp_send: 1 })
    inside('ip', 'route', 'add', `${client}/32`, 'dev', 'lo')
    return bench.send(from(server, 8080, { flags: ACK, ttl }))
  }

  test('with the address that it has towards the server, about a packet that was on its way already', () => {
    const { exit, verdict, frame: left, packet } = refuse(64)
    expect({ exit, verdict }).toEqual({ exit: 'reply-refused', verdict: REDIRECT })
    expect(readFrame(left)).toMatchObject({
      source: '198.51.100.1',
      target: '198.51.100.11',
      protocol: ICMP,
      checksumRight: true,
    })
    expect([...packet.transport.subarray(0, 2), packet.transport[8 + 8]]).toEqual([3, 3, 63])
  })

  test('not one whose time is over: the stack says that', () => {
    expect(refuse(1)).toMatchObject({ exit: 'reply-to-stack', verdict: PASS })
  })
})

describe('defences', () => {
  test('drop_packet 3 drops one of am_droprate packets that would open a connection, and no other', () => {
    set({ drop_packet: 3, am_droprate: 4 })
    const exits = Array.from({ length: 12 }, (_, i) => bench.send(to(80, { sourcePort: 30_000 + i })).exit)
    expect(exits.filter((exit) => exit === 'drop-packet')).toHaveLength(3)
    expect(bench.send(to(80, { sourcePort: 30_000, flags: ACK })).exit).toBe('forwarded')
  })

  test('with 1 only while memory is short', () => {
    writeSettings(bench.director, { drop_packet: 1, amemthresh: 1000 })
    judgeDefences(bench.director, 0)
    expect(readSettings(bench.director).drop_packet).toBe(2)
    expect(bench.send(to(80)).exit).toBe('drop-packet')
    judgeDefences(bench.director, 1000)
    expect(readSettings(bench.director).drop_packet).toBe(1)
    expect(bench.send(to(80)).exit).toBe('forwarded')
  })

  const everything = (): number => {
    const lottery = new Lottery()
    let removed = 0
    for (let i = 0; i < 32; i++)
      removed += dropEntries(
        bench.director,
        lottery,
        bench.now(),
        () => i / 32,
        (slot) => bench.table.isOnePacket(slot),
      )
    return removed
  }

  test('drop_entry: half-open connections go with their counts, established ones stay', () => {
    for (let i = 0; i < 20; i++) bench.send(to(8000, { sourcePort: 30_000 + i }))
    established(80)
    expect(everything()).toBe(20)
    expect(bench.connections().map(({ state }) => state)).toEqual(['ESTABLISHED'])
    expect(bench.load('198.51.100.11:8080')).toEqual({ active: 0, inactive: 0, persistent: 0 })
    bench.age('connections', 61)
    // Two packets of the client: every second one, and the lottery begins with one.
    expect(everything()).toBe(1)
    expect(bench.connections()).toEqual([])
  })

  test('drop_entry: a template goes with its last connection unless one was established', () => {
    bench.send(to(81))
    expect(bench.connections().map(({ state, template }) => [state, template])).toEqual([
      ['SYN_RECV', false],
      ['NONE', true],
    ])
    expect(everything()).toBe(2)
    established(81)
    expect(bench.connections().map(({ state, template }) => [state, template])).toEqual([
      ['ESTABLISHED', false],
      ['ASSURED', true],
    ])
    bench.age('connections', 61)
    expect(everything()).toBe(1)
    expect(bench.connections().map(({ template }) => template)).toEqual([true])
  })

  test("a template of UDP is assured by a server's packet", () => {
    bench.send(to(53, { protocol: UDP }))
    const templates = () =>
      bench
        .connections()
        .filter(({ template }) => template)
        .map(({ state }) => state)
    expect(templates()).toEqual(['NONE'])
    bench.send(from('198.51.100.11', 53, { protocol: UDP }))
    expect(templates()).toEqual(['ASSURED'])
  })
})

test('counters set to zero count on from there, and what was taken of a removed destination too', () => {
  established(80)
  const of = () => bench.counters().find(({ serviceKey }) => serviceKey === keyOf(80))
  expect(of()).toMatchObject({ connections: 1, inPackets: 2 })
  bench.table.zeroCounters(keyOf(80))
  expect(of()).toMatchObject({ connections: 0, inPackets: 0, inBytes: 0 })
  bench.send(to(80, { flags: ACK }))
  expect(of()).toMatchObject({ connections: 0, inPackets: 1, inBytes: 40 })
  expect(bench.table.zeroCounters('tcp/192.0.2.240:9')).toMatchObject({ error: { reason: 'not-found' } })
})

describe('packets of servers that do not answer through NAT, on their way through this host', () => {
  const inside = ownNamespace()
  const reply = frame({ ...from('', 0), source: VIP, sourcePort: 80 })
  const counted = (server: string | undefined) =>
    bench
      .counters()
      .flatMap(({ destinations }) => destinations)
      .find(({ destinationKey }) => destinationKey === `${server}:80`)

  test('are counted, move the state and are passed', () => {
    inside('ip', 'route', 'add', `${VIP}/32`, 'dev', 'lo')
    bench.send(to(80))
    const { verdict, exit, frame: left } = bench.run(reply)
    expect({ verdict, exit }).toEqual({ verdict: PASS, exit: 'reply-seen' })
    expect(left).toEqual(reply)
    expect(counted(serverOf(80))).toMatchObject({ outPackets: 1, outBytes: 40 })
    // From then on both directions are known: the client's FIN makes CLOSE_WAIT, not FIN_WAIT.
    bench.send(to(80, { flags: ACK }))
    bench.send(to(80, { flags: FIN | ACK }))
    expect(stateOf(80)).toBe('CLOSE_WAIT')
  })

  test('are left alone from an address of this host: its stack takes them not either', () => {
    inside('ip', 'addr', 'add', `${VIP}/32`, 'dev', 'lo')
    bench.send(to(80))
    expect(bench.run(reply)).toMatchObject({ verdict: PASS, exit: 'no-service' })
    expect(counted(serverOf(80))).toMatchObject({ outPackets: 0, outBytes: 0 })
    expect(stateOf(80)).toBe('SYN_RECV')
  })
})
