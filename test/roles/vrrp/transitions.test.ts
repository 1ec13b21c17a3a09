import { expect, test } from 'vitest'
import { address, seconds } from '../../../src/base/index.ts'
import type { FromVrrp } from '../../../src/roles/ipc/index.ts'
import { advertisement, calm, damaged, hear } from './role-talk.ts'
import { World } from './world.ts'

const transitions = (world: World) =>
  world.said.flatMap((message: FromVrrp) => (message.type === 'virtual-router-transition' ? [message.transition] : []))

test('each change of state is told with its event, its cause in words and what was done, in that order', async () => {
  const world = new World()
  await world.configure([calm])
  hear(world, advertisement(200))
  world.run(seconds(10))
  await world.settle()
  const [began, led] = transitions(world)
  expect(began).toMatchObject({ from: 'initialize', to: 'backup', event: 'started', because: 'it was started' })
  expect(led).toMatchObject({
    from: 'backup',
    to: 'master',
    event: 'deadline-reached',
    cause: 'master-silent',
    because: expect.stringMatching(/^the master 192\.0\.2\.12 \(priority 200\) was silent for \d\.\d+ s$/),
  })
  expect(led?.consequences.map(({ what }) => what)).toEqual([
    `advertised priority ${calm.priority}`,
    'took 1 address',
    'told the neighbours',
    'notified MASTER',
  ])
  hear(world, advertisement(200))
  await world.settle()
  expect(transitions(world).at(-1)).toMatchObject({
    from: 'master',
    to: 'backup',
    because: `192.0.2.12 advertises priority 200, above its ${calm.priority}`,
  })
})

test('the last one heard and those who are refused are in the snapshot, the latest 16 of these', async () => {
  const world = new World()
  await world.configure([calm])
  hear(world, advertisement(200))
  for (let host = 20; host < 40; host++) hear(world, damaged(), address(`192.0.2.${host}`))
  hear(world, damaged(), address('192.0.2.25'))
  const [snapshot] = await world.snapshot()
  expect(snapshot?.lastHeard).toMatchObject({ source: '192.0.2.12', priority: 200 })
  expect(snapshot?.rejected).toHaveLength(16)
  expect(snapshot?.rejected?.at(-1)).toMatchObject({ source: '192.0.2.25', reason: 'checksum', count: 2 })
})

test('a reload tells of what ends before it tells of what begins under the same name', async () => {
  const world = new World()
  await world.configure([calm])
  world.run(seconds(10))
  await world.settle()
  expect(world.states(calm.name)).toEqual(['BACKUP', 'MASTER'])
  await world.configure([{ ...calm, virtualRouterId: calm.virtualRouterId + 1 }])
  // keepalived calls a removed one without notify_deleted FAULT; the last word is what there is now.
  expect(world.states(calm.name)).toEqual(['BACKUP', 'MASTER', 'FAULT', 'BACKUP'])
})

test('a reload that has a master speak elsewhere has it resign, let go, and begin anew', async () => {
  const world = new World()
  await world.configure([calm])
  world.run(seconds(10))
  await world.settle()
  world.deeds()
  const moved = { ...calm, multicastGroup: address('224.0.0.9') }
  await world.configure([moved], { beginAnew: ['eth0/ipv4/51'] })
  const [resigned, removed] = world.deeds().filter((deed) => /^(advert|delete)/.test(deed))
  expect([resigned, removed]).toEqual(['advert 0', 'delete 192.0.2.100/24'])
  expect(transitions(world).slice(-2)).toMatchObject([
    { from: 'master', to: 'initialize', because: 'it was taken out of the configuration' },
    { from: 'initialize', to: 'backup', because: 'it was started' },
  ])
})

test('what a master says again and again is counted and heard each time, also where our view of it changes meanwhile', async () => {
  const world = new World()
  await world.configure([calm])
  for (let turns = 0; turns < 10; turns++) {
    hear(world, advertisement(200))
    world.run(seconds(1))
  }
  const [followed] = await world.snapshot()
  expect(followed).toMatchObject({ state: 'backup', masterPriority: 200, advertisementsReceived: 10 })
  expect(world.states()).toEqual(['BACKUP'])
  // Byte for byte the same, and now it is to be refused.
  await world.configure([{ ...calm, version: 2 }])
  hear(world, advertisement(200))
  const [refused] = await world.snapshot()
  expect(refused).toMatchObject({ advertisementsReceived: 10, drops: { version: 1 } })
})
