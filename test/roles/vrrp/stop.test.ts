/** An orderly stop of the vrrp role: its addresses stay until another router has taken its place. */
import { expect, test } from 'vitest'
import { micros, millis, seconds } from '../../../src/base/index.ts'
import type { VirtualRouter } from '../../../src/model/index.ts'
import { advertisement, calm, hear } from './role-talk.ts'
import { ethernet, World } from './world.ts'

const VIP = '192.0.2.100/24'
const stop = { type: 'stop', leave: false } as const

async function master(of: VirtualRouter = calm): Promise<World> {
  const world = new World()
  await world.configure([of], { holdOnAtStop: seconds(2.5) })
  world.run(seconds(4))
  await world.settle()
  expect(world.states().at(-1)).toBe('MASTER')
  world.deeds()
  return world
}

/** What is due is done, and what was said has come. */
async function turn(world: World, length = micros(0)): Promise<void> {
  world.run(length)
  await world.settle()
}

test('a master says that it resigns, and nothing else, until its successor speaks; then the address goes, and the role ends', async () => {
  // The second burst of announcements is due meanwhile.
  const world = await master({ ...calm, announcements: { ...calm.announcements, masterDelay: seconds(4.5) } })
  await world.tell(stop)
  expect(world.deeds()).toEqual(['advert 0'])
  expect(world.logged.at(-1)).toMatch(/wait for others .*"masters":1,"atMost":\d/)
  await turn(world, millis(900))
  expect(world.deeds()).toEqual([])
  expect(world.states().at(-1)).toBe('MASTER')
  hear(world, advertisement(50))
  await turn(world)
  expect(world.deeds()).toEqual([`delete ${VIP}`, 'close eth0/ipv4'])
  expect(world.states().at(-1)).toBe('STOP')
  expect(world.ended).toBe(true)
})

test('where nobody was ever heard it waits for one advertisement of the weakest backup, otherwise for two', async () => {
  for (const [alone, wait] of [
    [true, 1],
    [false, 2],
  ] as const) {
    const world = await master()
    // A weaker one, who is answered.
    if (!alone) hear(world, advertisement(50))
    world.deeds()
    await world.tell(stop)
    await turn(world, seconds(wait - 0.01))
    expect(world.held()).toContain(VIP)
    await turn(world, seconds(0.02))
    expect(world.held()).not.toContain(VIP)
    expect(world.ended).toBe(true)
  }
})

test('the same said twice is no hurry, and the supervisor says when it is one', async () => {
  const world = await master()
  await world.tell(stop)
  await world.tell(stop)
  expect(world.deeds()).toEqual(['advert 0'])
  await world.tell({ type: 'stop-at-once' })
  expect(world.deeds()).toEqual([`delete ${VIP}`, 'close eth0/ipv4'])
  expect(world.ended).toBe(true)
})

test('SIGTERM without a supervisor begins a stop, and ends the wait of one that has begun', async () => {
  for (const first of [stop, { type: 'terminated' }] as const) {
    const world = await master()
    await world.tell(first)
    expect(world.deeds()).toEqual(['advert 0'])
    await world.tell({ type: 'terminated' })
    expect(world.deeds()).toEqual([`delete ${VIP}`, 'close eth0/ipv4'])
    expect(world.ended).toBe(true)
  }
})

test('a supervisor that dies meanwhile, or has more to say, does not keep it', async () => {
  const world = await master()
  await world.tell(stop)
  await world.configure([{ ...calm, priority: 50 }])
  world.supervisor.close()
  await turn(world, seconds(1.1))
  expect(world.deeds()).toEqual(['advert 0', `delete ${VIP}`, 'close eth0/ipv4'])
  expect(world.ended).toBe(true)
})

test('what has ended does not begin again, whatever happens on the host', async () => {
  const world = new World()
  const other = { ...calm, name: 'VI_2', virtualRouterId: 52, addresses: [] }
  await world.configure([calm, other], { holdOnAtStop: seconds(2.5) })
  world.run(seconds(4))
  await world.tell(stop)
  // It has no address to keep.
  expect([world.states('VI_1').at(-1), world.states('VI_2').at(-1)]).toEqual(['MASTER', 'STOP'])
  world.happens({ type: 'link', link: ethernet(2, 'eth0', { mtu: 1400 }) })
  await turn(world)
  expect(world.states('VI_2').at(-1)).toBe('STOP')
  hear(world, advertisement(200))
  await turn(world)
  expect(world.ended).toBe(true)
})

test('a link that goes down ends the wait', async () => {
  const world = await master()
  await world.tell(stop)
  world.happens({ type: 'link', link: ethernet(2, 'eth0', { running: false }) })
  await turn(world)
  expect(world.states().slice(-2)).toEqual(['MASTER', 'STOP'])
  expect(world.held()).not.toContain(VIP)
  expect(world.ended).toBe(true)
})

test('a backup ends at once', async () => {
  const world = new World()
  await world.configure([calm], { holdOnAtStop: seconds(2.5) })
  await world.tell(stop)
  expect(world.ended).toBe(true)
})
