import { expect, test } from 'vitest'
import { address, fail, instant, micros, ok, seconds } from '../../../src/base/index.ts'
import type { GuardedSocket, TakenOut } from '../../../src/sys/flood-guard/index.ts'
import { advertisement, calm, damaged, hear } from './role-talk.ts'
import { World } from './world.ts'

const none: TakenOut = { unknown: 0, repeated: new Map() }

/** A guard whose counters the test turns. */
function guardOf(world: World) {
  const guard = { heard: [] as number[][], next: none, released: 0, protected: 0 }
  const socket: GuardedSocket = {
    hear: (ids) => void guard.heard.push([...ids]),
    takenOut() {
      const { next } = guard
      guard.next = none
      return next
    },
    release() {
      guard.released++
    },
  }
  world.floodGuard = ok({
    protect() {
      guard.protected++
      return ok(socket)
    },
    close() {},
  })
  return guard
}

/** Two thousand a second and more. */
async function flood(world: World, times = 400): Promise<void> {
  for (let i = 0; i < times; i++) {
    hear(world, damaged())
    world.now = instant(world.now + 100)
    // The guard is loaded meanwhile.
    if (i % 200 === 199) await world.settle()
  }
}

const said = (world: World, part: string) => world.logged.filter((line) => line.includes(part))

test('a socket that gets thousands of refused datagrams a second is guarded, and hears its own virtual routers only', async () => {
  const world = new World()
  const guard = guardOf(world)
  await world.configure([calm])
  await flood(world, 800)
  expect(guard).toMatchObject({ protected: 1, heard: [[51]] })
  expect(said(world, 'held off in the kernel')).toEqual([
    'a flood of advertisements is held off in the kernel {"socket":"eth0/ipv4"}',
  ])
})

test('advertisements that come at a lower rate, or that are new each time, are no flood', async () => {
  const world = new World()
  const guard = guardOf(world)
  await world.configure([calm])
  for (let i = 0; i < 1000; i++) {
    hear(world, damaged())
    world.now = instant(world.now + 1000)
  }
  await world.settle()
  expect(guard.protected).toBe(0)
})

test('what the kernel took out is counted: by virtual router what came again, and for nobody the rest', async () => {
  const world = new World()
  const guard = guardOf(world)
  await world.configure([calm])
  await flood(world)
  guard.next = { unknown: 7, repeated: new Map([[51, 12_000]]) }
  const [first] = await world.snapshot()
  expect(first?.drops['repeated']).toBe(12_000)
  expect(first?.unclaimed).toEqual({ 'virtual-router-id': 7 })
  guard.next = { unknown: 0, repeated: new Map([[51, 3]]) }
  world.run(seconds(1))
  expect((await world.snapshot())[0]?.drops['repeated']).toBe(12_003)
})

test('when nothing has been taken out for ten seconds all is heard again, and it is told how much it was', async () => {
  const world = new World()
  const guard = guardOf(world)
  await world.configure([calm])
  await flood(world)
  for (let second = 0; second < 20; second++) {
    guard.next = { unknown: 0, repeated: new Map([[51, 5000]]) }
    world.run(seconds(1))
  }
  expect(guard.released).toBe(0)
  world.run(seconds(10))
  expect(guard.released).toBe(1)
  expect(said(world, 'is over')).toEqual([
    'the flood of advertisements is over {"socket":"eth0/ipv4","heldOff":100000}',
  ])
  world.run(seconds(60))
  expect(guard.released).toBe(1)
})

test('another configuration, and log_unknown_vrids, say anew who is heard', async () => {
  const world = new World()
  const guard = guardOf(world)
  await world.configure([calm])
  await flood(world)
  await world.configure([calm, { ...calm, name: 'VI_2', virtualRouterId: 52, addresses: [] }])
  expect(guard.heard.at(-1)).toEqual([51, 52])
  await world.configure([calm], { vrrpSettings: { logUnknownIds: true } })
  expect(guard.heard.at(-1)).toHaveLength(256)
})

test('without a guard it is said once, and all is judged as before', async () => {
  const world = new World()
  world.floodGuard = fail({ message: 'libbpf is missing' })
  await world.configure([calm])
  await flood(world, 2000)
  expect(said(world, 'cannot be held off')).toEqual([
    'a flood cannot be held off in the kernel {"reason":"libbpf is missing"}',
  ])
  expect((await world.snapshot())[0]?.drops['checksum']).toBe(2000)
})

test('a master that advertises more often than we do is heard each time', async () => {
  const world = new World()
  const slow = { ...calm, advertisementInterval: seconds(1) }
  await world.configure([slow])
  const fast = advertisement(200, 51, 1)
  // 35 ms are the down interval of a master that speaks every 10 ms.
  for (let i = 0; i < 20; i++) {
    hear(world, fast, address('192.0.2.12'))
    world.run(micros(10_000))
  }
  await world.settle()
  expect(world.states()).toEqual(['BACKUP'])
})
