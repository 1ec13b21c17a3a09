import { expect, test } from 'vitest'
import {
  atOnce,
  inSlices,
  inTurn,
  OneAtATime,
  SLICE,
  type Sliced,
  withPauses,
} from '../../../src/forwarding/ebpf/slices.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

function* collected(count: number): Sliced<readonly number[]> {
  const seen: number[] = []
  yield* inSlices(numbers(count), (one) => seen.push(one))
  return seen
}

test.each([
  [0, 0],
  [1, 0],
  [SLICE, 0],
  [SLICE + 1, 1],
  [10 * SLICE, 9],
])('work on %i things has %i pauses, and none at its end', async (count, pauses) => {
  let paused = 0
  const pause = async () => void paused++
  expect(await withPauses(collected(count), pause)).toEqual(numbers(count))
  expect(paused).toBe(pauses)
  expect(atOnce(collected(count))).toEqual(numbers(count))
})

test('works in turn begin one after the other, as they were asked for, though an earlier one fails', async () => {
  const told: string[] = []
  const take = inTurn()
  const work = (name: string, pauses: number) => async () => {
    told.push(`${name} begins`)
    await withPauses(collected(pauses * SLICE + 1), async () => {})
    told.push(`${name} ends`)
    if (name === 'b') throw new Error('b failed')
    return name
  }
  const all = await Promise.allSettled([take(work('a', 5)), take(work('b', 1)), take(work('c', 0))])
  expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  expect(all).toMatchObject([{ value: 'a' }, { reason: new Error('b failed') }, { value: 'c' }])
})

test('what is asked for while it is under way runs once more, however often it was asked for', async () => {
  let runs = 0
  let release = () => {}
  const work = new OneAtATime(async () => {
    runs++
    await new Promise<void>((resolve) => {
      release = resolve
    })
  })
  await work.idle()
  expect(runs).toBe(0)
  for (let i = 0; i < 3; i++) work.ask()
  expect(runs).toBe(1)
  const idle = work.idle()
  release()
  await new Promise((resolve) => setImmediate(resolve))
  expect(runs).toBe(2)
  release()
  await idle
  expect(runs).toBe(2)
  work.ask()
  expect(runs).toBe(3)
  release()
  await work.idle()
})
