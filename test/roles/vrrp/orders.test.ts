import { expect, test } from 'vitest'
import { millis, seconds } from '../../../src/base/index.ts'
import { advertisement, calm, hear } from './role-talk.ts'
import { ethernet, World } from './world.ts'

const KEY = 'eth0/ipv4/51'
const VIP = '192.0.2.100/24'

async function master(): Promise<World> {
  const world = new World()
  await world.configure([calm])
  world.run(seconds(4))
  await world.settle()
  expect(world.states().at(-1)).toBe('MASTER')
  world.deeds()
  return world
}
const outcomes = (world: World) => world.said.filter(({ type }) => type === 'failover-ended')

test('a failover: priority 0, the address until another speaks, and then the last in line', async () => {
  const world = await master()
  await world.tell({ type: 'stand-aside', aside: [{ key: KEY, kind: 'until-master' }] })
  await world.tell({ type: 'fail-over', keys: [KEY] })
  expect(world.deeds()).toEqual(['advert 0'])
  expect(world.held()).toContain(VIP)
  world.run(millis(700))
  expect(world.deeds()).toEqual([])
  // Weaker than ours, and yet it is what was asked for.
  hear(world, advertisement(50))
  await world.settle()
  expect(world.deeds()).toEqual([`delete ${VIP}`])
  expect(outcomes(world)).toEqual([{ type: 'failover-ended', key: KEY, became: 'backup' }])
  const [snapshot] = await world.snapshot()
  expect(snapshot).toMatchObject({ state: 'backup', effectivePriority: 1, masterPriority: 50 })
  for (let i = 0; i < 20; i++) {
    world.run(millis(900))
    hear(world, advertisement(50))
  }
  expect(world.deeds()).toEqual([])
})

test('it takes its place back when it is released, and when nobody else is there', async () => {
  for (const released of [true, false]) {
    const world = await master()
    await world.tell({ type: 'stand-aside', aside: [{ key: KEY, kind: 'until-master' }] })
    await world.tell({ type: 'fail-over', keys: [KEY] })
    hear(world, advertisement(50))
    await world.settle()
    world.deeds()
    if (released) await world.tell({ type: 'stand-aside', aside: [] })
    for (let i = 0; i < 5 && released; i++) {
      world.run(millis(900))
      hear(world, advertisement(50))
    }
    world.run(seconds(4.1))
    await world.settle()
    // A master that speaks gives its addresses up at the first word.
    const [hello, take] = [`advert ${released ? 100 : 1}`, `add ${VIP}`]
    expect(world.deeds().slice(0, 2)).toEqual(released ? [take, hello] : [hello, take])
    // As master it is worth what it is configured to be.
    expect((await world.snapshot())[0]).toMatchObject({ state: 'master', effectivePriority: 100 })
    world.run(seconds(1))
    expect(world.deeds()).toContain('advert 100')
  }
})

test('where nobody is, the address is never given up and the outcome says so', async () => {
  const world = await master()
  await world.tell({ type: 'fail-over', keys: [KEY] })
  world.run(seconds(2.5))
  await world.settle()
  expect(world.deeds()).toEqual(['advert 0', 'advert 100'])
  expect(outcomes(world)).toEqual([{ type: 'failover-ended', key: KEY, became: 'master' }])
  expect(world.held()).toContain(VIP)
  expect(world.states().at(-1)).toBe('MASTER')
})

test('a master that loses its interface while it waits for another tells that it is in fault', async () => {
  const world = await master()
  await world.tell({ type: 'fail-over', keys: [KEY] })
  world.happens({ type: 'link', link: ethernet(2, 'eth0', { running: false }) })
  await world.settle()
  expect(outcomes(world)).toEqual([{ type: 'failover-ended', key: KEY, became: 'fault' }])
  await world.tell({ type: 'fail-over', keys: [KEY] })
  expect(outcomes(world).at(-1)).toEqual({ type: 'failover-ended', key: KEY, became: 'fault' })
})

test('hold: a backup does not preempt a weaker master; a master keeps its priority', async () => {
  const world = await master()
  await world.tell({ type: 'stand-aside', aside: [{ key: KEY, kind: 'while-backup' }] })
  expect((await world.snapshot())[0]).toMatchObject({ state: 'master', effectivePriority: 100 })
  hear(world, advertisement(200))
  await world.settle()
  expect((await world.snapshot())[0]).toMatchObject({ state: 'backup', effectivePriority: 1 })
  world.deeds()
  for (let i = 0; i < 10; i++) {
    world.run(millis(900))
    hear(world, advertisement(50))
  }
  expect(world.deeds()).toEqual([])
})

test('maintenance: also as master it says so low a priority that whoever comes takes over', async () => {
  const world = await master()
  await world.tell({ type: 'stand-aside', aside: [{ key: KEY, kind: 'always' }] })
  world.run(seconds(1))
  expect(world.deeds()).toContain('advert 1')
  hear(world, advertisement(2))
  await world.settle()
  expect(world.states().at(-1)).toBe('BACKUP')
})

test('an owner does not stand aside', async () => {
  const world = new World()
  await world.tell({ type: 'stand-aside', aside: [{ key: KEY, kind: 'always' }] })
  await world.configure([{ ...calm, priority: 255, initialState: 'master' }])
  await world.tell({ type: 'stand-aside', aside: [{ key: KEY, kind: 'always' }] })
  expect((await world.snapshot())[0]).toMatchObject({ state: 'master', effectivePriority: 255 })
})

test('members of a sync group fail over together', async () => {
  const world = new World()
  const other = { ...calm, name: 'VI_2', virtualRouterId: 52, addresses: [] }
  const syncGroups = [{ name: 'G', members: ['VI_1', 'VI_2'], tracks: [], trackingWeight: false, notify: {} }]
  await world.configure([calm, other], { syncGroups })
  world.run(seconds(6))
  await world.settle()
  expect((await world.snapshot()).map(({ state }) => state)).toEqual(['master', 'master'])
  world.deeds()
  const keys = [KEY, 'eth0/ipv4/52']
  await world.tell({ type: 'stand-aside', aside: keys.map((key) => ({ key, kind: 'until-master' as const })) })
  await world.tell({ type: 'fail-over', keys })
  expect(world.deeds()).toEqual(['advert 0', 'advert 0'])
  hear(world, advertisement(50))
  await world.settle()
  expect((await world.snapshot()).map(({ state }) => state)).toEqual(['backup', 'backup'])
  expect(outcomes(world)).toHaveLength(2)
})
