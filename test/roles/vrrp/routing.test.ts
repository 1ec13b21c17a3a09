/** Virtual and static routes and rules in the vrrp role, and what it does when others take away what it holds. */
import { describe, expect, test } from 'vitest'
import { address, instant, micros, seconds } from '../../../src/base/index.ts'
import type { StaticItems, VirtualRouter } from '../../../src/model/index.ts'
import { openRestorations } from '../../../src/roles/vrrp/restorations.ts'
import { encodeGratuitousArp } from '../../../src/wire/arp/index.ts'
import { encodeUnsolicitedAdvertisement } from '../../../src/wire/ndisc/index.ts'
import { load } from '../../config/files.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { ethernet, onLink, World } from './world.ts'

const VIP = '192.0.2.100/24'
const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }

/** What a configuration says. */
function read(text: string): {
  readonly routing: Pick<VirtualRouter, 'routes' | 'rules'>
  readonly statics: StaticItems
} {
  const { model } = load(
    `${text}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n192.0.2.100/24\n}\n${text}\n}`,
  )
  const [{ routes, rules } = {}] = model.virtualRouters
  return {
    routing: { ...(routes === undefined ? {} : { routes }), ...(rules === undefined ? {} : { rules }) },
    statics: model.statics as StaticItems,
  }
}
const withRouting = (routes: string, rules = ''): VirtualRouter => ({
  ...router,
  announcements: quiet,
  ...read(`virtual_routes {\n${routes}\n}\nvirtual_rules {\n${rules}\n}`).routing,
})
const staticsOf = (text: string): StaticItems => read(text).statics

async function master(of: VirtualRouter): Promise<World> {
  const world = new World()
  world.links.set(3, ethernet(3, 'eth1'))
  await world.configure([of])
  world.run(seconds(4))
  await world.settle()
  expect(world.states().at(-1)).toBe('MASTER')
  world.run(micros(0))
  return world
}
const NET = '198.51.100.0/24 via 192.0.2.1 dev eth0'
const RULE = 'from 198.51.100.0/24 table 5 preference 7'

describe('virtual routes and rules', () => {
  test('come after the addresses and go before them', async () => {
    const world = await master(withRouting(`${NET}\nblackhole 203.0.113.0/24 table 5`, RULE))
    expect(world.deeds().filter((what) => !what.startsWith('advert'))).toEqual([
      `add ${VIP}`,
      'add route 198.51.100.0/24 table 254 by 2',
      'add route 203.0.113.0/24 table 5',
      'add rule 7 table 5',
      'arp 192.0.2.100',
    ])
    await world.tell({ type: 'stop', leave: false })
    expect(world.deeds()).toEqual([
      'advert 0',
      'delete rule 7 table 5',
      'delete route 203.0.113.0/24 table 5',
      'delete route 198.51.100.0/24 table 254 by 2',
      `delete ${VIP}`,
      'close eth0/ipv4',
    ])
  })

  test('stay where the daemon is to leave all as it is', async () => {
    const world = await master(withRouting(NET, RULE))
    await world.tell({ type: 'stop', leave: true })
    expect([...world.routing]).toEqual(['198.51.100.0/24 table 254 by 2', '7 table 5'])
  })

  test('a reload touches only what differs, and not for who tracks it', async () => {
    const world = await master(withRouting(`${NET}\n10.0.0.0/8 dev eth0`, RULE))
    world.deeds()
    await world.configure([withRouting(`10.0.0.0/8 dev eth0 no_track\n172.16.0.0/12 dev eth0`, RULE)])
    expect(world.deeds()).toEqual([
      'add route 172.16.0.0/12 table 254 by 2',
      'delete route 198.51.100.0/24 table 254 by 2',
    ])
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  })

  test('a route that changes in place comes once the kernel cannot take it for the old one', async () => {
    const world = await master(withRouting(NET))
    world.deeds()
    await world.configure([withRouting(`${NET} mtu 1400`)])
    expect(world.deeds()).toEqual([
      'delete route 198.51.100.0/24 table 254 by 2',
      'add route 198.51.100.0/24 table 254 by 2',
    ])
  })

  test('one that moves to another virtual router in a reload is never missing', async () => {
    const other: VirtualRouter = { ...router, name: 'VI_2', virtualRouterId: 52, addresses: [], announcements: quiet }
    const world = await master(withRouting(NET, RULE))
    await world.configure([withRouting(NET, RULE), { ...other, priority: 254 }])
    world.run(seconds(4))
    world.deeds()
    const { routes = [], rules = [] } = withRouting(NET, RULE)
    await world.configure([withRouting(''), { ...other, priority: 254, routes, rules }])
    expect(world.deeds()).toEqual([])
    expect([...world.routing]).toEqual(['198.51.100.0/24 table 254 by 2', '7 table 5'])
  })

  test('taken away by hand they are put back at once, without a change of state, and it is told', async () => {
    const world = await master(withRouting(NET, RULE))
    world.deeds()
    world.takeAway('7 table 5')
    world.takeAway('198.51.100.0/24 table 254 by 2')
    world.run(micros(0))
    expect(world.deeds()).toEqual(['add route 198.51.100.0/24 table 254 by 2', 'add rule 7 table 5'])
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
    expect((await world.snapshot())[0]?.incidents).toMatchObject([
      { kind: 'removed', subject: 'route 198.51.100.0/24 via 192.0.2.1 dev eth0 table 254', count: 1 },
      { kind: 'removed', subject: 'IPv4 rule 7 from 198.51.100.0/24', count: 1 },
    ])
  })

  test('one that the kernel refuses is told once and tried again when something changed', async () => {
    const world = new World()
    world.routingFailure = { code: 'ENETUNREACH', message: 'add route: Network is unreachable' }
    await world.configure([withRouting(NET)])
    world.run(seconds(4))
    await world.settle()
    world.happens({ type: 'link', link: ethernet(2, 'eth0') })
    world.run(seconds(1))
    expect(world.logged.filter((line) => line.startsWith('route cannot be added'))).toHaveLength(1)
    world.routingFailure = undefined
    world.happens({ type: 'link', link: ethernet(2, 'eth0') })
    world.run(seconds(1))
    expect([...world.routing]).toEqual(['198.51.100.0/24 table 254 by 2'])
    expect((await world.snapshot())[0]?.incidents).toBeUndefined()
  })

  test('a route goes with the address that it leaves from, and comes back with it', async () => {
    const world = await master(withRouting('10.0.0.0/8 dev eth0 src 192.0.2.100\n172.16.0.0/12 dev eth0'))
    world.deeds()
    // The kernel tells of the address alone, and of no other loss is there a sign.
    for (const text of [...world.routing]) world.routing.delete(text)
    world.happens({ type: 'address-removed', address: onLink(2, VIP) })
    world.run(micros(0))
    expect(world.deeds()).toEqual([`add ${VIP}`, 'arp 192.0.2.100', 'add route 10.0.0.0/8 table 254 by 2'])
    world.happens({ type: 'link', link: ethernet(2, 'eth0', { running: true, mtu: 9000 }) })
    world.run(micros(0))
    expect(world.deeds()).toEqual([])
  })

  test('at a cold start what an earlier run left is removed, but not what bears another mark', async () => {
    const world = new World()
    world.routing.add('198.51.100.0/24 table 254 by 2').add('7 table 5').add('10.0.0.0/8 table 254 by 2')
    await world.configure([withRouting(`${NET}\n10.0.0.0/8 dev eth0 protocol boot no_track`, RULE)])
    expect([...world.routing]).toEqual(['10.0.0.0/8 table 254 by 2'])
  })

  for (const [line, reason] of [
    ['10.0.0.0/8 dev eth1', 'eth1: interface is down'],
    ['10.0.0.0/8 nexthop via 192.0.2.1 dev eth0 nexthop dev eth1', 'eth1: interface is down'],
    ['10.0.0.0/8 dev eth1 no_track', undefined],
  ] as const)
    test(`its interface goes down: ${line}: ${reason ?? 'no fault'}`, async () => {
      const world = await master(withRouting(line))
      world.happens({ type: 'link', link: ethernet(3, 'eth1', { up: false, running: false }) })
      world.run(micros(0))
      const [shown] = await world.snapshot()
      expect(shown?.faultReason).toBe(reason)
      world.happens({ type: 'link', link: ethernet(3, 'eth1') })
      await world.settle()
      expect(world.states().at(-1)).toBe(reason === undefined ? 'MASTER' : 'BACKUP')
    })
})

describe('static items', () => {
  const text = `static_ipaddress {\n10.9.0.1/24 dev eth1\n}\nstatic_routes {\n10.0.0.0/8 via 10.9.0.2 dev eth1\n}
static_rules {\nfrom 10.0.0.0/8 table 5 preference 9\n}`
  const all = ['add 10.9.0.1/24', 'add route 10.0.0.0/8 table 254 by 3', 'add rule 9 table 5']

  test('are there from the start, whoever is master, and go last', async () => {
    const world = new World()
    world.links.set(3, ethernet(3, 'eth1'))
    await world.configure([{ ...router, announcements: quiet }], { statics: staticsOf(text) })
    expect(world.deeds()).toEqual(all)
    expect(world.states()).toEqual(['BACKUP'])
    await world.tell({ type: 'stop', leave: false })
    expect(world.deeds()).toEqual([
      'delete rule 9 table 5',
      'delete route 10.0.0.0/8 table 254 by 3',
      'delete 10.9.0.1/24',
      'close eth0/ipv4',
    ])
  })

  test('an address that was there before belongs to the host', async () => {
    const world = new World()
    world.links.set(3, ethernet(3, 'eth1'))
    world.addresses = [...world.addresses, onLink(3, '10.9.0.1/24')]
    await world.configure([{ ...router, announcements: quiet }], { statics: staticsOf(text) })
    await world.tell({ type: 'stop', leave: false })
    expect(world.held()).toContain('10.9.0.1/24')
  })

  test('wait for their interface', async () => {
    const world = new World()
    await world.configure([{ ...router, announcements: quiet }], { statics: staticsOf(text) })
    expect(world.deeds()).toEqual(['add rule 9 table 5'])
    world.happens({ type: 'link', link: ethernet(3, 'eth1') })
    world.run(micros(0))
    expect(world.deeds()).toEqual(['add 10.9.0.1/24', 'add route 10.0.0.0/8 table 254 by 3'])
  })

  test('an advertisement may come from a static address', async () => {
    const world = new World()
    world.addresses = []
    await world.configure([{ ...router, announcements: quiet }], {
      statics: staticsOf('static_ipaddress {\n192.0.2.11/24 dev eth0\n}'),
    })
    expect(world.states()).toEqual(['BACKUP'])
  })

  test('stay for a successor when the supervisor dies, though nobody is master', async () => {
    const world = new World()
    world.links.set(3, ethernet(3, 'eth1'))
    await world.configure([{ ...router, announcements: quiet }], { statics: staticsOf(text) })
    world.deeds()
    world.supervisor.close()
    await world.settle()
    expect(world.deeds()).toEqual([])
    const ended = { close() {}, onClosed() {}, send() {} }
    world.meetSuccessor?.({ ...ended, onMessage: (handler) => handler({ type: 'take', keys: [] }) })
    expect(world.deeds()).toEqual(['close eth0/ipv4'])
    expect(world.held()).toContain('10.9.0.1/24')
    expect(world.ended).toBe(true)
  })

  test('a reload adjusts only what differs', async () => {
    const world = new World()
    world.links.set(3, ethernet(3, 'eth1'))
    const one = { ...router, announcements: quiet }
    await world.configure([one], { statics: staticsOf(text) })
    world.deeds()
    await world.configure([one], { statics: staticsOf(text.replace('preference 9', 'preference 8')) })
    expect(world.deeds()).toEqual(['add rule 8 table 5', 'delete rule 9 table 5'])
  })

  test('a member of their track_group is in fault while their interface is down', async () => {
    const world = new World()
    world.links.set(3, ethernet(3, 'eth1'))
    const statics = staticsOf(
      `track_group g {\ngroup {\nVI_1\n}\n}\nstatic_routes {\n10.0.0.0/8 dev eth1 track_group g\n}`,
    )
    await world.configure([{ ...router, announcements: quiet }], { statics })
    expect(world.states()).toEqual(['BACKUP'])
    world.happens({ type: 'link', link: ethernet(3, 'eth1', { running: false }) })
    await world.settle()
    expect(world.states()).toEqual(['BACKUP', 'FAULT'])
    world.happens({ type: 'link', link: ethernet(3, 'eth1') })
    await world.settle()
    expect(world.states()).toEqual(['BACKUP', 'FAULT', 'BACKUP'])
  })
})

describe('reconciliation', () => {
  const removed = { type: 'address-removed', address: onLink(2, VIP) } as const

  test('an address that is removed again and again is put back five times at once, then once a second', async () => {
    const world = await master({ ...router, announcements: quiet })
    world.deeds()
    const back = () => world.deeds().filter((what) => what === `add ${VIP}`).length
    for (let i = 0; i < 8; i++) world.happens(removed)
    expect(back()).toBe(5)
    world.run(seconds(0.9))
    expect(back()).toBe(0)
    world.run(seconds(0.2))
    expect(back()).toBe(1)
    world.happens(removed)
    expect(back()).toBe(0)
    world.run(seconds(1))
    expect(back()).toBe(1)
    expect(world.logged.filter((line) => line.includes('is put back'))).toEqual([
      expect.stringMatching(/^192.0.2.100 was removed and is put back/),
      expect.stringMatching(/^somebody removes it again and again; it is put back once a second/),
    ])
    expect((await world.snapshot())[0]?.incidents).toMatchObject([
      { kind: 'removed', subject: '192.0.2.100', count: 7 },
    ])
    // Left alone for a while, it is at once again.
    world.run(seconds(11))
    world.deeds()
    world.happens(removed)
    expect(back()).toBe(1)
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  })

  test('a virtual address on another interface is noticed', async () => {
    const world = await master({ ...router, announcements: quiet })
    world.happens({ type: 'address', address: onLink(3, '192.0.2.100/32') })
    expect((await world.snapshot())[0]?.incidents).toMatchObject([
      { kind: 'elsewhere', subject: '192.0.2.100', by: 'eth1', count: 1 },
    ])
    expect(world.logged.join('\n')).toContain(
      'virtual address is on another interface as well {"address":"192.0.2.100","by":"eth1"}',
    )
  })

  test('a link-local address on another interface is another one', async () => {
    const world = await master({
      ...router,
      family: 6,
      addresses: [{ address: address('fe80::100'), prefixLength: 64, interface: 'eth0', scope: 0 }],
      multicastGroup: address('ff02::12'),
      announcements: quiet,
    })
    world.happens({ type: 'address', address: onLink(3, 'fe80::100/64') })
    expect((await world.snapshot())[0]?.incidents).toBeUndefined()
  })

  test('a virtual address that failed duplicate address detection is noticed', async () => {
    const world = await master({ ...router, announcements: quiet })
    world.happens({ type: 'address', address: onLink(2, VIP, { flags: 0x08 }) })
    expect((await world.snapshot())[0]?.incidents).toMatchObject([{ kind: 'duplicate', subject: '192.0.2.100' }])
  })

  test('an address that we have put back ourselves by now is nobody else’s doing', async () => {
    const world = await master({ ...router, announcements: quiet })
    const { addresses } = router
    const labelled = {
      ...router,
      announcements: quiet,
      addresses: addresses.map((one) => ({ ...one, label: 'eth0:1' })),
    }
    world.deeds()
    await world.configure([labelled])
    expect(world.deeds()).toEqual([`delete ${VIP}`, `add ${VIP}`])
    expect(world.addresses.find(({ address: of }) => of === '192.0.2.100')?.label).toBe('eth0:1')
    expect((await world.snapshot())[0]?.incidents).toBeUndefined()
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  })

  test('an IPv6 address with another prefix takes the place of what it was', async () => {
    const six = (prefixLength: number): VirtualRouter => ({
      ...router,
      family: 6,
      addresses: [{ address: address('2001:db8::100'), prefixLength, interface: 'eth0', scope: 0 }],
      multicastGroup: address('ff02::12'),
      announcements: quiet,
    })
    const world = await master(six(128))
    world.deeds()
    await world.configure([six(64)])
    expect(world.deeds()).toEqual(['delete 2001:db8::100/128', 'add 2001:db8::100/64', 'na'])
  })

  test('what went with an interface that is not tracked comes back with it', async () => {
    const world = await master({ ...router, announcements: quiet, dontTrackPrimary: true })
    world.deeds()
    world.happens({ type: 'link', link: ethernet(2, 'eth0', { up: false, running: false }) })
    world.happens(removed)
    expect(world.deeds()).toEqual([])
    world.happens({ type: 'link', link: ethernet(2, 'eth0') })
    expect(world.deeds()).toContain(`add ${VIP}`)
    expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  })

  const strange = Uint8Array.of(2, 0, 0, 0, 0, 9)
  const claim = (world: World, mac = strange, of = '192.0.2.100') =>
    world.claims.get('eth0/ipv4')?.hear({ data: encodeGratuitousArp({ mac, address: address(of) }), hopLimit: -1 })

  test('another host that claims a virtual address is noticed while we are master', async () => {
    const world = await master({ ...router, announcements: quiet })
    expect(world.claims.get('eth0/ipv4')?.addresses).toEqual(['192.0.2.100'])
    claim(world)
    claim(world)
    // Our own, come back; somebody else's address.
    claim(world, Uint8Array.of(2, 0, 0, 0, 0, 2))
    claim(world, strange, '192.0.2.7')
    expect((await world.snapshot())[0]?.incidents).toMatchObject([
      { kind: 'claimed', subject: '192.0.2.100', by: '02:00:00:00:00:09', count: 2 },
    ])
    expect(world.logged.filter((line) => line.startsWith('another host claims'))).toEqual([
      'another host claims a virtual address {"address":"192.0.2.100","by":"02:00:00:00:00:09"}',
    ])
    world.happens({ type: 'link', link: ethernet(2, 'eth0', { up: false, running: false }) })
    world.run(micros(0))
    expect(world.claims.size).toBe(0)
  })

  test('a flood of claims is not listened to for the rest of a second, and its senders are counted together', async () => {
    const world = await master({ ...router, announcements: quiet })
    for (let i = 0; i < 64; i++) claim(world, Uint8Array.of(2, 0, 0, 1, 0, i))
    expect(world.claims.get('eth0/ipv4')?.addresses).toEqual([])
    world.run(seconds(1))
    expect(world.claims.get('eth0/ipv4')?.addresses).toEqual(['192.0.2.100'])
    for (let i = 0; i < 10; i++) claim(world, Uint8Array.of(2, 0, 0, 2, 0, i))
    const { incidents = [] } = (await world.snapshot())[0] ?? {}
    expect(incidents).toHaveLength(65)
    expect(incidents.at(-1)).toMatchObject({ by: 'others', count: 10 })
    expect(world.logged.filter((line) => line.startsWith('another host claims'))).toHaveLength(1)
  })

  test('an IPv6 address is claimed by a neighbour advertisement, not by one that came through a router', async () => {
    const world = new World()
    await world.configure([
      {
        ...router,
        family: 6,
        addresses: [{ address: address('2001:db8::100'), prefixLength: 128, interface: 'eth0', scope: 0 }],
        multicastGroup: address('ff02::12'),
        announcements: quiet,
      },
    ])
    world.run(seconds(4))
    await world.settle()
    world.run(micros(0))
    const frame = encodeUnsolicitedAdvertisement({
      mac: strange,
      address: address('2001:db8::100'),
      router: false,
      override: true,
    })
    for (const hopLimit of [255, 254])
      world.claims.get('eth0/ipv6')?.hear({ data: frame.subarray(54), hopLimit, source: address('fe80::9') })
    expect((await world.snapshot())[0]?.incidents).toMatchObject([
      { kind: 'claimed', subject: '2001:db8::100', by: '02:00:00:00:00:09', count: 1 },
    ])
  })

  test('restorations: each thing for itself', () => {
    const restorations = openRestorations()
    const now = instant(0)
    for (let i = 0; i < 4; i++) restorations.done('a', now)
    expect(restorations.done('a', now)).toBe('fight')
    expect(restorations.may('a', now)).toBe(false)
    expect(restorations.may('b', now)).toBe(true)
    expect(restorations.deadline()).toBe(1_000_000)
    expect(restorations.due(instant(999_999))).toEqual([])
    expect(restorations.due(instant(1_000_000))).toEqual(['a'])
    expect(restorations.deadline()).toBeUndefined()
    expect(restorations.done('a', instant(11_000_001))).toBe('first')
  })
})
