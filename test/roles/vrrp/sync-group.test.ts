/** Virtual routers in a sync group, through the whole role. */
import { expect, test } from 'vitest'
import { address, centiseconds, micros, pseudoHeader, seconds } from '../../../src/base/index.ts'
import type { SyncGroup, VirtualRouter } from '../../../src/model/index.ts'
import { encodeAdvertisementV3 } from '../../../src/wire/vrrp/index.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { ethernet, onLink, World } from './world.ts'

const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const inside: VirtualRouter = { ...router, announcements: quiet }
const outside: VirtualRouter = {
  ...inside,
  name: 'VI_2',
  interface: 'eth1',
  virtualRouterId: 52,
  priority: 150,
  addresses: [{ address: address('198.51.100.100'), prefixLength: 24, interface: 'eth1', scope: 0 }],
}
const group: SyncGroup = { name: 'VG', members: ['VI_1', 'VI_2'], tracks: [], trackingWeight: false, notify: {} }
const peers = { 51: address('192.0.2.12'), 52: address('198.51.100.12') } as const
const all = address('224.0.0.18')

function hear(world: World, virtualRouterId: 51 | 52, priority: number): void {
  const source = peers[virtualRouterId]
  const payload = encodeAdvertisementV3(
    {
      version: 3,
      virtualRouterId,
      priority,
      reserved: 0,
      interval: centiseconds(100),
      addresses: [address(virtualRouterId === 51 ? '192.0.2.100' : '198.51.100.100')],
      checksum: 'with-pseudo-header',
    },
    4,
    pseudoHeader(source, all, 112, 12),
  )
  const key = virtualRouterId === 51 ? 'eth0/ipv4' : 'eth1/ipv4'
  world.receive(key, { payload, source, destination: all, declaredLength: payload.length })
}

function host(): World {
  const world = new World()
  world.links.set(3, ethernet(3, 'eth1'))
  world.addresses = [...world.addresses, onLink(3, '198.51.100.11/24')]
  return world
}
const groupStates = (world: World) =>
  world.said.flatMap((message) => (message.type === 'sync-group-state' ? [message.state] : []))
const configured = async (routers = [inside, outside], syncGroups = [group]) => {
  const world = host()
  await world.configure(routers, { syncGroups })
  return world
}
const masters = async () => {
  const world = await configured()
  world.run(seconds(4))
  await world.settle()
  expect(groupStates(world)).toEqual(['BACKUP', 'MASTER'])
  world.deeds()
  return world
}

test('V-097 the first whose timer runs out waits for the last; then all are master at that moment', async () => {
  const world = await configured()
  // VI_2 with priority 150 would be master after 3.414 s, VI_1 with 100 after 3.609 s.
  world.run(seconds(3.6))
  await world.settle()
  expect(world.deeds()).toEqual([])
  world.run(seconds(0.01))
  await world.settle()
  expect(world.deeds().filter((deed) => deed.startsWith('advert'))).toEqual(['advert 100', 'advert 150'])
  expect(world.held()).toEqual(expect.arrayContaining(['192.0.2.100/24', '198.51.100.100/24']))
  expect(world.states('VI_1')).toEqual(['BACKUP', 'MASTER'])
  expect(world.states('VI_2')).toEqual(['BACKUP', 'MASTER'])
})

test('while one follows a master the other does not become one, however long', async () => {
  const world = await configured()
  for (let i = 0; i < 20; i++) {
    hear(world, 51, 200)
    world.run(seconds(1))
  }
  await world.settle()
  expect(world.deeds()).toEqual([])
  expect(world.states('VI_2')).toEqual(['BACKUP'])
  // Then that master falls silent, and both go at once.
  world.run(seconds(4))
  await world.settle()
  expect(groupStates(world)).toEqual(['BACKUP', 'MASTER'])
})

test('one that gives way takes the others along, and these resign', async () => {
  const world = await masters()
  hear(world, 51, 200)
  await world.settle()
  expect(world.deeds()).toEqual(['delete 192.0.2.100/24', 'advert 0', 'delete 198.51.100.100/24'])
  expect(world.states('VI_2').at(-1)).toBe('BACKUP')
  expect(groupStates(world).at(-1)).toBe('BACKUP')
})

test('a fault of one is a fault of all, and the group is told of after its members', async () => {
  const world = await masters()
  const before = world.said.length
  world.happens({ type: 'link', link: ethernet(3, 'eth1', { running: false }) })
  await world.settle()
  expect(world.deeds()).toEqual(['advert 0', 'delete 198.51.100.100/24', 'advert 0', 'delete 192.0.2.100/24'])
  const said = world.said.slice(before).flatMap((message) => ('name' in message ? [message.name] : []))
  expect(said).toEqual(['VI_2', 'VI_1', 'VG'])
  expect((await world.snapshot()).map(({ faultReason }) => faultReason)).toEqual([
    'sync group VG: VI_2 is in fault (eth1: no carrier)',
    'eth1: no carrier',
  ])
  world.happens({ type: 'link', link: ethernet(3, 'eth1') })
  await world.settle()
  expect([world.states('VI_1').at(-1), world.states('VI_2').at(-1)]).toEqual(['BACKUP', 'BACKUP'])
  expect(groupStates(world)).toEqual(['BACKUP', 'MASTER', 'FAULT', 'BACKUP'])
})

test('a member in fault from the start keeps the others from running', async () => {
  const world = host()
  world.links.set(3, ethernet(3, 'eth1', { up: false }))
  await world.configure([inside, outside], { syncGroups: [group] })
  world.run(seconds(10))
  await world.settle()
  expect(world.states('VI_1')).toEqual(['FAULT'])
  expect(groupStates(world)).toEqual(['FAULT'])
})

test('owners begin as master together; an owner beside another does not', async () => {
  const owners = [inside, outside].map((one) => ({ ...one, priority: 255, initialState: 'master' as const }))
  const both = await configured(owners)
  expect(groupStates(both)).toEqual(['MASTER'])
  const mixed = await configured([owners[0] as VirtualRouter, outside])
  expect(groupStates(mixed)).toEqual(['BACKUP'])
  expect(mixed.states('VI_1')).toEqual(['BACKUP'])
})

test('a reload keeps the group as it is, and tells of nothing', async () => {
  const world = await masters()
  await world.configure([inside, { ...outside, priority: 160 }], { syncGroups: [group] })
  world.run(seconds(2))
  await world.settle()
  expect(new Set(world.deeds())).toEqual(new Set(['advert 100', 'advert 160']))
  expect(groupStates(world)).toEqual(['BACKUP', 'MASTER'])
})

test('one that joins a group of masters by a reload and hears a stronger one takes them along', async () => {
  const world = host()
  await world.configure([inside], { syncGroups: [{ ...group, members: ['VI_1'] }] })
  world.run(seconds(4))
  await world.configure([inside, outside], { syncGroups: [group] })
  hear(world, 52, 200)
  await world.settle()
  expect(world.states('VI_1').at(-1)).toBe('BACKUP')
})

test('masters of a role that died are resumed only where the whole group is', async () => {
  const world = host()
  const since = '2026-01-01T00:00:00.000Z'
  const diedAt = world.now
  const resume = (masters: readonly { key: string; since: string }[]) => ({ resume: { masters, diedAt } })
  const [one, two] = [
    { key: 'eth0/ipv4/51', since },
    { key: 'eth1/ipv4/52', since },
  ] as const
  await world.configure([inside, outside], { syncGroups: [group], ...resume([one]) })
  expect(world.states('VI_1')).toEqual(['BACKUP'])
  const other = host()
  await other.configure([inside, outside], { syncGroups: [group], ...resume([one, two]) })
  expect([other.states('VI_1'), other.states('VI_2')]).toEqual([['MASTER resumed'], ['MASTER resumed']])
  expect(other.said.find((message) => message.type === 'sync-group-state')).toMatchObject({ resumed: true })
})

test('a weaker master heard by one is answered by announcements of all', async () => {
  const world = await masters()
  hear(world, 51, 50)
  await world.settle()
  expect(world.deeds().filter((deed) => deed.startsWith('arp'))).toEqual(
    expect.arrayContaining(['arp 192.0.2.100', 'arp 198.51.100.100']),
  )
})

test('at stop the group is told of last', async () => {
  const world = await masters()
  await world.tell({ type: 'stop', leave: false })
  expect(groupStates(world).at(-1)).toBe('STOP')
  expect(world.said.at(-1)).toMatchObject({ type: 'sync-group-state' })
})

test('at a stop each member keeps its address until its own successor speaks, and the group is told of when all have ended', async () => {
  const world = host()
  await world.configure([inside, outside], { syncGroups: [group], holdOnAtStop: seconds(2.5) })
  world.run(seconds(4))
  await world.settle()
  world.deeds()
  await world.tell({ type: 'stop', leave: false })
  expect(world.deeds()).toEqual(['advert 0', 'advert 0'])
  hear(world, 51, 50)
  await world.settle()
  expect(world.deeds()).toEqual(['delete 192.0.2.100/24'])
  expect([world.states('VI_1').at(-1), world.states('VI_2').at(-1)]).toEqual(['STOP', 'MASTER'])
  expect(groupStates(world).at(-1)).toBe('MASTER')
  hear(world, 52, 50)
  world.run(micros(0))
  await world.settle()
  expect(world.deeds()).toEqual(['delete 198.51.100.100/24', 'close eth0/ipv4', 'close eth1/ipv4'])
  expect(groupStates(world).at(-1)).toBe('STOP')
  expect(world.ended).toBe(true)
})
