import { expect, test } from 'vitest'
import { instant } from '../../../src/base/index.ts'
import {
  bindingOrders,
  nextDeadline,
  ordersByServer,
  type ServerOrder,
  type ServerOrders,
  stepServerOrders,
  takenOut,
} from '../../../src/proto/server-orders/index.ts'

const VIP = 'tcp/192.0.2.1:80'
const place = { service: VIP, address: '10.0.0.1', realServer: '10.0.0.1:80', hostName: 'web1.example' }
const by = { by: 'alice', since: '2026-01-01T00:00:00.000Z', realServer: '10.0.0.1:80' }

const now = instant(10_000_000)
const soon = instant(10_000_001)
const drain: ServerOrder = { ...by, kind: 'drain' }
const disable: ServerOrder = { ...by, kind: 'disable' }
const weight: ServerOrder = { ...by, kind: 'weight', weight: 3 }
const leave: ServerOrder = { ...by, kind: 'leave', service: VIP }
const timed: ServerOrder = { ...disable, until: now }
const late: ServerOrder = { ...drain, deadline: now }
const undrained: ServerOrder = { ...disable, reason: 'not drained by its deadline' }
const notYet: ServerOrder = { ...drain, deadline: soon }

const bindings: readonly [claim: string, orders: ServerOrders, kind: string | undefined, weight: number | undefined][] =
  [
    ['none given binds nobody', [], undefined, undefined],
    ['one of an address binds every port of it', [{ ...drain, realServer: '10.0.0.1' }], 'drain', undefined],
    ['one of another virtual server does not', [{ ...drain, service: 'fwmark/4/7' }], undefined, undefined],
    ['one of another port does not', [{ ...drain, realServer: '10.0.0.1:81' }], undefined, undefined],
    [
      'in one virtual server binds before everywhere',
      [{ ...disable, service: VIP, realServer: '10.0.0.1' }, drain],
      'disable',
      undefined,
    ],
    ['one port binds before all', [disable, { ...drain, realServer: '10.0.0.1' }], 'disable', undefined],
    ['a weight stands beside a drain', [drain, weight], 'drain', 3],
    ['who leaves is drained', [leave], 'drain', undefined],
    ['or disabled, by whom that is ordered', [leave, disable], 'disable', undefined],
    ['a name binds the server that is listed by it', [{ ...drain, realServer: 'web1.example' }], 'drain', undefined],
    ['with a port that alone', [{ ...drain, realServer: 'web1.example:81' }], undefined, undefined],
    [
      'the port of a name binds before its address',
      [
        { ...disable, realServer: 'web1.example:80' },
        { ...drain, realServer: '10.0.0.1' },
      ],
      'disable',
      undefined,
    ],
    ['another name binds nobody', [{ ...drain, realServer: 'web2.example' }], undefined, undefined],
  ]
for (const [claim, orders, kind, bound] of bindings)
  test(`orders of real servers: ${claim}`, () => {
    const binding = bindingOrders(ordersByServer(orders), place)
    expect([takenOut(binding), binding.weight?.weight]).toEqual([kind, bound])
  })

const steps: readonly [
  claim: string,
  before: ServerOrders,
  event: Parameters<typeof stepServerOrders>[1],
  after: ServerOrders,
  ended: readonly string[],
][] = [
  ['a new one takes the place of the last about a server', [drain], { type: 'ordered', order: disable }, [disable], []],
  ['but not of its weight', [weight], { type: 'ordered', order: drain }, [weight, drain], []],
  [
    'a release ends drain and disable, in all virtual servers unless one is named',
    [drain, { ...disable, service: VIP }, weight],
    { type: 'released', about: { realServer: '10.0.0.1:80' }, aspect: 'service' },
    [weight],
    ['drain released', 'disable released'],
  ],
  [
    'in one virtual server it leaves the order of all',
    [drain, { ...disable, service: VIP }],
    { type: 'released', about: { realServer: '10.0.0.1:80', service: VIP }, aspect: 'service' },
    [drain],
    ['disable released'],
  ],
  [
    'a release of the weight ends that alone',
    [drain, weight],
    { type: 'released', about: { realServer: '10.0.0.1:80' }, aspect: 'weight' },
    [drain],
    ['weight released'],
  ],
  [
    'what the configuration has no more is forgotten',
    [drain, { ...drain, realServer: '10.0.0.9' }],
    { type: 'configured', servers: [place], listing: [] },
    [drain],
    ['drain removed'],
  ],
  [
    'but not what was ordered where servers are listed elsewhere: they may come again',
    [
      { ...drain, realServer: '10.0.0.9' },
      { ...disable, realServer: '10.0.0.9:80', service: VIP },
      { ...disable, realServer: '10.0.0.9:80', service: 'fwmark/4/7' },
      { ...leave, realServer: '10.0.0.9:80' },
    ],
    { type: 'configured', servers: [place], listing: [VIP] },
    [
      { ...drain, realServer: '10.0.0.9' },
      { ...disable, realServer: '10.0.0.9:80', service: VIP },
    ],
    ['disable removed', 'leave removed'],
  ],
  [
    'who leaves keeps what was ordered, and that does not end its leaving',
    [{ ...drain, service: VIP }, leave],
    { type: 'released', about: { realServer: '10.0.0.1:80', service: VIP }, aspect: 'leave' },
    [{ ...drain, service: VIP }],
    ['leave released'],
  ],
  ['its time is over', [timed, drain], { type: 'deadline-reached' }, [drain], ['disable time-over']],
  ['at its deadline what drains is disabled', [late], { type: 'deadline-reached' }, [undrained], ['drain deadline']],
  [
    'at its deadline what is drained stays so, without a deadline',
    [late, { ...late, service: VIP }],
    { type: 'deadline-reached', drained: new Set([late]) },
    [drain, { ...undrained, service: VIP }],
    ['drain drained', 'drain deadline'],
  ],
  ['before it nothing changes', [notYet], { type: 'deadline-reached' }, [notYet], []],
]
for (const [claim, before, event, after, ended] of steps)
  test(`orders of real servers: ${claim}`, () => {
    const step = stepServerOrders(before, event, now)
    expect(step.orders).toEqual(after)
    expect(step.ended.map(({ order, why }) => `${order.kind} ${why}`)).toEqual(ended)
  })

test('the next deadline is the earliest end of any', () => {
  expect(nextDeadline([drain, weight])).toBeUndefined()
  expect(
    nextDeadline([
      { ...late, until: soon },
      { ...disable, until: soon },
    ]),
  ).toBe(now)
})
