import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Observation, Track } from '../../../src/model/index.ts'
import { assess, effectiveTracks } from '../../../src/proto/priority/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'

const good: Observation = { type: 'good' }
const bad: Observation = { type: 'bad', reason: 'no carrier' }
const holds = (value: number): Observation => ({ type: 'value', value })
const ignored: Observation = { type: 'ignored' }
const track = (weight: number, reverse = false, kind: Track['kind'] = 'interface'): Track => ({
  kind,
  name: kind === 'interface' ? 'eth1' : 'x',
  weight,
  reverse,
})
const file = (weight: number, reverse = false) => track(weight, reverse, 'file')

const FAULT = 'fault'
const rows: readonly [
  rule: string,
  of: Track,
  seen: Observation | undefined,
  priority: number | 'fault' | 'pending',
][] = [
  ['weight 0, good: nothing', track(0), good, 100],
  ['weight 0, bad: a fault', track(0), bad, FAULT],
  ['weight 0 reversed, good: a fault', track(0, true), good, FAULT],
  ['weight 0 reversed, bad: nothing', track(0, true), bad, 100],
  ['a positive weight counts while good', track(20), good, 120],
  ['a positive weight does not count while bad', track(20), bad, 100],
  ['a negative weight counts while bad', track(-20), bad, 80],
  ['a negative weight does not count while good', track(-20), good, 100],
  ['reversed, a positive weight is taken off while good', track(20, true), good, 80],
  ['reversed, a negative weight is added while bad', track(-20, true), bad, 120],
  ['an unweighted script without a result is waited for', track(0, false, 'script'), undefined, 'pending'],
  ['a weighted script without a result counts for nothing', track(20, false, 'script'), undefined, 100],
  ['a script that may not be run counts for nothing', track(0, false, 'script'), ignored, 100],
  ['a file of weight 1 adds what it holds', file(1), holds(7), 107],
  ['a file’s number is multiplied', file(3), holds(-7), 79],
  ['and turned round by reverse', file(3, true), holds(-7), 121],
  ['a file of weight 0 that holds 0: nothing', file(0), holds(0), 100],
  ['a file of weight 0 that holds another number: a fault', file(0), holds(1), FAULT],
  ['reversed, 0 is the fault', file(0, true), holds(0), FAULT],
  ['reversed, another number is none', file(0, true), holds(-1), 100],
  ['a product of -253 is no fault', file(1), holds(-253), 1],
  ['a product of -254 is a fault', file(2), holds(-127), FAULT],
  ['a product counts as at most 253', file(254), holds(1_000_000), 254],
]

describe('one tracker of a virtual router with priority 100', () => {
  for (const [rule, of, seen, priority] of rows)
    test(rule, () => {
      const found = assess(100, [of], () => seen)
      expect(found.fault !== undefined ? FAULT : found.pending ? 'pending' : found.priority).toBe(priority)
    })

  test('a fault says what is tracked and what is wrong with it', () => {
    expect(assess(100, [track(0)], () => bad).fault).toBe('tracked eth1: no carrier')
    expect(
      assess(100, [track(0, false, 'script')], () => ({ type: 'bad', reason: 'ended with exit code 1' })).fault,
    ).toBe('tracked script x ended with exit code 1')
    expect(assess(100, [file(0)], () => holds(5)).fault).toBe('tracked file x holds 5')
  })
})

const anyTrack: fc.Arbitrary<readonly [Track, Observation]> = fc
  .record({
    kind: fc.constantFrom('interface' as const, 'file' as const),
    weight: fc.integer({ min: -253, max: 253 }).filter((weight) => weight !== 0),
    reverse: fc.boolean(),
    isGood: fc.boolean(),
    value: fc.integer({ min: -300, max: 300 }),
  })
  .map(({ kind, weight, reverse, isGood, value }) => [
    { kind, name: 'x', weight, reverse },
    kind === 'file' ? holds(value) : isGood ? good : bad,
  ])

test('V-093: whatever the weights, the priority stays within 1 to 254', () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 254 }), fc.array(anyTrack, { maxLength: 8 }), (base, all) => {
      const seen = new Map(all)
      const { priority } = assess(base, [...seen.keys()], (one) => seen.get(one))
      expect(priority).toBeGreaterThanOrEqual(1)
      expect(priority).toBeLessThanOrEqual(254)
    }),
    fuzzRuns(500),
  ))

test('V-094: an owner keeps 255', () => expect(assess(255, [track(-20)], () => bad).priority).toBe(255))

test('V-095: a sum far below is undone exactly, since it is not kept within bounds on the way', () => {
  const all = [track(-253), { ...track(-253), name: 'eth2' }, track(50, false, 'script')]
  expect(assess(100, all, (one) => (one.kind === 'script' ? good : bad)).priority).toBe(1)
  expect(assess(100, all, () => good).priority).toBe(150)
  expect(assess(100, all, (one) => (one.kind === 'script' ? bad : good)).priority).toBe(100)
})

describe('V-098: in a sync group', () => {
  const own = [track(-20), track(20, false, 'script'), file(1), { ...file(5), name: 'y' }]
  const member = { priority: 100, tracks: own }
  const plain = { tracks: [], trackingWeight: false }
  const named = (tracks: readonly Track[]) => tracks.map(({ kind, name, weight }) => `${kind} ${name} ${weight}`)

  test('members’ weights do not count: interfaces and files of weight 1 become faults, the rest is not tracked', () =>
    expect(named(effectiveTracks(member, plain, false))).toEqual(['interface eth1 0', 'file x 0']))
  test('with sync_group_tracking_weight they count', () =>
    expect(effectiveTracks(member, { ...plain, trackingWeight: true }, false)).toEqual(own))
  test('without a group they count', () => expect(effectiveTracks(member, undefined, false)).toEqual(own))
  test('what the group tracks counts for each member, at its weight', () =>
    expect(named(effectiveTracks({ priority: 100, tracks: [] }, { ...plain, tracks: [track(7)] }, false))).toEqual([
      'interface eth1 7',
    ]))
  test('what both track has the group’s weight, unless the member has none', () => {
    const both = { tracks: [track(7)], trackingWeight: true }
    expect(named(effectiveTracks({ priority: 100, tracks: [track(-20)] }, both, false))).toEqual(['interface eth1 7'])
    expect(named(effectiveTracks({ priority: 100, tracks: [track(0)] }, both, false))).toEqual(['interface eth1 0'])
  })
  test('beside an owner what the group tracks is a fault for all', () =>
    expect(named(effectiveTracks({ priority: 100, tracks: [] }, { ...plain, tracks: [track(7)] }, true))).toEqual([
      'interface eth1 0',
    ]))
  test('an owner tracks nothing by weight, with a group or without', () => {
    const owner = { priority: 255, tracks: [track(-20), { ...track(0), name: 'eth2' }] }
    expect(named(effectiveTracks(owner, undefined, false))).toEqual(['interface eth2 0'])
    expect(named(effectiveTracks(owner, plain, true))).toEqual(['interface eth2 0'])
  })
})
