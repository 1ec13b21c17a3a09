import { expect, test } from 'vitest'
import { after, type Instant, instant, micros, millis, seconds } from '../../src/base/index.ts'
import { openTimer, schedule, systemClock, type Timer } from '../../src/sys/time/index.ts'

/** Arms a timer of its own by `arm` and gives the moments at which it fired, once there are `count`. */
function fired(count: number, arm: (timer: Timer, moments: readonly Instant[]) => void): Promise<readonly Instant[]> {
  return new Promise((resolve) => {
    const moments: Instant[] = []
    const timer = openTimer(() => {
      moments.push(systemClock.now())
      if (moments.length === count) {
        timer.close()
        resolve(moments)
      } else arm(timer, moments)
    })
    arm(timer, moments)
  })
}

test('the clock is CLOCK_MONOTONIC in whole microseconds, and does not go back', () => {
  const before = Number(process.hrtime.bigint() / 1000n)
  const moments = Array.from({ length: 1000 }, () => systemClock.now())
  const later = Number(process.hrtime.bigint() / 1000n)
  expect(moments.every(Number.isInteger)).toBe(true)
  expect(moments.every((moment, i) => i === 0 || moment >= (moments[i - 1] as number))).toBe(true)
  expect(moments[0]).toBeGreaterThanOrEqual(before)
  expect(moments.at(-1)).toBeLessThanOrEqual(later)
})

test('wall time is milliseconds since 1970', () => {
  expect(Math.abs(systemClock.wall() - Date.now())).toBeLessThan(1000)
})

for (const delay of [micros(78), micros(999), millis(1), millis(2), millis(23)])
  test(`a timer armed for ${delay} µs from now does not fire before`, async () => {
    const at = after(systemClock.now(), delay)
    const [moment] = await fired(1, (timer) => timer.arm(at))
    expect(moment).toBeGreaterThanOrEqual(at)
  })

test('a moment in the past, and the beginning of time, fire at once', async () => {
  await fired(1, (timer) => timer.arm(instant(systemClock.now() - 1_000_000)))
  await fired(1, (timer) => timer.arm(instant(0)))
})

test('a timer may be armed anew each time it fires, also for the same moment', async () => {
  const at = systemClock.now()
  expect(await fired(5, (timer) => timer.arm(at))).toHaveLength(5)
})

test('arming replaces: only the last moment counts', async () => {
  const start = systemClock.now()
  const [moment] = await fired(1, (timer) => {
    timer.arm(after(start, millis(1)))
    timer.arm(after(start, millis(30)))
  })
  expect(moment).toBeGreaterThanOrEqual(start + 30_000)
})

test('a moment replaced by a later one after it came, but before it was noticed, does not fire', async () => {
  const start = systemClock.now()
  const [moment] = await fired(1, (timer) => {
    timer.arm(after(start, micros(100)))
    while (systemClock.now() < start + 2_000);
    timer.arm(after(start, millis(30)))
  })
  expect(moment).toBeGreaterThanOrEqual(start + 30_000)
})

test('a disarmed and a closed timer do not fire', async () => {
  let count = 0
  const disarmed = openTimer(() => count++)
  disarmed.arm(after(systemClock.now(), millis(1)))
  disarmed.arm(undefined)
  const closed = openTimer(() => count++)
  closed.arm(after(systemClock.now(), millis(1)))
  closed.close()
  closed.close()
  closed.arm(systemClock.now())
  await fired(1, (timer) => timer.arm(after(systemClock.now(), millis(20))))
  expect(count).toBe(0)
  disarmed.close()
})

/** The moment at which what is scheduled so came, after `busy` µs in which the loop did not look at the clock. */
const scheduled = (delay: number, busy = 0): Promise<{ readonly due: Instant; readonly came: Instant }> =>
  new Promise((resolve) => {
    const start = systemClock.now()
    while (systemClock.now() < start + busy);
    const due = after(systemClock.now(), micros(delay))
    schedule(micros(delay), () => resolve({ due, came: systemClock.now() }))
  })

test('what is scheduled does not come before its time, however old the time of the loop is', async () => {
  for (const [delay, busy] of [
    [0, 0],
    [300, 0],
    [1_700, 0],
    [20_000, 50_000],
    [100_000, 60_000],
  ] as const) {
    const { due, came } = await scheduled(delay, busy)
    expect(came).toBeGreaterThanOrEqual(due)
  }
})

test('what is scheduled for a month from now, or is cancelled, does not come', async () => {
  let count = 0
  const cancels = [schedule(seconds(30 * 86_400), () => count++), schedule(millis(1), () => count++)]
  cancels[1]?.()
  await scheduled(30_000)
  expect(count).toBe(0)
  for (const cancel of cancels) cancel()
})
