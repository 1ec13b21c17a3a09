/**
 * Random schedules in virtual time (`schedule.ts`), on a LAN or on two with sync groups, by multicast or unicast, signed or not:
 * once it is whole again there is one master within the bound of the timers, the same on both LANs, it stays, a forger's
 * resignations and replays change nothing, and neighbours send to it (V-072 … V-074). `make simulate` plays a hundred thousand.
 * That a wrong machine is found is tested as well.
 */
import { expect, test } from 'vitest'
import { step } from '../../src/proto/vrrp/index.ts'
import { fuzzing, fuzzRuns, fuzzTimeout } from '../fuzz-runs.ts'
import type { StepFunction } from './lan.ts'
import { play, story } from './schedule.ts'

/** The first seed that fails. */
function firstBad(seeds: number, machine?: StepFunction): number | undefined {
  for (let seed = 1; seed <= seeds; seed++) if (play(seed, machine) !== undefined) return seed
  return undefined
}

const SCHEDULES = fuzzRuns(3000).numRuns

test(`V-073 V-074: ${SCHEDULES} schedules end with one master in time, and neighbours send to it`, {
  timeout: fuzzTimeout(60_000),
}, () => {
  const began = performance.now()
  const bad = firstBad(SCHEDULES)
  if (bad !== undefined) expect.fail(story(bad))
  if (fuzzing) console.info(`${SCHEDULES} schedules in ${((performance.now() - began) / 1000).toFixed(1)} s`)
})

test('a seed tells the same story each time', () => {
  expect(story(7)).toBe(story(7))
  expect(story(7)).not.toBe(story(8))
})

const isAdvert = (event: Parameters<StepFunction>[2]) => event.type === 'advertisement-received'

const mutants: readonly [wrong: string, machine: StepFunction][] = [
  [
    'believes a resignation from anybody',
    (router, state, event, now) =>
      state.name === 'backup' && isAdvert(event) && event.priority === 0
        ? step(router, { ...state, heard: { source: event.source, priority: 1 } }, event, now)
        : step(router, state, event, now),
  ],
  [
    'does not settle a tie',
    (router, state, event, now) =>
      state.name === 'master' && isAdvert(event) && event.priority === router.priority
        ? { state, actions: [] }
        : step(router, state, event, now),
  ],
  [
    'settles a tie the wrong way round',
    (router, state, event, now) =>
      isAdvert(event) && event.priority === router.priority
        ? step(router, state, { ...event, source: event.self, self: event.source }, now)
        : step(router, state, event, now),
  ],
  [
    'does not say a last word when it gives way',
    (router, state, event, now) => step({ ...router, higherPrioSendAdvert: false }, state, event, now),
  ],
  [
    'does not announce again when it has heard a weaker one',
    (router, state, event, now) => {
      const { state: next, actions } = step(router, state, event, now)
      return {
        state: next,
        actions: actions.filter((one) => one.type !== 'announce-addresses' || one.occasion !== 'weaker-master'),
      }
    },
  ],
  [
    'waits for ever behind a weaker one',
    (router, state, event, now) => step({ ...router, preempt: false, ...notOwner(router) }, state, event, now),
  ],
  [
    'lets go of the addresses and goes on as master',
    (router, state, event, now) => {
      const next = step(router, state, event, now)
      return state.name === 'master' && isAdvert(event) && next.state.name === 'backup' ? { ...next, state } : next
    },
  ],
  [
    'takes an interval of ours for the master’s',
    (router, state, event, now) =>
      isAdvert(event)
        ? step(router, state, { ...event, interval: router.advertisementInterval }, now)
        : step(router, state, event, now),
  ],
  [
    'does not give way with its sync group',
    (router, state, event, now) =>
      event.type === 'group-became-backup' ? { state, actions: [] } : step(router, state, event, now),
  ],
  [
    'does not become master with its sync group',
    (router, state, event, now) =>
      event.type === 'group-became-master' ? { state, actions: [] } : step(router, state, event, now),
  ],
  [
    'restarts its down timer whatever it hears',
    (router, state, event, now) =>
      state.name === 'backup' && isAdvert(event) && event.priority > 0
        ? step(router, state, { ...event, priority: Math.max(event.priority, router.priority) }, now)
        : step(router, state, event, now),
  ],
]
const notOwner = ({ priority }: { readonly priority: number }) => ({ priority: Math.min(priority, 254) })

for (const [wrong, machine] of mutants)
  test(`a machine that ${wrong} is found out`, () => {
    expect(firstBad(20_000, machine)).toBeDefined()
  })
