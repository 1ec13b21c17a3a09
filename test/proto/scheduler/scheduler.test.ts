import { describe, expect, test } from 'vitest'
import {
  type Candidate,
  leastConnection,
  roundRobin,
  roundRobinStart,
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
