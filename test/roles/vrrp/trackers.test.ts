/** Interfaces, scripts and files that virtual routers track, through the whole role. */
import { expect, test } from 'vitest'
import { micros, seconds } from '../../../src/base/index.ts'
import type { Observation, Track, VirtualRouter } from '../../../src/model/index.ts'
import { announcements, router } from '../../proto/vrrp/setting.ts'
import { ethernet, World } from './world.ts'

const quiet = { ...announcements, masterRepeat: 1, masterDelay: micros(0) }
const tracking = (...tracks: Track[]): VirtualRouter => ({ ...router, announcements: quiet, tracks })
const eth1 = (weight: number): Track => ({ kind: 'interface', name: 'eth1', weight, reverse: false })
const script = (weight: number): Track => ({ kind: 'script', name: 'chk', weight, reverse: false })
const good: Observation = { type: 'good' }
const bad: Observation = { type: 'bad', reason: 'ended with exit code 1' }
const observed = (observation: Observation) =>
  ({ type: 'observed', observed: [{ key: 'script chk', observation }] }) as const

const host = (): World => {
  const world = new World()
  world.links.set(3, ethernet(3, 'eth1'))
  return world
}
const seen = async (world: World) => {
  const [one] = await world.snapshot()
  return one && { state: one.state, reason: one.faultReason, base: one.basePriority, effective: one.effectivePriority }
}

test('V-099: a tracked interface that goes down changes the priority of the next advertisement, and no timer', async () => {
  const world = host()
  await world.configure([tracking(eth1(-30))])
  world.run(seconds(4))
  world.deeds()
  world.happens({ type: 'link', link: ethernet(3, 'eth1', { running: false }) })
  expect(world.deeds()).toEqual([])
  world.run(seconds(1))
  expect(world.deeds()).toEqual(['advert 70'])
  expect(await seen(world)).toMatchObject({ state: 'master', base: 100, effective: 70 })
  world.happens({ type: 'link', link: ethernet(3, 'eth1') })
  world.run(seconds(1))
  expect(world.deeds()).toEqual(['advert 100'])
})

test('V-054: the timer of a backup moves by what the down interval changed', async () => {
  const world = host()
  await world.configure([tracking(eth1(-30))])
  // The skew of 100 is 156/256 of a second.
  const before = world.now + 3_609_375
  world.happens({ type: 'link', link: ethernet(3, 'eth1', { up: false }) })
  // 30/256 of a second more.
  world.run(micros(before - world.now + 116_500))
  expect(world.deeds()).toEqual([])
  world.run(micros(1_000))
  expect(world.deeds()[0]).toBe('advert 70')
})

test('V-096: an unweighted one is a fault while it is down, missing or renamed, and no more when it is back', async () => {
  const world = host()
  await world.configure([tracking(eth1(0))])
  world.run(seconds(4))
  world.deeds()
  const steps: readonly [link: Parameters<World['happens']>[0], reason: string | undefined][] = [
    [{ type: 'link', link: ethernet(3, 'eth1', { up: false }) }, 'tracked eth1: interface is down'],
    [{ type: 'link', link: ethernet(3, 'eth1') }, undefined],
    [{ type: 'link', link: ethernet(3, 'wan') }, 'tracked eth1: no such interface'],
    [{ type: 'link', link: ethernet(3, 'eth1') }, undefined],
    [{ type: 'link-removed', index: 3, name: 'eth1' }, 'tracked eth1: no such interface'],
    [{ type: 'link', link: ethernet(9, 'eth1') }, undefined],
  ]
  for (const [event, reason] of steps) {
    world.happens(event)
    await world.settle()
    expect(await seen(world)).toMatchObject({ state: reason === undefined ? 'backup' : 'fault', reason })
  }
  expect(world.deeds()).toEqual(['advert 0', 'delete 192.0.2.100/24'])
})

test('a priority that changes hundreds of times a second is told every ten seconds, as it is by then', async () => {
  const world = new World()
  await world.configure([tracking(script(-30))], { observed: [{ key: 'script chk', observation: good }] })
  world.run(seconds(4))
  const told = () => world.logged.filter((line) => line.startsWith('effective priority changed'))
  const line = (fields: object) => `effective priority changed ${JSON.stringify({ router: router.name, ...fields })}`
  for (let time = 0; time < 350; time++) for (const what of [bad, good]) await world.tell(observed(what))
  await world.tell(observed(bad))
  const first = [line({ from: 100, to: 70 }), line({ from: 70, to: 100 })]
  expect(told()).toEqual(first)
  expect(await seen(world)).toMatchObject({ effective: 70 })
  world.run(seconds(10))
  expect(told()).toEqual([...first, line({ to: 70, leftOut: 698 })])
  world.run(seconds(10))
  await world.tell(observed(good))
  expect(told().slice(3)).toEqual([line({ from: 70, to: 100 })])
})

test('nothing begins before an unweighted script has said something', async () => {
  const world = host()
  await world.configure([tracking(script(0))])
  world.run(seconds(10))
  expect(world.states()).toEqual([])
  expect(await seen(world)).toMatchObject({ state: 'initialize' })
  await world.tell(observed(good))
  expect(world.states()).toEqual(['BACKUP'])
  await world.tell(observed(bad))
  expect(await seen(world)).toMatchObject({ state: 'fault', reason: 'tracked script chk ended with exit code 1' })
  await world.tell(observed(good))
  expect(world.states()).toEqual(['BACKUP', 'FAULT', 'BACKUP'])
})

test('a first word that is bad is a fault at once', async () => {
  const world = host()
  await world.configure([tracking(script(0))])
  await world.tell(observed(bad))
  expect(world.states()).toEqual(['FAULT'])
})

test('a weighted script is not waited for', async () => {
  const world = host()
  await world.configure([tracking(script(20))])
  expect(await seen(world)).toMatchObject({ state: 'backup', effective: 100 })
  await world.tell(observed(good))
  expect(await seen(world)).toMatchObject({ effective: 120 })
})

test('a role that takes another’s place knows what was found before', async () => {
  const world = host()
  const masters = [{ key: 'eth0/ipv4/51', since: '2026-01-01T00:00:00.000Z' }]
  const known = { observed: [{ key: 'script chk', observation: good }] }
  await world.configure([tracking(script(20))], { ...known, resume: { masters, diedAt: world.now } })
  expect(world.states()).toEqual(['MASTER resumed'])
  expect(world.deeds()[0]).toBe('advert 120')
})

test('a master does not wait for a script that a reload has added', async () => {
  const world = host()
  await world.configure([tracking()])
  world.run(seconds(4))
  await world.configure([tracking(script(0))])
  expect(await seen(world)).toMatchObject({ state: 'master' })
  await world.tell(observed(bad))
  expect(await seen(world)).toMatchObject({ state: 'fault' })
})

test('a reload that changes the base priority keeps what trackers add', async () => {
  const world = host()
  await world.configure([tracking(eth1(20))])
  await world.configure([{ ...tracking(eth1(20)), priority: 110 }])
  expect(await seen(world)).toMatchObject({ base: 110, effective: 130 })
})

test('what one member of a sync group tracks as a fault stops all, and a pending script holds all', async () => {
  const world = host()
  const other: VirtualRouter = { ...tracking(), name: 'VI_2', virtualRouterId: 52 }
  const group = { name: 'VG', members: ['VI_1', 'VI_2'], tracks: [], trackingWeight: false, notify: {} }
  await world.configure([tracking(script(0)), other], { syncGroups: [group] })
  expect(world.states('VI_2')).toEqual([])
  await world.tell(observed(bad))
  expect(world.states('VI_2')).toEqual(['FAULT'])
  await world.tell(observed(good))
  expect([world.states('VI_1').at(-1), world.states('VI_2').at(-1)]).toEqual(['BACKUP', 'BACKUP'])
})

test('the snapshot names what is tracked and what was found of it', async () => {
  const world = host()
  const file: Track = { kind: 'file', name: 'load', weight: -1, reverse: false }
  await world.configure([tracking(eth1(-30), script(20), file)])
  await world.tell({
    type: 'observed',
    observed: [
      { key: 'script chk', observation: bad },
      { key: 'file load', observation: { type: 'value', value: 7 } },
    ],
  })
  const [one] = await world.snapshot()
  expect(one?.tracked).toEqual([
    { kind: 'interface', name: 'eth1', weight: -30, reverse: false, found: 'good' },
    { kind: 'script', name: 'chk', weight: 20, reverse: false, found: 'bad', reason: 'ended with exit code 1' },
    { kind: 'file', name: 'load', weight: -1, reverse: false, found: 7 },
  ])
})

test('a script that has not run yet weighs on the first word of the role: no priority is told that never was', async () => {
  const world = host()
  const told = { ...tracking(script(-20)), tellsPriority: true as const }
  await world.configure([told], { observed: [{ key: 'script chk', observation: bad }] })
  expect(await seen(world)).toMatchObject({ state: 'backup', base: 100, effective: 80 })
  expect(world.states()).toEqual(['BACKUP'])
  await world.tell(observed(good))
  expect(world.states()).toEqual(['BACKUP', 'BACKUP_PRIORITY'])
})
