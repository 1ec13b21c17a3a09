import { describe, expect, test } from 'vitest'
import { address, micros, millis, seconds } from '../../../src/base/index.ts'
import { type BfdSession, type VirtualRouter, virtualRouterKey } from '../../../src/model/index.ts'
import { type ControlPacket, decodeControlPacket, encodeControlPacket } from '../../../src/wire/bfd/index.ts'
import { session as base, packet } from '../../proto/bfd/setting.ts'
import { router } from '../../proto/vrrp/setting.ts'
import { ethernet, World } from './world.ts'

const SINGLE = '3784/ipv4'
const US = address('192.0.2.11')
const tracked: VirtualRouter = {
  ...router,
  tracks: [{ kind: 'bfd' as const, name: 'peer', weight: 0, reverse: false }],
}

async function begin(more: Partial<BfdSession> = {}, routers = [tracked]) {
  const world = new World()
  await world.configure(routers, { bfdSessions: [{ ...base, ...more }] })
  return world
}
const sent = (world: World): ControlPacket[] =>
  world.control.splice(0).map(({ payload }) => {
    const decoded = decodeControlPacket(payload)
    if (!decoded.ok) throw new Error(`sent ${JSON.stringify(decoded.error)}`)
    return decoded.value
  })
const hear = (world: World, of: ControlPacket, more: object = {}, key = SINGLE) =>
  world.hear(key, {
    payload: encodeControlPacket(of),
    source: base.neighbour,
    destination: US,
    hopLimit: 255,
    ...more,
  })
const only = async (world: World) => (await world.bfdSessions())[0]
const ours = async (world: World) => (await only(world))?.discriminator ?? 0

/** Through down and init to up. */
async function bringUp(world: World) {
  hear(world, packet('down', { yourDiscriminator: 0 }))
  hear(world, packet('up', { yourDiscriminator: await ours(world) }))
  await world.settle()
}

describe('a session', () => {
  test('B-010: packets leave from one port of 49152 to 65535 for as long as it lives', async () => {
    const world = new World()
    const draws = [0.3, 0.999_999, 0]
    world.random = () => draws.shift() ?? 0.5
    await world.configure([], { bfdSessions: [base] })
    world.run(seconds(10))
    expect(world.senders).toEqual([
      { destination: base.neighbour, port: 3784, source: undefined, sourcePort: 65_535, hopLimit: 255 },
    ])
  })

  test('B-011: single hop is sent with 255, and what comes with less is refused by name', async () => {
    const world = await begin()
    hear(world, packet('down', { yourDiscriminator: 0 }), { hopLimit: 254 })
    expect(await only(world)).toMatchObject({ state: 'down', drops: { 'hop-limit': 1 }, packetsReceived: 0 })
    hear(world, packet('down', { yourDiscriminator: 0 }))
    expect(await only(world)).toMatchObject({ state: 'init', packetsReceived: 1 })
    expect(world.logged.filter((line) => line.includes('254 where 255 is the least'))).toHaveLength(1)
  })

  test('only neighbours are heard, those of a port and family each on their socket', async () => {
    const other = { ...base, name: 'other', neighbour: address('192.0.2.13') }
    const far = { ...base, name: 'far', neighbour: address('198.51.100.1'), multihop: true }
    const world = await begin()
    expect(world.neighbours.get(SINGLE)).toEqual([base.neighbour])
    await world.configure([], { bfdSessions: [base, other, far] })
    expect(world.neighbours.get(SINGLE)).toEqual([base.neighbour, other.neighbour])
    expect(world.neighbours.get('4784/ipv4')).toEqual([far.neighbour])
    await world.configure([], { bfdSessions: [other] })
    expect(world.neighbours.get(SINGLE)).toEqual([other.neighbour])
  })

  test('the same link-local neighbour on two interfaces is two: each session takes what comes by its own', async () => {
    const neighbour = address('fe80::2')
    const on = (name: string): BfdSession => ({ ...base, name, family: 6, neighbour, interface: name })
    const world = new World()
    world.links.set(3, ethernet(3, 'eth1'))
    await world.configure([], { bfdSessions: [on('eth0'), on('eth1')] })
    expect(world.senders.map((one) => one.interface)).toEqual(['eth0', 'eth1'])
    expect(world.neighbours.get('3784/ipv6')).toEqual([neighbour])
    const ends = { source: neighbour, destination: address('fe80::1') }
    hear(world, packet('down', { yourDiscriminator: 0 }), { ...ends, interfaceIndex: 3 }, '3784/ipv6')
    hear(world, packet('down', { yourDiscriminator: 0 }), { ...ends, interfaceIndex: 4 }, '3784/ipv6')
    expect((await world.bfdSessions()).map(({ interface: name, state }) => `${name} ${state}`)).toEqual([
      'eth0 down',
      'eth1 init',
    ])
  })

  test('max_hops is what may be lost on the way, and none is looked at where it is absent', async () => {
    const some = await begin({ maxHops: 3 })
    hear(some, packet('down', { yourDiscriminator: 0 }), { hopLimit: 251 })
    expect((await only(some))?.state).toBe('down')
    hear(some, packet('down', { yourDiscriminator: 0 }), { hopLimit: 252 })
    expect((await only(some))?.state).toBe('init')
    const world = new World()
    const { maxHops: _, ...any } = base
    await world.configure([], { bfdSessions: [any] })
    hear(world, packet('down', { yourDiscriminator: 0 }), { hopLimit: 1 })
    expect((await only(world))?.state).toBe('init')
  })

  test('B-012: multihop uses port 4784, and the pair of addresses tells whose the first packet is', async () => {
    const source = address('192.0.2.11')
    const other = address('192.0.2.12')
    const world = new World()
    await world.configure([], {
      bfdSessions: [
        { ...base, name: 'one', multihop: true, source },
        { ...base, name: 'two', multihop: true, source: other },
        { ...base, name: 'single' },
      ],
    })
    expect(world.listening).toEqual(['4784/ipv4', SINGLE])
    expect(world.senders.map(({ port }) => port)).toEqual([4784, 4784, 3784])
    hear(world, packet('down', { yourDiscriminator: 0 }), { destination: other }, '4784/ipv4')
    expect((await world.bfdSessions()).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'one down',
      'two init',
      'single down',
    ])
    // A discriminator on the wrong port is none.
    const single = (await world.bfdSessions())[2]?.discriminator ?? 0
    hear(world, packet('init', { yourDiscriminator: single }), {}, '4784/ipv4')
    expect((await world.bfdSessions())[2]).toMatchObject({ state: 'down' })
  })

  test('B-002: what is malformed, a stranger’s or for another discriminator changes nothing and is counted', async () => {
    const world = await begin()
    await bringUp(world)
    const before = await only(world)
    const armed = world.armed
    const bad = encodeControlPacket(packet('down'))
    bad[0] = 0x40
    world.hear(SINGLE, { payload: bad, source: base.neighbour, destination: US, hopLimit: 255 })
    hear(world, packet('admin-down', { yourDiscriminator: 12_345 }))
    hear(world, packet('admin-down', { yourDiscriminator: await ours(world) }), { source: address('192.0.2.66') })
    world.hear(SINGLE, { payload: new Uint8Array(3), source: base.neighbour, destination: US, hopLimit: 255 })
    expect(await only(world)).toEqual({ ...before, drops: { version: 1, session: 1, length: 1 } })
    expect(world.armed).toBe(armed)
    expect(world.logged.filter((line) => line.startsWith('BFD packet was refused'))).toHaveLength(2)
  })

  test('a role that could not look for a while reads what is waiting before it finds the neighbour dead', async () => {
    const world = await begin()
    await bringUp(world)
    world.queued.push({
      payload: encodeControlPacket(packet('up', { yourDiscriminator: await ours(world) })),
      source: base.neighbour,
      destination: US,
      hopLimit: 255,
      interfaceIndex: 2,
    })
    world.sleep(seconds(10))
    expect((await only(world))?.state).toBe('up')
    world.sleep(seconds(10))
    expect(await only(world)).toMatchObject({ state: 'down', diagnostic: 'control detection time expired' })
  })

  test('without a port to listen on it says why, tries again and then hears', async () => {
    const world = new World()
    world.udpFailure = { code: 'EADDRINUSE', call: 'bind', message: 'UDP port 3784: bind: address in use' }
    await world.configure([], { bfdSessions: [base] })
    expect((await only(world))?.failure).toContain('another program speaks BFD on this host')
    world.udpFailure = undefined
    world.run(seconds(1))
    expect((await only(world))?.failure).toBeUndefined()
    expect(world.listening).toEqual([SINGLE])
  })

  test('without an address to send from it is administratively down, and begins when there is one', async () => {
    const world = new World()
    world.senderFailure = {
      code: 'EADDRNOTAVAIL',
      call: 'bind',
      message: '192.0.2.11 port 50000: bind: no such address',
    }
    await world.configure([], { bfdSessions: [base] })
    expect(await only(world)).toMatchObject({
      state: 'admin-down',
      failure: expect.stringContaining('no such address'),
    })
    world.senderFailure = undefined
    world.run(seconds(1))
    expect((await only(world))?.state).toBe('down')
    expect(sent(world)).toHaveLength(1)
  })
})

describe('B-014: what virtual routers make of it', () => {
  const down = (world: World) => world.run(seconds(7))

  test('weight 0: fault until it is up, and again when it is lost', async () => {
    const world = await begin()
    expect(world.states()).toEqual(['FAULT'])
    expect((await world.snapshot())[0]).toMatchObject({ faultReason: 'tracked bfd peer is down' })
    await bringUp(world)
    expect(world.states()).toEqual(['FAULT', 'BACKUP'])
    down(world)
    await world.settle()
    expect(world.states().at(-1)).toBe('FAULT')
    expect((await world.snapshot())[0]?.faultReason).toBe('tracked bfd peer is down: control detection time expired')
  })

  const rows: readonly [rule: string, weight: number, reverse: boolean, up: number, down: number][] = [
    ['a weight above 0 is added while it is up', 20, false, 120, 100],
    ['a weight below 0 is taken off while it is down', -20, false, 100, 80],
    ['reverse turns the first round', 20, true, 80, 100],
    ['reverse turns the second round', -20, true, 100, 120],
    ['the sum stays within 254', 253, false, 254, 100],
    ['and above 0', -253, false, 100, 1],
  ]
  for (const [rule, weight, reverse, whenUp, whenDown] of rows)
    test(`${rule}`, async () => {
      const weighed = { ...router, tracks: [{ kind: 'bfd' as const, name: 'peer', weight, reverse }] }
      const world = await begin({}, [weighed])
      expect((await world.snapshot())[0]?.effectivePriority).toBe(whenDown)
      await bringUp(world)
      expect((await world.snapshot())[0]?.effectivePriority).toBe(whenUp)
    })

  test('an orderly end of the neighbour is no failure', async () => {
    const world = await begin()
    await bringUp(world)
    hear(world, packet('admin-down', { yourDiscriminator: await ours(world) }))
    await world.settle()
    expect(await only(world)).toMatchObject({ state: 'down', path: 'good' })
    expect(world.states()).toEqual(['FAULT', 'BACKUP'])
  })

  test('a session that tells checkers only is told to the supervisor', async () => {
    const world = await begin({ vrrp: false }, [router])
    await bringUp(world)
    expect(world.said.filter(({ type }) => type === 'bfd-session')).toEqual([
      { type: 'bfd-session', name: 'peer', observed: { key: 'bfd peer', observation: { type: 'good' } } },
    ])
  })
})

describe('a reload', () => {
  const up = async () => {
    const world = await begin()
    await bringUp(world)
    hear(world, packet('up', { yourDiscriminator: await ours(world), final: true }))
    sent(world)
    return world
  }

  test('leaves an unchanged session alone', async () => {
    const world = await up()
    const before = await only(world)
    await world.configure([tracked], { bfdSessions: [base] })
    expect(await only(world)).toEqual(before)
    expect([sent(world), world.senders.length]).toEqual([[], 1])
  })

  test('takes another name for the same session', async () => {
    const world = await up()
    const renamed = { ...router, tracks: [{ kind: 'bfd' as const, name: 'other', weight: 0, reverse: false }] }
    await world.configure([renamed], { bfdSessions: [{ ...base, name: 'other' }] })
    expect(await only(world)).toMatchObject({ name: 'other', state: 'up' })
    expect(world.states()).toEqual(['FAULT', 'BACKUP'])
  })

  test('brings other timers in by a poll, and the session stays up', async () => {
    const world = await up()
    await world.configure([tracked], { bfdSessions: [{ ...base, minTransmit: millis(300) }] })
    expect(sent(world)).toMatchObject([{ state: 'up', poll: true, desiredMinTransmit: millis(300) }])
    expect((await only(world))?.transmitInterval).toBe(0.02)
    hear(world, packet('up', { yourDiscriminator: await ours(world), final: true }))
    expect(await only(world)).toMatchObject({ state: 'up', transmitInterval: 0.3 })
  })

  test('gives another hop limit to the same source port', async () => {
    const world = await up()
    await world.configure([tracked], { bfdSessions: [{ ...base, hopLimit: 64 }] })
    const [before, now] = world.senders
    expect(now).toEqual({ ...before, hopLimit: 64 })
  })

  test('says of a session that goes that it is administratively down, more than once', async () => {
    const world = await up()
    await world.configure([router], { bfdSessions: [] })
    expect(sent(world).map(({ state, diagnostic }) => `${state} ${diagnostic}`)).toEqual(
      Array.from({ length: 3 }, () => 'admin-down 7'),
    )
    expect([await world.bfdSessions(), world.listening]).toEqual([[], []])
  })

  test('a stop says the same', async () => {
    const world = await up()
    await world.tell({ type: 'stop', leave: false })
    expect(sent(world).map(({ state }) => state)).toEqual(['admin-down', 'admin-down', 'admin-down'])
    expect(world.logged.some((line) => line.startsWith('BFD session was lost'))).toBe(false)
    expect(world.ended).toBe(true)
  })
})

describe('a role that takes the place of one that died', () => {
  const master = { ...tracked, priority: 200 }
  const key = virtualRouterKey(master)
  const take = async (observed: readonly string[]) => {
    const world = new World()
    await world.configure([master], {
      bfdSessions: [base],
      observed: observed.map((name) => ({ key: `bfd ${name}`, observation: { type: 'good' } })),
      resume: { masters: [{ key, since: new Date(0).toISOString() }], diedAt: world.now },
    })
    return world
  }

  for (const [what, observed] of [
    ['known', ['peer']],
    ['not known', []],
  ] as const)
    test(`a session that is ${what} is given time to come up before its master gives way`, async () => {
      const world = await take(observed)
      expect(world.states()).toEqual(['MASTER resumed'])
      world.run(micros(2_900_000))
      expect(world.states()).toEqual(['MASTER resumed'])
      world.run(millis(200))
      await world.settle()
      expect(world.states()).toEqual(['MASTER resumed', 'FAULT'])
    })

  test('and it stays master where the session comes up', async () => {
    const world = await take(['peer'])
    await bringUp(world)
    const other = await ours(world)
    for (let turns = 0; turns < 100; turns++) {
      world.run(millis(50))
      hear(world, packet('up', { yourDiscriminator: other }))
    }
    await world.settle()
    expect(world.states().filter((state) => state !== 'MASTER resumed')).toEqual([])
    expect(await only(world)).toMatchObject({ state: 'up', path: 'good' })
  })
})
