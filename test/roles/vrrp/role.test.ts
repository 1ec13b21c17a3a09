import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  address,
  centiseconds,
  type IpAddress,
  instant,
  micros,
  millis,
  pseudoHeader,
  seconds,
} from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import type { HandoffConnection } from '../../../src/sys/handoff/index.ts'
import { ADDRESS_PROTOCOL } from '../../../src/sys/netlink/ports.ts'
import { encodeAdvertisementV3 } from '../../../src/wire/vrrp/index.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { ethernet, onLink, World } from './world.ts'

const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const calm: VirtualRouter = { ...router, announcements: quiet }
const VIP = '192.0.2.100/24'
const KEY = 'eth0/ipv4/51'
const source = address('192.0.2.12')
const group = address('224.0.0.18')

function advertisement(
  priority: number,
  more: {
    checksum?: 'message-only'
    virtualRouterId?: number
    interval?: number
    addresses?: readonly [IpAddress]
  } = {},
): Uint8Array {
  const message = {
    version: 3,
    virtualRouterId: 51,
    priority,
    reserved: 0,
    addresses: [address('192.0.2.100')],
    checksum: 'with-pseudo-header',
    ...more,
    interval: centiseconds(more.interval ?? 100),
  } as const
  return encodeAdvertisementV3(message, 4, pseudoHeader(source, group, 112, 12))
}
const hear = (world: World, payload: Uint8Array, hopLimit = 255) =>
  world.receive('eth0/ipv4', { payload, source, destination: group, hopLimit, declaredLength: payload.length })

async function master(of: VirtualRouter = calm): Promise<World> {
  const world = new World()
  await world.configure([of])
  world.run(seconds(4))
  await world.settle()
  expect(world.states().at(-1)).toBe('MASTER')
  world.deeds()
  return world
}

describe('the vrrp role', () => {
  test('V-091 sends, then takes the address, then announces it, then tells', async () => {
    const world = new World()
    await world.configure([calm])
    expect(world.states()).toEqual(['BACKUP'])
    world.run(seconds(3.7))
    await world.settle()
    expect(world.deeds()).toEqual(['advert 100', `add ${VIP}`, 'arp 192.0.2.100'])
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  })

  test('resigns, then removes the address, when told to stop', async () => {
    const world = await master()
    await world.tell({ type: 'stop', leave: false })
    expect(world.deeds()).toEqual(['advert 0', `delete ${VIP}`, 'close eth0/ipv4'])
    expect(world.ended).toBe(true)
  })

  test('leaves the address in place when told so', async () => {
    const world = await master()
    await world.tell({ type: 'stop', leave: true })
    expect(world.held()).toContain(VIP)
  })

  test('at a cold start removes what bears our mark and what is configured, but not the host’s own', async () => {
    const world = new World()
    world.addresses = [...world.addresses, onLink(2, VIP), onLink(2, '198.51.100.7/32', { protocol: ADDRESS_PROTOCOL })]
    await world.configure([calm])
    expect(world.held()).toEqual(['192.0.2.11/24', 'fe80::11/64'])
  })

  test('an owner whose only address is the virtual one sends from it', async () => {
    const world = new World()
    world.addresses = [onLink(2, VIP)]
    await world.configure([{ ...calm, priority: 255, initialState: 'master' }])
    expect(world.states()).toEqual(['MASTER'])
    expect((await world.snapshot())[0]).toMatchObject({ state: 'master', masterAddress: '192.0.2.100' })
  })

  test('an owner’s own address is neither removed at the start nor at the end', async () => {
    const world = new World()
    world.addresses = [onLink(2, '192.0.2.11/24'), onLink(2, VIP)]
    await world.configure([{ ...calm, priority: 255, initialState: 'master' }])
    expect(world.states()).toEqual(['MASTER'])
    await world.tell({ type: 'stop', leave: false })
    expect(world.held()).toEqual(['192.0.2.11/24', VIP])
  })

  test('offers are refused with the remedy when raw sockets are forbidden', async () => {
    const world = new World()
    world.socketFailure = { code: 'EPERM', call: 'socket', message: 'eth0: raw sockets are not permitted' }
    await world.offer([calm])
    expect(world.said.at(-1)).toMatchObject({ type: 'refused', reason: expect.stringContaining('CAP_NET_RAW') })
  })

  test('a withdrawn offer changes nothing', async () => {
    const world = await master()
    const revision = await world.offer([{ ...calm, priority: 50 }])
    await world.tell({ type: 'withdraw', revision })
    await world.tell({ type: 'commit', revision })
    world.run(seconds(3))
    expect(new Set(world.deeds())).toEqual(new Set(['advert 100']))
    expect((await world.snapshot())[0]).toMatchObject({ basePriority: 100 })
  })

  test('a refused advertisement touches no timer and is counted by its reason', async () => {
    const world = new World()
    await world.configure([calm])
    const bad = advertisement(200)
    bad[7] = 0
    for (let i = 0; i < 30; i++) {
      world.run(millis(100))
      hear(world, bad)
      hear(world, advertisement(200), 254)
    }
    world.run(millis(610))
    expect((await world.snapshot())[0]).toMatchObject({
      state: 'master',
      advertisementsReceived: 0,
      drops: { checksum: 30, ttl: 30 },
    })
    expect(world.logged.filter((line) => line.startsWith('advertisement refused'))).toHaveLength(2)
  })

  test('what is complained about is not said again within ten seconds, however often the state changes', async () => {
    const world = new World()
    const quick = { ...calm, advertisementInterval: millis(10) }
    await world.configure([quick])
    const bad = advertisement(200)
    bad[7] = 0
    // Master after 36 ms of silence, backup again with the next stronger one: 400 states in 20 s.
    for (let i = 0; i < 200; i++) {
      hear(world, bad)
      world.run(millis(95))
      hear(world, bad)
      hear(world, advertisement(200, { interval: 1 }))
      world.run(millis(5))
    }
    await world.settle()
    expect(world.states().filter((state) => state === 'MASTER').length).toBeGreaterThan(150)
    expect(world.logged.filter((line) => line.startsWith('advertisement refused'))).toHaveLength(2)
  })

  test('a backup follows a master, shows it, and logs its other checksum form once', async () => {
    const world = new World()
    await world.configure([calm])
    for (let i = 0; i < 10; i++) {
      world.run(seconds(1))
      hear(world, advertisement(200, { checksum: 'message-only' }))
    }
    expect((await world.snapshot())[0]).toMatchObject({
      state: 'backup',
      masterAddress: '192.0.2.12',
      masterPriority: 200,
      advertisementsReceived: 10,
      drops: {},
    })
    expect(world.logged.filter((line) => line.includes('message-only'))).toHaveLength(1)
  })

  test('following a master costs no timer call for each advertisement', async () => {
    const world = new World()
    await world.configure([calm])
    const before = world.timersArmed
    for (let i = 0; i < 100; i++) hear(world, advertisement(200))
    expect(world.timersArmed - before).toBe(0)
  })

  test('V-029 another virtual router id is nobody’s', async () => {
    const world = new World()
    await world.configure([calm])
    hear(world, advertisement(200, { virtualRouterId: 52 }))
    hear(world, advertisement(200).subarray(0, 7))
    expect((await world.snapshot())[0]).toMatchObject({
      advertisementsReceived: 0,
      drops: {},
      unclaimed: { 'virtual-router-id': 1, length: 1 },
    })
  })

  for (const state of ['backup', 'master', 'fault'] as const)
    test(`whatever is refused leaves state, timer and wire of a ${state} as they were`, async () => {
      const world = state === 'master' ? await master() : new World()
      if (state === 'fault') world.happens({ type: 'link', link: ethernet(2, 'eth0', { up: false, running: false }) })
      if (state !== 'master') await world.configure([calm])
      world.run(millis(300))
      const { drops: _, unclaimed: __, ...before } = (await world.snapshot())[0]!
      const { armed, timersArmed } = world
      world.deeds()
      const good = advertisement(200)
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array({ maxLength: 40 }),
            // One of ours with one byte changed, or cut short.
            fc.tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
              const bytes = good.slice()
              bytes[at] = (bytes[at] ?? 0) ^ by
              return bytes
            }),
            fc.nat({ max: good.length - 1 }).map((length) => good.slice(0, length)),
          ),
          (bytes) => hear(world, bytes),
        ),
      )
      hear(world, good, 254)
      world.receive('eth0/ipv4', { payload: good, source, destination: address('192.0.2.11') })
      expect({ armed: world.armed, timersArmed: world.timersArmed }).toEqual({ armed, timersArmed })
      expect(world.deeds()).toEqual([])
      const { drops, rejected: ____, unclaimed: ___, ...after } = (await world.snapshot())[0]!
      expect(after).toEqual(before)
      expect(Object.keys(drops).length > 0).toBe(state !== 'fault')
    })

  test('V-030 the same id in another family is another virtual router', async () => {
    const world = new World()
    const six = { ...calm, name: 'VI_6', family: 6, multicastGroup: address('ff02::12') } as const
    const its = { ...calm.addresses[0]!, address: address('2001:db8::100'), prefixLength: 64 }
    await world.configure([calm, { ...six, addresses: [its] }])
    hear(world, advertisement(200))
    expect(await world.snapshot()).toMatchObject([{ advertisementsReceived: 1 }, { advertisementsReceived: 0 }])
  })

  test('a backup looks into its socket before it takes over', async () => {
    const world = new World()
    await world.configure([calm])
    const payload = advertisement(200)
    const datagram = { payload, source, destination: group, hopLimit: 255, declaredLength: payload.length }
    world.run(seconds(3))
    world.unread.push({ ...datagram, interfaceIndex: 2 })
    world.run(seconds(3))
    expect(world.unread).toEqual([])
    expect(world.states()).toEqual(['BACKUP'])
    world.run(seconds(4))
    await world.settle()
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  })

  test('a backup takes over a down interval after the last advertisement came, however late it was read', async () => {
    const world = new World()
    await world.configure([calm])
    const payload = advertisement(200)
    const datagram = { payload, source, destination: group, declaredLength: payload.length }
    world.receive('eth0/ipv4', datagram, instant(world.now - 5_000))
    // Three intervals and the skew of priority 100.
    world.run(micros(3_609_375 - 6_000))
    expect(world.deeds()).not.toContain('advert 100')
    world.run(micros(1_000))
    expect(world.deeds()).toContain('advert 100')
  })

  test('whoever overslept listens before it takes over', async () => {
    const world = new World()
    await world.configure([calm])
    hear(world, advertisement(200))
    world.sleep(seconds(10))
    expect(world.deeds()).toEqual([])
    hear(world, advertisement(200))
    world.fire()
    expect(world.deeds()).toEqual([])
    world.sleep(seconds(10))
    world.fire()
    expect(world.deeds()).toContain('advert 100')
  })

  test('a master that overslept listens before it sends or announces', async () => {
    const again = { ...calm, announcements: { ...quiet, masterRefresh: seconds(5) } }
    const stronger = await master(again)
    stronger.sleep(seconds(10))
    hear(stronger, advertisement(200))
    stronger.run(seconds(1))
    await stronger.settle()
    expect(stronger.deeds()).toEqual([`delete ${VIP}`])
    expect(stronger.states().at(-1)).toBe('BACKUP')

    const weaker = await master(again)
    weaker.sleep(seconds(10))
    hear(weaker, advertisement(50))
    expect(weaker.deeds()).toEqual([])
    weaker.run(millis(1))
    expect(weaker.deeds()).toEqual(['advert 100', 'arp 192.0.2.100'])

    const alone = await master(again)
    alone.sleep(seconds(10))
    expect(alone.deeds()).toEqual([])
    alone.run(millis(1))
    expect(alone.deeds()).toEqual(['advert 100', 'arp 192.0.2.100'])
  })

  test('an advertisement that cannot be sent is complained about once, and not counted', async () => {
    const world = await master()
    const { advertisementsSent } = (await world.snapshot())[0]!
    world.sendFailure = {
      code: 'ENOBUFS',
      call: 'sendmsg',
      message: 'eth0: sendmsg: No buffer space available (ENOBUFS)',
    }
    world.run(seconds(3))
    expect((await world.snapshot())[0]).toMatchObject({ state: 'master', advertisementsSent })
    expect(world.logged.filter((line) => line.startsWith('advertisement was not sent'))).toHaveLength(1)
    world.sendFailure = undefined
    world.run(seconds(1))
    expect(world.deeds()).toEqual(['advert 100'])
  })

  test('a new hardware address is announced at once', async () => {
    const world = await master()
    world.happens({ type: 'link', link: ethernet(2, 'eth0') })
    expect(world.deeds()).toEqual([])
    world.happens({ type: 'link', link: ethernet(2, 'eth0', { mac: new Uint8Array([2, 0, 0, 0, 9, 9]) }) })
    expect(world.deeds()).toEqual(['arp 192.0.2.100'])
  })

  test('an address taken away is put back and announced', async () => {
    const world = await master()
    world.happens({ type: 'address-removed', address: onLink(2, VIP) })
    expect(world.deeds()).toEqual([`add ${VIP}`, 'arp 192.0.2.100'])
  })

  test('after lost events everything is read again and made good', async () => {
    const world = await master()
    world.addresses = world.addresses.filter(({ address: of }) => of !== '192.0.2.100')
    world.happens({ type: 'resync' })
    await world.settle()
    expect(world.held()).toContain(VIP)
  })

  for (const [what, happening, reason] of [
    [
      'is set down',
      { type: 'link', link: ethernet(2, 'eth0', { up: false, running: false }) },
      'eth0: interface is down',
    ],
    ['loses its carrier', { type: 'link', link: ethernet(2, 'eth0', { running: false }) }, 'eth0: no carrier'],
    ['goes', { type: 'link-removed', index: 2, name: 'eth0' }, 'eth0: no such interface'],
    ['is renamed', { type: 'link', link: ethernet(2, 'lan0') }, 'eth0: no such interface'],
    [
      'loses its address',
      { type: 'address-removed', address: onLink(2, '192.0.2.11/24') },
      'eth0: no IPv4 address to send from',
    ],
  ] as const)
    test(`a master whose interface ${what} is in fault`, async () => {
      const world = await master()
      world.happens(happening)
      await world.settle()
      expect((await world.snapshot())[0]).toMatchObject({ state: 'fault', faultReason: reason })
      expect(world.held()).not.toContain(VIP)
    })

  test('an interface that comes back under another index is taken up again', async () => {
    const world = await master()
    world.happens({ type: 'link-removed', index: 2, name: 'eth0' })
    world.happens({ type: 'link', link: ethernet(7, 'eth0') })
    world.happens({ type: 'address', address: onLink(7, '192.0.2.11/24') })
    world.run(seconds(4))
    await world.settle()
    expect(world.states()).toEqual(['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER'])
    expect(world.addresses.find(({ address: of }) => of === '192.0.2.100')?.interfaceIndex).toBe(7)
  })

  test('with dont_track_primary a carrier does not matter', async () => {
    const world = await master({ ...calm, dontTrackPrimary: true })
    world.happens({ type: 'link', link: ethernet(2, 'eth0', { running: false }) })
    expect((await world.snapshot())[0]).toMatchObject({ state: 'master' })
  })

  test('V-005 IPv6 waits for a link-local address that is not tentative, and not a virtual one', async () => {
    const world = new World()
    world.addresses = [onLink(2, 'fe80::11/64', { flags: 0x40 }), onLink(2, 'fe80::100/128')]
    const link = { address: address('fe80::100'), prefixLength: 128, interface: 'eth0', scope: 0 }
    await world.configure([{ ...calm, family: 6, multicastGroup: address('ff02::12'), addresses: [link] }])
    expect((await world.snapshot())[0]).toMatchObject({
      state: 'fault',
      faultReason: 'eth0: no usable link-local IPv6 address',
    })
    world.happens({ type: 'address', address: onLink(2, 'fe80::12/64') })
    world.run(seconds(4))
    expect((await world.snapshot())[0]).toMatchObject({ state: 'master', masterAddress: 'fe80::12' })
  })

  test('mcast_src_ip may be an address of nobody’s, unless track_src_ip waits for it', async () => {
    const world = new World()
    const source = address('192.0.2.77')
    await world.configure([
      { ...calm, source },
      { ...calm, source, virtualRouterId: 52, tracksSource: true },
      { ...calm, source, virtualRouterId: 53, unicastPeers: [address('192.0.2.12')] },
    ])
    world.run(seconds(4))
    const faultReason = '192.0.2.77: this host does not have this source address'
    expect(await world.snapshot()).toMatchObject([
      { state: 'master', source },
      { state: 'fault', faultReason },
      { state: 'fault', faultReason },
    ])
    world.happens({ type: 'address', address: onLink(2, '192.0.2.77/24') })
    world.run(seconds(4))
    expect((await world.snapshot()).map(({ state }) => state)).toEqual(['master', 'master', 'master'])
  })

  test('unicast goes to every peer', async () => {
    const peers = [address('192.0.2.12'), address('192.0.2.13')]
    const world = await master({ ...calm, unicastPeers: peers })
    world.run(seconds(1))
    expect(world.deeds()).toEqual(['advert 100 to 192.0.2.12', 'advert 100 to 192.0.2.13'])
  })
})

describe('a reload', () => {
  test('does not touch what is the same', async () => {
    const world = await master()
    await world.configure([calm])
    expect(world.deeds()).toEqual([])
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  })

  test('adjusts a master in place: added addresses are announced, removed ones go', async () => {
    const world = await master()
    const other = { ...calm.addresses[0]!, address: address('192.0.2.101') }
    await world.configure([{ ...calm, addresses: [other], priority: 90 }])
    expect(world.deeds()).toEqual(['add 192.0.2.101/24', 'arp 192.0.2.101', `delete ${VIP}`])
    world.run(seconds(1))
    expect(world.deeds()).toEqual(['advert 90'])
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  })

  test('vrrp_startup_delay: nothing is heard or said before it ends, then the timers start; a reload does not wait', async () => {
    const world = new World()
    await world.configure([calm], { startupDelay: seconds(5) })
    world.run(seconds(4.9))
    hear(world, advertisement(200))
    await world.settle()
    expect([world.states(), world.deeds()]).toEqual([[], []])
    world.run(seconds(0.2))
    await world.settle()
    expect(world.states()).toEqual(['BACKUP'])
    world.run(seconds(3.7))
    await world.settle()
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
    await world.configure([calm, { ...calm, name: 'VI_2', virtualRouterId: 52 }], { startupDelay: seconds(5) })
    expect(world.states('VI_2')).toEqual(['BACKUP'])
  })

  test('a role that takes another’s place does not wait for vrrp_startup_delay', async () => {
    const world = new World()
    await world.configure([calm], { startupDelay: seconds(5), resume: { masters: [], diedAt: world.now } })
    expect(world.states()).toEqual(['BACKUP'])
  })

  test('a removed virtual router resigns and is told as FAULT, with notify_deleted as DELETED', async () => {
    for (const [more, told] of [
      [{}, 'FAULT'],
      [{ notify: { deleted: { argv: ['/bin/true'] } } }, 'DELETED'],
      [{ tellsDeleted: true }, 'DELETED'],
    ] as const) {
      const world = await master({ ...calm, ...more })
      await world.configure([])
      expect(world.deeds()).toEqual(['advert 0', `delete ${VIP}`, 'close eth0/ipv4'])
      expect(world.states().at(-1)).toBe(told)
    }
  })

  test('an address that moves from a removed virtual router to a living master is not taken off', async () => {
    const world = await master()
    const heir = { ...calm, name: 'VI_2', virtualRouterId: 52, priority: 255, initialState: 'master' } as const
    await world.configure([heir])
    const deeds = world.deeds()
    expect(deeds).not.toContain(`delete ${VIP}`)
    expect(deeds).toContain('advert 0')
    await world.configure([])
    expect(world.deeds()).toContain(`delete ${VIP}`)
  })
})

describe('a role in the place of one that died', () => {
  const since = '2026-01-01T00:00:00.000Z'
  const held = () => {
    const world = new World()
    world.addresses = [...world.addresses, onLink(2, VIP, { protocol: ADDRESS_PROTOCOL })]
    return world
  }

  test('is master at once where no backup can have noticed', async () => {
    const world = held()
    const resume = { masters: [{ key: KEY, since }], diedAt: instant(world.now - 2_900_000) }
    await world.configure([calm], { resume })
    expect(world.deeds()).toEqual(['advert 100', 'arp 192.0.2.100'])
    expect(world.states()).toEqual(['MASTER resumed'])
    expect((await world.snapshot())[0]).toMatchObject({ state: 'master', since })
  })

  test('is backup, without the address, where one may have', async () => {
    const world = held()
    const resume = { masters: [{ key: KEY, since }], diedAt: instant(world.now - 3_000_000) }
    await world.configure([calm], { resume })
    expect(world.deeds()).toEqual([`delete ${VIP}`])
    expect(world.states()).toEqual(['BACKUP'])
  })

  test('is in fault where the interface is down meanwhile', async () => {
    const world = held()
    world.links.set(2, ethernet(2, 'eth0', { running: false }))
    await world.configure([calm], { resume: { masters: [{ key: KEY, since }], diedAt: world.now } })
    expect(world.states()).toEqual(['FAULT'])
    expect(world.held()).not.toContain(VIP)
  })

  test('asks an orphan first, and sends only after that one is silent', async () => {
    const world = held()
    world.predecessor = ({ type }) =>
      type === 'query' ? { type: 'masters', masters: [{ key: KEY, since }] } : { type: 'released' }
    await world.configure([calm])
    expect(world.deeds()).toEqual(['ask query', 'ask take', 'advert 100', 'arp 192.0.2.100'])
    expect(world.states()).toEqual(['MASTER resumed'])
  })

  for (const [what, answer] of [
    ['says nothing', undefined],
    ['talks nonsense', { type: 'masters', masters: [{ key: 1 }] }],
  ] as const)
    test(`starts cold when an orphan ${what}`, async () => {
      const world = held()
      world.predecessor = () => answer
      const revision = await world.offer([calm])
      world.run(seconds(1))
      await world.tell({ type: 'commit', revision })
      expect(world.states()).toEqual(['BACKUP'])
      expect(world.held()).not.toContain(VIP)
    })
})

describe('a role whose supervisor died', () => {
  /** A successor's end of the conversation. */
  function successor() {
    const answers: unknown[] = []
    let ask: (value: unknown) => void = () => {}
    let closed = () => {}
    const connection: HandoffConnection = {
      send: (value) => void answers.push(value),
      onMessage: (handler) => {
        ask = handler
      },
      onClosed: (handler) => {
        closed = handler
      },
      close() {},
    }
    return { connection, answers, ask: (value: unknown) => ask(value), close: () => closed() }
  }

  test('goes on as master, then resigns when nobody comes', async () => {
    const world = await master()
    world.supervisor.close()
    await world.settle()
    world.run(seconds(9.5))
    expect(world.deeds().filter((deed) => deed === 'advert 100')).toHaveLength(9)
    world.run(seconds(1))
    expect(world.deeds().slice(-3)).toEqual(['advert 0', `delete ${VIP}`, 'close eth0/ipv4'])
    expect(world.ended).toBe(true)
  })

  test('ends at once where it was master of nothing', async () => {
    const world = new World()
    await world.configure([calm])
    world.supervisor.close()
    await world.settle()
    expect(world.ended).toBe(true)
  })

  test('tells its masters, waits for the word, then is silent and leaves the addresses', async () => {
    const world = await master()
    world.supervisor.close()
    await world.settle()
    const next = successor()
    world.meetSuccessor?.(next.connection)
    next.ask({ type: 'query' })
    expect(next.answers).toMatchObject([{ type: 'masters', masters: [{ key: KEY }] }])
    world.run(seconds(12))
    expect(world.deeds()).toContain('advert 100')
    next.ask({ type: 'take', keys: [KEY] })
    expect(next.answers.at(-1)).toEqual({ type: 'released' })
    world.run(seconds(30))
    expect(world.deeds().filter((deed) => !deed.startsWith('close'))).toEqual([])
    expect(world.held()).toContain(VIP)
    expect(world.ended).toBe(true)
  })

  test('resigns what the successor does not take', async () => {
    const world = await master()
    world.supervisor.close()
    await world.settle()
    const next = successor()
    world.meetSuccessor?.(next.connection)
    next.ask({ type: 'take', keys: [] })
    expect(world.deeds()).toEqual(['advert 0', `delete ${VIP}`, 'close eth0/ipv4'])
  })

  test('waits anew when the successor dies', async () => {
    const world = await master()
    world.supervisor.close()
    await world.settle()
    const next = successor()
    world.meetSuccessor?.(next.connection)
    next.ask({ type: 'query' })
    world.run(seconds(15))
    next.close()
    world.run(seconds(9))
    expect(world.ended).toBe(false)
    world.run(seconds(2))
    expect(world.ended).toBe(true)
    expect(world.held()).not.toContain(VIP)
  })
})

test('V-053 whoever sets the wall clock changes nothing', async () => {
  const [steady, jumping] = [await master(), await master()]
  for (const world of [steady, jumping]) {
    for (let i = 0; i < 40; i++) {
      if (world === jumping) world.wallOffset = (i % 2 === 0 ? -1 : 1) * i * 86_400_000
      if (i > 10 && i < 20) hear(world, advertisement(200))
      world.run(millis(500))
    }
    await world.settle()
  }
  expect(jumping.done).toEqual(steady.done)
  expect(jumping.states()).toEqual(steady.states())
  expect(steady.states()).toEqual(['BACKUP', 'MASTER', 'BACKUP', 'MASTER'])
})

describe('the same advertisement within a tenth of the interval', () => {
  test('is counted and not judged again, in every other respect as if it had come once', async () => {
    const [once, often] = [await master(), await master()]
    for (const world of [once, often]) {
      for (let i = 0; i < 20; i++) {
        hear(world, advertisement(50))
        if (world === often) for (let n = 0; n < 50; n++) hear(world, advertisement(50))
        world.run(millis(100))
      }
      await world.settle()
    }
    expect(often.done).toEqual(once.done)
    expect(often.states()).toEqual(once.states())
    expect((await often.snapshot())[0]).toMatchObject({ advertisementsReceived: 20 * 51 })
  })

  test('V-039: with other addresses than ours it is accepted, and counted each time', async () => {
    const world = await master()
    const other = advertisement(50, { addresses: [address('192.0.2.101')] })
    for (let i = 0; i < 3; i++) hear(world, other)
    world.run(millis(500))
    hear(world, other)
    hear(world, advertisement(50))
    const [shown] = await world.snapshot()
    expect(shown).toMatchObject({ advertisementsReceived: 5, drops: {}, remarks: { 'address-list': 4 } })
  })

  test('is judged again when the state, the configuration or the sender is another', async () => {
    const world = await master()
    hear(world, advertisement(50))
    hear(world, advertisement(200))
    await world.settle()
    expect(world.states().at(-1)).toBe('BACKUP')
    const refused = advertisement(200, { virtualRouterId: 51 })
    refused[7] = 0
    for (let i = 0; i < 3; i++) hear(world, refused)
    expect((await world.snapshot())[0]?.drops).toEqual({ checksum: 3 })
    hear(world, refused, 254)
    expect((await world.snapshot())[0]?.drops).toEqual({ checksum: 3, ttl: 1 })
  })
})
