import { describe, expect, test } from 'vitest'
import {
  type Candidate,
  drawLimit,
  failover,
  leastConnection,
  locality,
  localityWithReplication,
  type Named,
  neverQueue,
  overflow,
  type ReplicaSet,
  roundRobin,
  roundRobinStart,
  shortestExpectedDelay,
  twoChoices,
  weightedLeastConnection,
  weightedRoundRobin,
  weightedStart,
} from '../../../src/proto/scheduler/index.ts'

const candidate = (weight: number, active = 0, inactive = 0, overloaded = false): Candidate => ({
  weight,
  active,
  total: active + inactive,
  overloaded,
})
const letters = (positions: readonly (number | undefined)[]): string =>
  positions.map((position) => (position === undefined ? '-' : String.fromCharCode(65 + position))).join('')

function rrSequence(list: readonly Candidate[], count: number): string {
  let state = roundRobinStart
  const picks = Array.from({ length: count }, () => {
    const pick = roundRobin(list, state)
    state = pick.state
    return pick.chosen
  })
  return letters(picks)
}

function wrrSequence(list: readonly Candidate[], count: number): string {
  let state = weightedStart(list)
  const picks = Array.from({ length: count }, () => {
    const pick = weightedRoundRobin(list, state)
    state = pick.state
    return pick.chosen
  })
  return letters(picks)
}

describe('rr', () => {
  const rows: readonly [claim: string, list: readonly Candidate[], sequence: string][] = [
    ['goes round in list order', [candidate(1), candidate(5), candidate(2)], 'ABCABC'],
    ['skips weight 0', [candidate(1), candidate(0), candidate(2)], 'ACACAC'],
    ['skips an overloaded one', [candidate(1, 0, 0, true), candidate(1), candidate(1)], 'BCBCBC'],
    ['chooses nobody when all are at weight 0', [candidate(0), candidate(0)], '------'],
    ['chooses nobody from an empty list', [], '------'],
  ]
  test.each(rows)('%s', (_claim, list, sequence) => expect(rrSequence(list, 6)).toBe(sequence))
})

describe('wrr', () => {
  const rows: readonly [claim: string, list: readonly Candidate[], sequence: string][] = [
    ['weights 4, 3, 2', [candidate(4), candidate(3), candidate(2)], 'AABABCABCAABABCABC'],
    ['weights 4, 2 step by two', [candidate(4), candidate(2)], 'AABAAB'],
    ['weights 5, 1, 0', [candidate(5), candidate(1), candidate(0)], 'AAAAABAAAAAB'],
    ['all at weight 0: nobody', [candidate(0), candidate(0)], '--'],
    ['all overloaded: nobody, and it ends', [candidate(3, 0, 0, true), candidate(2, 0, 0, true)], '---'],
    [
      'the heaviest overloaded: the others by their weights',
      [candidate(9, 0, 0, true), candidate(2), candidate(1)],
      'BBCBBC',
    ],
  ]
  test.each(rows)('%s', (_claim, list, sequence) => expect(wrrSequence(list, sequence.length)).toBe(sequence))
})

describe('lc and wlc', () => {
  const rows: readonly [claim: string, list: readonly Candidate[], lc: string, wlc: string][] = [
    ['ties keep the earlier one', [candidate(1), candidate(1)], 'A', 'A'],
    ['an active connection weighs 257, an inactive one 1', [candidate(1, 1, 0), candidate(1, 0, 256)], 'B', 'B'],
    ['at 257 inactive ones it is a tie', [candidate(1, 1, 0), candidate(1, 0, 257)], 'A', 'A'],
    ['wlc divides by the weight, lc does not', [candidate(1, 1, 0), candidate(4, 2, 0)], 'A', 'B'],
    ['weight 0 is not available', [candidate(0), candidate(1, 9, 9)], 'B', 'B'],
    ['an overloaded one is not available', [candidate(9, 0, 0, true), candidate(1, 9, 9)], 'B', 'B'],
    ['nobody available', [candidate(0)], '-', '-'],
  ]
  test.each(rows)('%s', (_claim, list, lc, wlc) => {
    expect(letters([leastConnection(list)])).toBe(lc)
    expect(letters([weightedLeastConnection(list)])).toBe(wlc)
  })
})

describe('sed and nq', () => {
  const rows: readonly [claim: string, list: readonly Candidate[], sed: string, nq: string][] = [
    ['ties keep the earlier one', [candidate(1), candidate(1)], 'A', 'A'],
    ['the new connection counts: the heavier idle one first', [candidate(1), candidate(2)], 'B', 'A'],
    ['inactive connections do not count', [candidate(1, 0, 500), candidate(1, 0, 0)], 'A', 'A'],
    ['nq: an idle one however light, sed: the shorter delay', [candidate(9, 1), candidate(1, 0)], 'A', 'B'],
    ['nobody idle: both divide by the weight', [candidate(1, 1), candidate(3, 3)], 'B', 'B'],
    [
      'weight 0 and overloaded ones are passed over',
      [candidate(0), candidate(5, 0, 0, true), candidate(1, 7)],
      'C',
      'C',
    ],
    ['nobody available', [candidate(0), candidate(1, 0, 0, true)], '-', '-'],
  ]
  test.each(rows)('%s', (_claim, list, sed, nq) => {
    expect(letters([shortestExpectedDelay(list)])).toBe(sed)
    expect(letters([neverQueue(list)])).toBe(nq)
  })
})

describe('fo and ovf', () => {
  const rows: readonly [claim: string, list: readonly Candidate[], fo: string, ovf: string][] = [
    ['the highest weight', [candidate(1), candidate(3), candidate(2)], 'B', 'B'],
    ['ties keep the earlier one', [candidate(2), candidate(2)], 'A', 'A'],
    ['ovf: active connections equal to the weight are not too many', [candidate(3, 3), candidate(1)], 'A', 'A'],
    ['ovf: one more is', [candidate(3, 4), candidate(1)], 'A', 'B'],
    ['ovf: everybody is full', [candidate(3, 4), candidate(1, 2)], 'A', '-'],
    ['overloaded ones are passed over', [candidate(9, 0, 0, true), candidate(1)], 'B', 'B'],
    ['nobody available', [candidate(0)], '-', '-'],
  ]
  test.each(rows)('%s', (_claim, list, fo, ovf) => {
    expect(letters([failover(list)])).toBe(fo)
    expect(letters([overflow(list)])).toBe(ovf)
  })
})

describe('twos', () => {
  const list = [candidate(1, 2), candidate(0), candidate(3, 1), candidate(2, 0, 0, true)]
  const rows: readonly [claim: string, draws: readonly [number, number], chosen: string][] = [
    ['draws are within the available weights: 0 and 1 are the first', [0, 1], 'A'],
    ['2 to 4 are the third', [2, 4], 'C'],
    ['of two the one with less overhead per weight', [1, 2], 'C'],
    ['whichever is drawn first', [2, 1], 'C'],
  ]
  test.each(rows)('%s', (_claim, draws, chosen) => {
    expect(drawLimit(list)).toBe(4)
    expect(letters([twoChoices(list, draws)])).toBe(chosen)
  })
  test('a tie goes to the first draw', () => {
    const two = [candidate(1), candidate(1)]
    expect(letters([twoChoices(two, [1, 2]), twoChoices(two, [2, 1])])).toBe('AB')
  })
  test('nobody available', () => expect(twoChoices([candidate(0)], [0, 0])).toBe(undefined))
})

const named = (name: number, weight: number, active = 0, overloaded = false): Named => ({
  name,
  ...candidate(weight, active, 0, overloaded),
})

describe('lblc', () => {
  test('an address stays with its destination although another one is idle', () =>
    expect(locality([named(1, 2, 2), named(2, 2)], 1)).toEqual({ chosen: 1, remembered: 1 }))
  test('it leaves when that has more than its weight and somebody less than half', () => {
    expect(locality([named(1, 2, 3), named(2, 2)], 1)).toEqual({ chosen: 2, remembered: 2 })
    expect(locality([named(1, 2, 3), named(2, 2, 1)], 1)).toEqual({ chosen: 1, remembered: 1 })
  })
  test('the limit of connections does not count for who is remembered, but for a new choice', () => {
    expect(locality([named(1, 2, 1, true), named(2, 2)], 1).chosen).toBe(1)
    expect(locality([named(1, 2, 1, true), named(2, 2)], undefined).chosen).toBe(2)
  })
  test('weight 0 or gone: somebody else', () => {
    expect(locality([named(1, 0), named(2, 2)], 1)).toEqual({ chosen: 2, remembered: 2 })
    expect(locality([named(2, 2)], 1)).toEqual({ chosen: 2, remembered: 2 })
  })
  test('nobody available: what is remembered stays', () =>
    expect(locality([named(1, 0)], 1)).toEqual({ chosen: undefined, remembered: 1 }))
})

describe('lblcr', () => {
  const DAY = 86_400
  const pick = (list: readonly Named[], set: ReplicaSet | undefined, now = 0, gone: readonly Named[] = []) =>
    localityWithReplication(list, set, new Map([...list, ...gone].map((one) => [one.name, one])), now, DAY)

  test('a new address has a set of one', () =>
    expect(pick([named(1, 1)], undefined, 7)).toEqual({ chosen: 1, set: { members: [1], changed: 7 } }))
  test('the least loaded of the set, not of all', () =>
    expect(pick([named(1, 2, 1), named(2, 2, 2), named(3, 2)], { members: [2, 1], changed: 0 }).chosen).toBe(1))
  test('when that is outdone, the least loaded of all joins the set, at its head', () =>
    expect(pick([named(1, 2, 3), named(3, 2)], { members: [1], changed: 0 }, 9)).toEqual({
      chosen: 3,
      set: { members: [3, 1], changed: 9 },
    }))
  test('a set that did not change for a day loses the most loaded one', () => {
    const list = [named(1, 2, 1), named(2, 2, 2)]
    const set = { members: [1, 2], changed: 0 }
    expect(pick(list, set, DAY)).toEqual({ chosen: 1, set })
    expect(pick(list, set, DAY + 1)).toEqual({ chosen: 1, set: { members: [1], changed: DAY + 1 } })
  })
  test('the one that leaves may be one that left the service, and is still chosen if it is the only one that can be', () => {
    expect(pick([named(1, 2, 1)], { members: [1, 2], changed: 0 }, DAY + 1, [named(2, 1, 5)])).toEqual({
      chosen: 1,
      set: { members: [1], changed: DAY + 1 },
    })
    expect(pick([named(1, 2, 1)], { members: [1, 2], changed: 0 }, DAY + 1, [named(2, 1, 0)])).toEqual({
      chosen: 1,
      set: { members: [2], changed: DAY + 1 },
    })
  })
  test('nobody of the set available: somebody else joins', () =>
    expect(pick([named(1, 0), named(2, 1)], { members: [1], changed: 0 }, 5)).toEqual({
      chosen: 2,
      set: { members: [2, 1], changed: 5 },
    }))
})
