/** What global_defs and the small blocks beside it say of all virtual routers, in the role. */
import { expect, test } from 'vitest'
import { address, centiseconds, elapsed, instant, micros, pseudoHeader, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { encodeAdvertisementV3 } from '../../../src/wire/vrrp/index.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { ethernet, onLink, World } from './world.ts'

const calm: VirtualRouter = { ...router, announcements: { ...announcements, masterRepeat: 1, masterDelay: micros(0) } }
const IGMP = '/proc/sys/net/ipv4/igmp_link_local_mcast_reports'

/** Runs for so long, and lets what is said arrive. */
async function passes(world: World, length: number): Promise<void> {
  world.run(seconds(length))
  await world.settle()
}

const goes = (world: World, what: 'up' | 'down') =>
  world.happens({ type: 'link', link: ethernet(2, 'eth0', { running: what === 'up' }) })

test('interface_up_down_delays: what lasts less than its delay counts for nothing', async () => {
  const world = new World()
  const delay = { interface: 'eth0', down: seconds(1), up: seconds(2) }
  await world.configure([calm], { vrrpSettings: { interfaceDelays: [delay] } })
  await passes(world, 4)
  goes(world, 'down')
  await passes(world, 0.9)
  goes(world, 'up')
  await passes(world, 5)
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  goes(world, 'down')
  await passes(world, 0.9)
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
  await passes(world, 0.2)
  expect(world.states().at(-1)).toBe('FAULT')
  goes(world, 'up')
  await passes(world, 1.9)
  expect(world.states().at(-1)).toBe('FAULT')
  await passes(world, 0.2)
  expect(world.states().at(-1)).toBe('BACKUP')
})

test('interface_up_down_delays: others are not delayed, and flapping does not put the end off', async () => {
  const world = new World()
  const delay = { interface: 'eth9', down: seconds(1), up: seconds(0) }
  await world.configure([calm], { vrrpSettings: { interfaceDelays: [delay] } })
  goes(world, 'down')
  await world.settle()
  expect(world.states().at(-1)).toBe('FAULT')

  const other = new World()
  await other.configure([calm], { vrrpSettings: { interfaceDelays: [{ ...delay, interface: 'eth0' }] } })
  goes(other, 'down')
  await passes(other, 0.6)
  other.happens({ type: 'link', link: ethernet(2, 'eth0', { running: false, mtu: 1400 }) })
  await passes(other, 0.6)
  expect(other.states().at(-1)).toBe('FAULT')
})

test('garp_group: interfaces of a group share one gap, others have none', async () => {
  const world = new World()
  world.links.set(3, ethernet(3, 'eth1'))
  world.addresses = [...world.addresses, onLink(3, '10.0.0.11/24')]
  const addresses = ['192.0.2.100', '10.0.0.100'].map((text, i) => ({
    address: address(text),
    prefixLength: 24,
    interface: `eth${i}`,
    scope: 0,
  }))
  const group = { interfaces: ['eth0', 'eth1'], garpInterval: seconds(0.5), gnaInterval: micros(0) }
  const repeating = { ...calm, addresses, announcements: { ...calm.announcements, masterRepeat: 2 } }
  await world.configure([repeating], { vrrpSettings: { garpGroups: [group] } })
  await passes(world, 10)
  const frames = world.done.filter(({ what }) => what.startsWith('arp'))
  expect(frames).toHaveLength(4)
  const gaps = frames.slice(1).map(({ at }, i) => elapsed(frames[i]?.at ?? instant(0), at))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500_000)

  const free = new World()
  await free.configure([{ ...repeating, addresses: addresses.slice(0, 1) }], {
    vrrpSettings: { garpGroups: [{ ...group, interfaces: ['eth1'] }] },
  })
  await passes(free, 10)
  const times = free.done.filter(({ what }) => what.startsWith('arp')).map(({ at }) => at)
  expect(times[0]).toBe(times[1])
})

test('log_unknown_vrids: one line for each id in ten seconds, and none without it', async () => {
  const source = address('192.0.2.12')
  const group = address('224.0.0.18')
  const payload = encodeAdvertisementV3(
    {
      version: 3,
      virtualRouterId: 77,
      priority: 100,
      reserved: 0,
      interval: centiseconds(100),
      addresses: [address('192.0.2.177')],
      checksum: 'with-pseudo-header',
    },
    4,
    pseudoHeader(source, group, 112, 12),
  )
  const lines = async (logUnknownIds: boolean) => {
    const world = new World()
    await world.configure([calm], logUnknownIds ? { vrrpSettings: { logUnknownIds } } : {})
    for (let i = 0; i < 12; i++) {
      for (let n = 0; n < 5; n++)
        world.receive('eth0/ipv4', { payload, source, destination: group, declaredLength: payload.length })
      world.run(seconds(1))
    }
    return world.logged.filter((line) => /not configured here/.test(line))
  }
  expect(await lines(true)).toEqual(
    Array(2).fill(
      'advertisement for a virtual router that is not configured here {"interface":"eth0","virtualRouterId":77,"source":"192.0.2.12"}',
    ),
  )
  expect(await lines(false)).toEqual([])
})

test('unicast_fault_no_peer: without peers it stays in fault', async () => {
  const world = new World()
  await world.configure([{ ...calm, lacksPeers: true }])
  await passes(world, 10)
  expect(world.states()).toEqual(['FAULT'])
  expect((await world.snapshot())[0]).toMatchObject({ faultReason: 'no unicast peers' })
})

test('timer_expired_backup: a master that was held up until a backup must have taken its place gives way', async () => {
  const masterThatSleeps = async (length: number) => {
    const world = new World()
    await world.configure([{ ...calm, preempt: false, oversleptPriority: 254 }])
    await passes(world, 4)
    world.deeds()
    world.sleep(seconds(length))
    await passes(world, 0.1)
    return world
  }
  // One interval to the next turn, and the 2.008 s that a backup of priority 254 still waits then.
  const awake = await masterThatSleeps(2.5)
  expect(awake.states().at(-1)).toBe('MASTER')
  const late = await masterThatSleeps(3.1)
  expect(late.states().at(-1)).toBe('BACKUP')
  expect(late.deeds()).toEqual(['delete 192.0.2.100/24'])
})

test('vrrp_delay_after_boot counts from the start of the host, and the longer delay holds', async () => {
  const begins = async (more: object) => {
    const world = new World()
    await world.configure([calm], more)
    const started = world.now
    while (world.states().length === 0 && elapsed(started, world.now) < 60_000_000) await passes(world, 0.5)
    return elapsed(started, world.now) / 1_000_000
  }
  const boot = (after: number) => ({ vrrpSettings: { delayAfterBoot: seconds(after) } })
  // The world's clock begins at 1000 s.
  expect(await begins(boot(900))).toBe(0)
  expect(await begins(boot(1_010))).toBeCloseTo(10, 0)
  expect(await begins({ ...boot(1_010), startupDelay: seconds(20) })).toBeCloseTo(20, 0)
  expect(await begins({ ...boot(1_010), startupDelay: seconds(5) })).toBeCloseTo(10, 0)
})

test('the least real-time priority is taken where nobody says how the role is to be scheduled', async () => {
  const taken = async (more: object) => {
    const world = new World()
    await world.configure([calm], more)
    return world.deeds().filter((what) => /real-time/.test(what))
  }
  expect(await taken({ preferRealTime: true })).toEqual(['real-time priority 1'])
  expect(await taken({ realTimePriority: 50 })).toEqual(['real-time priority 50'])
  expect(await taken({})).toEqual([])
})

test('max_auto_priority: a step each time that a timer is late, up to the most', async () => {
  const world = new World()
  const autoPriority = { most: 12, lateness: seconds(0.5) }
  await world.configure([calm], { realTimePriority: 10, vrrpSettings: { autoPriority } })
  await passes(world, 4)
  const raised = () => world.deeds().filter((what) => /real-time/.test(what))
  expect(raised()).toEqual(['real-time priority 10'])
  for (const _ of [1, 2, 3]) {
    world.sleep(seconds(0.4))
    await passes(world, 1)
  }
  expect(raised()).toEqual([])
  for (const _ of [1, 2, 3]) {
    world.sleep(seconds(1.8))
    await passes(world, 3)
  }
  expect(raised()).toEqual(['real-time priority 11', 'real-time priority 12'])
})

test('disable_local_igmp: off while virtual routers run, as it was afterwards', async () => {
  const world = new World()
  world.files.set(IGMP, '1\n')
  await world.configure([calm], { vrrpSettings: { disableLocalIgmp: true } })
  expect(world.files.get(IGMP)).toBe('0')
  await world.configure([calm])
  expect(world.files.get(IGMP)).toBe('1')
  await world.configure([calm], { vrrpSettings: { disableLocalIgmp: true } })
  await world.tell({ type: 'stop', leave: false })
  expect(world.files.get(IGMP)).toBe('1')
})

const rooms: readonly (readonly [string, 'MTU' | 'ADVERT', number, number | undefined])[] = [
  ['MTU: so many packets of its interface for each virtual router', 'MTU', 100, 2 * 100 * 1500],
  ['less than the usual is the usual', 'MTU', 3, undefined],
  // IPv4 header, that of VRRP, one address, authentication data.
  ['ADVERT: so many of their advertisements', 'ADVERT', 10_000, 2 * 10_000 * (20 + 8 + 4 + 8)],
]
for (const [claim, size, messages, bytes] of rooms)
  test(`vrrp_rx_bufs_policy ${claim}`, async () => {
    const world = new World()
    const routers = [calm, { ...calm, name: 'VI_52', virtualRouterId: 52 }]
    await world.configure(routers, { vrrpSettings: { receiveRoom: { size, messages } } })
    expect([...world.receiveBuffers]).toEqual([['eth0/ipv4', bytes]])
  })
