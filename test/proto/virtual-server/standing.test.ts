import fc from 'fast-check'
import { expect, test } from 'vitest'
import { after, instant, seconds } from '../../../src/base/index.ts'
import { keptInPanic, nextStepAt, rampedWeight, weightOf } from '../../../src/proto/virtual-server/index.ts'

const server = (alive: boolean, since = 0, ordered = false, neverUp = false) => ({ alive, since, ordered, neverUp })
const panics: readonly [
  claim: string,
  threshold: number,
  servers: Parameters<typeof keptInPanic>[1],
  kept: number[],
][] = [
  ['enough of them live', 50, [server(true), server(true), server(false), server(false)], []],
  ['who went down last is kept', 50, [server(true), server(false, 1), server(false, 3), server(false, 2)], [2]],
  ['a share of a server is a whole one', 34, [server(false, 1), server(false, 2), server(false, 3)], [1, 2]],
  ['of those that went down at once the first', 25, [server(false), server(false), server(false), server(false)], [0]],
  [
    'what is ordered out neither counts nor is kept',
    50,
    [server(false, 9, true), server(true, 0, true), server(false)],
    [2],
  ],
  [
    'what was never found up neither counts nor is kept',
    50,
    [server(false, 9, false, true), server(false, 8, false, true), server(false, 1), server(true)],
    [],
  ],
  ['100 keeps all', 100, [server(false), server(true)], [0]],
  ['0 keeps nobody', 0, [server(false)], []],
]
for (const [claim, threshold, servers, kept] of panics)
  test(`panic_threshold: ${claim}`, () => expect([...keptInPanic(threshold, servers)].toSorted()).toEqual(kept))

test('panic_threshold: those that serve are never fewer than it says, nor is one kept that need not be', () => {
  const any = fc.array(
    fc
      .record({ alive: fc.boolean(), ordered: fc.boolean(), since: fc.nat(5), new: fc.boolean() })
      .map((one) => ({ ...one, neverUp: one.new && !one.alive })),
    { maxLength: 9 },
  )
  fc.assert(
    fc.property(any, fc.integer({ min: 0, max: 100 }), (servers, threshold) => {
      const kept = keptInPanic(threshold, servers)
      const taking = servers.filter(({ ordered, neverUp }) => !ordered && !neverUp)
      const living = taking.filter(({ alive }) => alive).length
      expect(living + kept.size).toBe(Math.max(living, Math.ceil((taking.length * threshold) / 100)))
      for (const i of kept) expect(servers[i]).toMatchObject({ alive: false, ordered: false, neverUp: false })
    }),
  )
})

const ramp = { since: instant(1_000_000), length: seconds(20) }
const at = (second: number) => after(ramp.since, seconds(second))

test('slow_start: a weight grows in steps from 1 to all of it, and then there is no next one', () => {
  expect([0, 0.9, 1, 10, 19.9, 20, 99].map((second) => rampedWeight(100, ramp, at(second)))).toEqual([
    1, 1, 5, 50, 95, 100, 100,
  ])
  expect([0, 1, 0.5, 19.5].map((second) => nextStepAt(ramp, at(second)))).toEqual([at(1), at(2), at(1), at(20)])
  expect(nextStepAt(ramp, at(20))).toBeUndefined()
})

test('slow_start: a weight of 1 has no steps, one of 0 stays 0', () => {
  expect([0, 10, 20].map((second) => rampedWeight(1, ramp, at(second)))).toEqual([1, 1, 1])
  expect(rampedWeight(0, ramp, at(5))).toBe(0)
})

test('slow_start: from step to step every ramp comes to its end, and never falls', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e9 }), (weight, length) => {
      const any = { since: instant(7), length: length as ReturnType<typeof seconds> }
      let now: ReturnType<typeof instant> | undefined = any.since
      let before = 0
      for (let steps = 0; now !== undefined; steps++) {
        expect(steps).toBeLessThanOrEqual(20)
        const weightNow = rampedWeight(weight, any, now)
        expect(weightNow).toBeGreaterThanOrEqual(before)
        before = weightNow
        now = nextStepAt(any, now)
      }
      expect(before).toBe(weight)
    }),
  )
})

const weights: readonly [
  claim: string,
  weight: number,
  contributions: number[],
  ordered: number | undefined,
  used: number,
][] = [
  ['what is configured', 5, [], undefined, 5],
  ['with what checkers add', 5, [3, -1], undefined, 7],
  ['not below 0', 5, [-9], undefined, 0],
  ['not above what IPVS takes', 5, [2_147_483_647], undefined, 2_147_483_647],
  ['an operator has the last word', 5, [3], 2, 2],
]
for (const [claim, weight, contributions, ordered, used] of weights)
  test(`the weight of a real server: ${claim}`, () => expect(weightOf({ weight }, contributions, ordered)).toBe(used))
