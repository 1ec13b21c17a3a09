import { expect, test } from 'vitest'
import { after, type Instant, instant, micros, millis, seconds } from '../../../src/base/index.ts'
import {
  imminentDeadline,
  isImminent,
  mayLinger,
  openReadiness,
  wakingTime,
} from '../../../src/roles/vrrp/readiness.ts'
import { newRunningRouter, type RunningRouter } from '../../../src/roles/vrrp/running-router.ts'
import { router } from '../../proto/vrrp/setting.ts'

const downAt = instant(10_000_000)
const backup = (more: Partial<RunningRouter> = {}): RunningRouter => ({
  ...newRunningRouter(router, 0, instant(0)),
  state: { name: 'backup', masterInterval: seconds(1), downAt },
  ...more,
})

/** Each rehearsal takes so long; `rehearsed` has when they began. */
function readiness(takes: number) {
  let now: Instant = instant(0)
  const rehearsed: number[] = []
  const opened = openReadiness({ now: () => now }, () => {
    rehearsed.push(now - downAt)
    now = after(now, micros(takes))
  })
  return {
    rehearsed,
    ringAt(at: Instant, ...ones: RunningRouter[]) {
      now = at
      for (const one of ones) opened.look(one, at)
      opened.run(at)
    },
  }
}
const before = (length: number): Instant => after(downAt, micros(-length))

test('a backup is woken some milliseconds before its time is up, and once it is ready just before', () => {
  expect(wakingTime(backup(), false)).toBe(before(4_000))
  expect(wakingTime(backup({ readyFor: downAt }), false)).toBe(before(300))
})

const master = (advertiseAt: Instant, advertisementInterval = router.advertisementInterval): RunningRouter =>
  backup({ router: { ...router, advertisementInterval }, state: { name: 'master', advertiseAt } })

test('a master is woken when it is to advertise, and where it waits itself just before', () => {
  expect(wakingTime(master(downAt), false)).toBe(downAt)
  expect(wakingTime(master(downAt), true)).toBe(before(300))
  expect(isImminent(master(downAt), before(200), true)).toBe(true)
  expect(isImminent(master(downAt), before(200), false)).toBe(false)
})

test('of several whose time is near the first is waited for', () => {
  const ones = [master(downAt), master(before(100)), master(after(downAt, micros(500)))]
  expect(imminentDeadline(ones, before(200), true)).toBe(before(100))
  expect(imminentDeadline(ones, before(200), false)).toBeUndefined()
})

test.each([
  ['two at 10 ms', 2, 10, true],
  ['three at 10 ms', 3, 10, false],
  ['twenty at 100 ms', 20, 100, true],
  ['510 at one second', 510, 1000, false],
])('%s: masters wait for their turns as long as it costs little', (_, count, interval, may) => {
  expect(mayLinger(Array.from({ length: count }, () => master(downAt, millis(interval))))).toBe(may)
})

test('any number of backups may', () => {
  expect(mayLinger(Array.from({ length: 510 }, () => backup()))).toBe(true)
})

test('it waits for its moment itself only when that is near and it is ready', () => {
  const ready = backup({ readyFor: downAt })
  expect([before(301), before(300), before(1), downAt].map((now) => isImminent(ready, now, false))).toEqual([
    false,
    true,
    true,
    false,
  ])
  expect(isImminent(backup(), before(100), false)).toBe(false)
})

test('it goes through its takeover as long as there is time for one that takes twice as long', () => {
  const { rehearsed, ringAt } = readiness(500)
  const one = backup()
  ringAt(before(4_000), one)
  // After that the socket is to be read once more.
  expect(rehearsed).toEqual([-4000, -3500, -3000, -2500, -2000])
  expect(one.readyFor).toBe(downAt)
  ringAt(before(300), one)
  expect(rehearsed).toHaveLength(5)
})

test('and not more often than makes it quicker', () => {
  const { rehearsed, ringAt } = readiness(50)
  ringAt(before(4_000), backup())
  expect(rehearsed).toEqual([-4000, -3950, -3900, -3850, -3800, -3750, -3700, -3650])
})

test('before it is time, and where there is no time left, nothing is gone through', () => {
  const { rehearsed, ringAt } = readiness(100)
  const one = backup()
  ringAt(before(4_001), one)
  expect(one.readyFor).toBeUndefined()
  ringAt(before(1_500), one)
  expect(one.readyFor).toBe(downAt)
  expect(rehearsed).toEqual([])
})

test('what many do at one time is gone through once', () => {
  const { rehearsed, ringAt } = readiness(3_000)
  ringAt(before(4_000), backup(), backup(), backup())
  ringAt(after(before(4_000), millis(5)), backup({ state: { name: 'backup', masterInterval: seconds(1), downAt } }))
  expect(rehearsed).toHaveLength(1)
})
