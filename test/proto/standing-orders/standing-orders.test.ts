import { expect, test } from 'vitest'
import { instant } from '../../../src/base/index.ts'
import {
  asideOf,
  deadlineOf,
  orderFor,
  type StandingOrder,
  type StandingOrderEvent,
  type StandingOrders,
  stepStandingOrders,
} from '../../../src/proto/standing-orders/index.ts'

const since = '2026-11-21T18:00:00.000Z'
const a: StandingOrder = { kind: 'failover', key: 'a', by: 'root', since }
const b: StandingOrder = { kind: 'hold', key: 'b', by: 'root', since, until: instant(5_000) }
const host: StandingOrder = { kind: 'maintenance', by: 'root', since, until: instant(9_000) }

const after = (orders: StandingOrders, event: StandingOrderEvent, now = 0) => {
  const { orders: left, ended } = stepStandingOrders(orders, event, instant(now))
  return { left, ended: ended.map(({ order, why }) => [order, why]) }
}

const cases: readonly (readonly [string, StandingOrderEvent, number, StandingOrders, readonly unknown[]])[] = [
  [
    'an order of another kind takes the place of the one before',
    { type: 'ordered', order: { ...b, key: 'a' } },
    0,
    [b, host, { ...b, key: 'a' }],
    [],
  ],
  ['a release by name leaves maintenance', { type: 'released', keys: ['a', 'x'] }, 0, [b, host], [[a, 'released']]],
  [
    'a release of all leaves nothing',
    { type: 'released', keys: 'all' },
    0,
    [],
    [
      [a, 'released'],
      [b, 'released'],
      [host, 'released'],
    ],
  ],
  ['maintenance ends by itself alone', { type: 'maintenance-ended' }, 0, [a, b], [[host, 'released']]],
  [
    'a failover is over once it had to be master again',
    { type: 'became-master', key: 'a' },
    0,
    [b, host],
    [[a, 'nobody-else']],
  ],
  [
    'a failover is over when nobody took its place',
    { type: 'found-nobody', key: 'a' },
    0,
    [b, host],
    [[a, 'nobody-else']],
  ],
  ['a hold is not over by being master', { type: 'became-master', key: 'b' }, 0, [a, b, host], []],
  ['what is removed is forgotten', { type: 'configured', keys: ['b'] }, 0, [b, host], [[a, 'removed']]],
  ['a time that is not over', { type: 'deadline-reached' }, 4_999, [a, b, host], []],
  ['a time that is over', { type: 'deadline-reached' }, 5_000, [a, host], [[b, 'time-over']]],
]
for (const [what, event, now, left, ended] of cases)
  test(what, () => expect(after([a, b, host], event, now)).toEqual({ left, ended }))

test('who stands aside, and when', () => {
  expect(asideOf([a, b], ['a', 'b', 'c'])).toEqual([
    { key: 'a', kind: 'until-master' },
    { key: 'b', kind: 'while-backup' },
  ])
  expect(asideOf([a, host], ['a', 'c'])).toEqual([
    { key: 'a', kind: 'always' },
    { key: 'c', kind: 'always' },
  ])
})

test('maintenance comes before what binds one alone, and the first time to be over counts', () => {
  expect(orderFor([a, b], 'a')).toBe(a)
  expect(orderFor([a, b, host], 'a')).toBe(host)
  expect(orderFor([a, b], 'c')).toBeUndefined()
  expect(deadlineOf([a, host, b])).toBe(5_000)
  expect(deadlineOf([a])).toBeUndefined()
})
