import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_RANGE, type Range, Ranges } from '../../../src/forwarding/ebpf/ranges.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'

test('the first range that fits is given out', () => {
  const ranges = new Ranges(10, () => 0)
  expect([ranges.take(4), ranges.take(4), ranges.take(4), ranges.take(2)]).toEqual([
    { start: 0, count: 4 },
    { start: 4, count: 4 },
    undefined,
    { start: 8, count: 2 },
  ])
})

test('what is given back rests two seconds', () => {
  let now = 100
  const ranges = new Ranges(4, () => now)
  const all = ranges.take(4) as Range
  ranges.give(all)
  now = 101
  expect(ranges.take(1)).toBe(undefined)
  now = 102
  expect(ranges.take(4)).toEqual(all)
})

test('neighbours become one range again', () => {
  let now = 0
  const ranges = new Ranges(9, () => now)
  for (const range of [ranges.take(3), ranges.take(3), ranges.take(3)].reverse()) ranges.give(range as Range)
  now = 2
  expect(ranges.take(9)).toEqual({ start: 0, count: 9 })
})

test('nothing needs no room', () => {
  const ranges = new Ranges(1, () => 0)
  ranges.take(1)
  expect(ranges.take(0)).toEqual(NO_RANGE)
  ranges.give(NO_RANGE)
  expect(ranges.claim(NO_RANGE)).toBe(true)
})

test('a claim takes what an earlier process was given, once', () => {
  const ranges = new Ranges(10, () => 0)
  expect(ranges.claim({ start: 3, count: 4 })).toBe(true)
  expect(ranges.claim({ start: 6, count: 1 })).toBe(false)
  expect(ranges.claim({ start: 9, count: 2 })).toBe(false)
  expect([ranges.take(3), ranges.take(3)]).toEqual([
    { start: 0, count: 3 },
    { start: 7, count: 3 },
  ])
})

test('no two ranges in use or resting overlap, and in the end all is free', () =>
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('take', 'give', 'wait'), fc.integer({ min: 1, max: 20 })), { maxLength: 80 }),
      (steps) => {
        let now = 0
        const ranges = new Ranges(64, () => now)
        const used: Range[] = []
        let resting: (Range & { until: number })[] = []
        for (const [step, number] of steps) {
          if (step === 'wait') now += number % 3
          resting = resting.filter(({ until }) => until > now)
          if (step === 'give' && used.length > 0) {
            const [gone] = used.splice(number % used.length, 1) as [Range]
            ranges.give(gone)
            resting.push({ ...gone, until: now + 2 })
          }
          if (step !== 'take') continue
          const taken = ranges.take(number)
          if (taken === undefined) continue
          expect(taken.count).toBe(number)
          expect(taken.start + taken.count).toBeLessThanOrEqual(64)
          for (const other of [...used, ...resting])
            expect(taken.start + taken.count <= other.start || other.start + other.count <= taken.start).toBe(true)
          used.push(taken)
        }
        for (const range of used) ranges.give(range)
        now += 2
        expect(ranges.take(64)).toEqual({ start: 0, count: 64 })
      },
    ),
    fuzzRuns(200, 4),
  ))
