/** Tracked processes in the supervisor: how they are counted, and what the vrrp role hears. */
import { expect, test } from 'vitest'
import { micros, seconds } from '../../../src/base/index.ts'
import type { TrackProcess } from '../../../src/model/index.ts'
import { fakeWorld, settle } from './fake-world.ts'
import { configurationFor, router } from './models.ts'

const track: TrackProcess = {
  name: 'web',
  command: 'nginx',
  arguments: [],
  fullCommand: false,
  quorum: 2,
  forkDelay: micros(0),
  terminateDelay: micros(0),
}
const nginx = { name: 'nginx', arguments: [] }
const model = (more: Partial<TrackProcess> = {}) =>
  configurationFor({
    virtualRouters: [router('VI_1', { tracks: [{ kind: 'process', name: 'web', weight: 0, reverse: false }] })],
    virtualServers: [],
    trackProcesses: [{ ...track, ...more }],
  })

async function running(more: Partial<TrackProcess> = {}, silent = false) {
  const world = fakeWorld()
  world.silent = silent
  world.processes.set(10, nginx)
  world.load(model(more))
  const started = await world.start()
  if (!started.ok) throw new Error(started.error.message)
  await world.pass(1)
  const heard = () =>
    (world.living('vrrp')[0]?.heard ?? []).flatMap((message) =>
      message['type'] === 'observed' ? (message['observed'] as { key: string; observation: object }[]) : [],
    )
  return { world, supervisor: started.value, heard }
}
const good = { key: 'process web', observation: { type: 'good' } }
const bad = (reason: string) => ({ key: 'process web', observation: { type: 'bad', reason } })

test('those that run are counted at the start, and the role hears what they come to', async () => {
  const { heard } = await running()
  expect(heard().at(-1)).toEqual(bad('runs once, and 2 are needed'))
})

test('a fork, an execution and an end each count at once, and only a change of the quorum is told', async () => {
  const { world, heard } = await running()
  const before = heard().length
  world.processNews?.({ type: 'forked', pid: 11, parent: 10 })
  world.processNews?.({ type: 'forked', pid: 12, parent: 10 })
  world.processes.set(12, { name: 'sh', arguments: [] })
  world.processNews?.({ type: 'changed', pid: 12 })
  world.processNews?.({ type: 'exited', pid: 10 })
  await settle()
  expect(heard().slice(before)).toEqual([good, bad('runs once, and 2 are needed')])
})

test('news that was lost is made good by looking at all', async () => {
  const { world, heard } = await running()
  world.processes.set(11, nginx)
  world.processNews?.({ type: 'lost' })
  await settle()
  expect(heard().at(-1)).toEqual(good)
})

test('that news was lost is told at once, then at most every ten seconds with how often it was', async () => {
  const { world, supervisor } = await running()
  const told = () => world.log.filter((line) => line.includes('news of processes was lost'))
  const line = (times: number) => `warn news of processes was lost; all are looked at again {"times":${times}}`
  const lose = (times: number) => {
    for (let time = 0; time < times; time++) world.processNews?.({ type: 'lost' })
  }
  lose(500)
  expect(told()).toEqual([line(1)])
  await world.pass(9_900_000)
  lose(1)
  expect(told()).toHaveLength(1)
  await world.pass(200_000)
  expect(told()).toEqual([line(1), line(500)])
  await world.pass(30_000_000)
  lose(3)
  expect(told()).toEqual([line(1), line(500), line(1)])
  await supervisor.stop()
  expect(told().at(-1)).toBe(line(2))
})

test('one that is started and ends hundreds of times a second is told every ten seconds, as it is by then', async () => {
  const { world, supervisor, heard } = await running({ quorum: 1 })
  const told = () => world.log.filter((line) => line.includes('tracked process')).splice(0)
  const before = heard().length
  const flap = (times: number) => {
    for (let time = 0; time < times; time++) {
      world.processNews?.({ type: 'exited', pid: 10 })
      world.processNews?.({ type: 'changed', pid: 10 })
    }
  }
  flap(350)
  world.processNews?.({ type: 'exited', pid: 10 })
  await settle()
  // Who tracks it hears of each.
  expect(heard()).toHaveLength(before + 701)
  const lost = 'warn tracked process lost its quorum {"name":"web","processes":0'
  const reason = '"reason":"does not run, and 1 is needed"}'
  const has = 'info tracked process has its quorum {"name":"web","processes":1'
  const first = [`${lost},${reason}`, `${has}}`]
  expect(told()).toEqual(first)
  await world.pass(10_000_000)
  const then = [...first, `${lost},"leftOut":698,${reason}`]
  expect(told()).toEqual(then)
  flap(2)
  world.processNews?.({ type: 'changed', pid: 10 })
  await supervisor.stop()
  expect(told()).toEqual([...then, `${has},"leftOut":2}`])
})

test('where the kernel tells nothing they are looked at every second, and that is said once', async () => {
  const { world, heard } = await running({}, true)
  world.processes.set(11, nginx)
  await world.pass(1_000_000)
  expect(heard().at(-1)).toEqual(good)
  world.processes.delete(10)
  await world.pass(1_000_000)
  expect(heard().at(-1)).toEqual(bad('runs once, and 2 are needed'))
  expect(world.log.filter((line) => line.includes('counted once a second'))).toHaveLength(1)
})

test('terminate_delay lets a program be started anew', async () => {
  const { world, heard } = await running({ quorum: 1, terminateDelay: seconds(2) })
  const before = heard().length
  world.processNews?.({ type: 'exited', pid: 10 })
  await world.pass(1_900_000)
  world.processNews?.({ type: 'changed', pid: 10 })
  await world.pass(5_000_000)
  expect(heard().slice(before)).toEqual([])
  world.processNews?.({ type: 'exited', pid: 10 })
  await world.pass(2_000_000)
  expect(heard().slice(before)).toEqual([bad('does not run, and 1 is needed')])
})

test('a reload leaves what is known, counts what is changed, and stops hearing when nothing is counted', async () => {
  const { world, supervisor, heard } = await running({ quorum: 1 })
  world.load(model({ quorum: 1, most: 0 }))
  world.load(model({ quorum: 3 }))
  expect((await supervisor.reload()).ok).toBe(true)
  expect(heard().at(-1)).toEqual(bad('runs once, and 3 are needed'))
  world.load(configurationFor({ virtualRouters: [router('VI_1')], virtualServers: [] }))
  expect((await supervisor.reload()).ok).toBe(true)
  expect(world.processNews).toBeUndefined()
})

test('a role that starts anew is told what is known', async () => {
  const { world } = await running({ quorum: 1 })
  world.living('vrrp')[0]?.die()
  await world.pass(2_000_000)
  const offer = world.living('vrrp')[0]?.heard.find(({ type }) => type === 'offer') as
    | { slice: { observed: object[] } }
    | undefined
  expect(offer?.slice.observed).toEqual([good])
})
