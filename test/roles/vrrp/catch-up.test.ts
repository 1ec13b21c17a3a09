/** Preemption waits until the connections are here that the master has, and nothing else does. */
import { expect, test } from 'vitest'
import { type Instant, millis, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { advertisement, calm, hear } from './role-talk.ts'
import { World } from './world.ts'

const KEY = 'eth0/ipv4/51'
const catchUp = { keys: [KEY], limit: seconds(30) }

async function joining(router: VirtualRouter = calm): Promise<World> {
  const world = new World()
  await world.configure([router], { catchUp })
  return world
}
const wanted = (world: World) => world.said.flatMap((one) => (one.type === 'catch-up-wanted' ? [one] : []))
const last = (world: World): Instant => wanted(world).at(-1)?.request as Instant
/** A weaker master says so for `count` intervals. */
async function follow(world: World, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    world.run(millis(900))
    hear(world, advertisement(50))
  }
  await world.settle()
}

test('who begins as backup asks, lets a weaker master be, and preempts once it has all', async () => {
  const world = await joining()
  expect(wanted(world)).toEqual([{ type: 'catch-up-wanted', request: expect.anything(), missed: false }])
  await follow(world, 10)
  expect(world.states()).toEqual(['BACKUP'])
  expect((await world.snapshot())[0]).toMatchObject({ state: 'backup', fetchingUntil: expect.any(String) })
  await world.tell({ type: 'caught-up', request: last(world) })
  expect((await world.snapshot())[0]).not.toHaveProperty('fetchingUntil')
  await follow(world, 10)
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
})

test('the answer to an earlier request is none to a later one', async () => {
  const world = await joining()
  await world.tell({ type: 'caught-up', request: (last(world) - 1) as Instant })
  await follow(world, 10)
  expect(world.states()).toEqual(['BACKUP'])
})

test('without an answer it waits for the limit, and no longer', async () => {
  const world = await joining()
  await follow(world, 30)
  expect(world.states()).toEqual(['BACKUP'])
  await follow(world, 10)
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
})

test('a master that dies is replaced at once', async () => {
  const world = await joining()
  await follow(world, 3)
  world.run(seconds(4))
  await world.settle()
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
})

test('an owner of the addresses begins as backup, too', async () => {
  const world = await joining({ ...calm, priority: 255, initialState: 'master' })
  await follow(world, 5)
  expect(world.states()).toEqual(['BACKUP'])
  await world.tell({ type: 'caught-up', request: last(world) })
  await follow(world, 10)
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
})

test('who gives way, and who has a fault behind it, may have missed something', async () => {
  const world = await joining()
  world.run(seconds(4))
  hear(world, advertisement(200))
  await world.settle()
  expect(world.states()).toEqual(['BACKUP', 'MASTER', 'BACKUP'])
  expect(wanted(world).map(({ missed }) => missed)).toEqual([false, true])
})

test('one that has no connections asks for none', async () => {
  const world = new World()
  await world.configure([calm], { catchUp: { ...catchUp, keys: ['eth1/ipv4/7'] } })
  expect(wanted(world)).toEqual([])
  await follow(world, 10)
  expect(world.states()).toEqual(['BACKUP', 'MASTER'])
})
