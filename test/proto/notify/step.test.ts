import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instant, seconds } from '../../../src/base/index.ts'
import {
  initialNotify,
  type NotifyAction,
  type NotifyEvent,
  notifyDeadline,
  stepNotify,
} from '../../../src/proto/notify/index.ts'

const at = (second: number) => instant(seconds(second))
const ordered = (order: number, ...serviceKeys: string[]): NotifyEvent => ({
  type: 'services-ordered',
  order,
  complete: false,
  serviceKeys,
})
const all = (order: number): NotifyEvent => ({ type: 'services-ordered', order, complete: true, serviceKeys: [] })
const applied = (order: number, ...unfinished: string[]): NotifyEvent => ({
  type: 'services-applied',
  order,
  unfinished,
})
const changed = (serviceKey: string, script: string): NotifyEvent => ({
  type: 'service-changed',
  serviceKey,
  notifications: [{ type: 'script', about: serviceKey, command: { argv: [script] } }],
})
const deadline: NotifyEvent = { type: 'deadline-reached' }
const stop: NotifyEvent = { type: 'stop-requested' }

const said = (actions: readonly NotifyAction[]) =>
  actions.flatMap((action) =>
    action.type === 'run-notifications'
      ? action.notifications.map((one) => (one.type === 'script' ? one.command.argv[0] : undefined))
      : [`overdue ${action.serviceKey}`],
  )

/** One event a second; what each of them led to. */
function play(...events: NotifyEvent[]): (string | undefined)[] {
  let state = initialNotify
  return events.flatMap((event, second) => {
    const step = stepNotify(state, event, at(second))
    state = step.state
    return said(step.actions).map((text) => `${second} ${text}`)
  })
}

const rows: readonly [rule: string, events: NotifyEvent[], actions: string[]][] = [
  ['without anything ordered a change is announced at once', [changed('a', 'down')], ['0 down']],
  ['it waits for what was ordered of its service', [ordered(1, 'a'), changed('a', 'down'), applied(1)], ['2 down']],
  ['not for what was ordered of others', [all(1), applied(1), ordered(2, 'b'), changed('a', 'x')], ['3 x']],
  [
    'a complete order concerns every service',
    [ordered(1, 'a'), all(2), changed('a', 'x'), applied(1), applied(2)],
    ['4 x'],
  ],
  [
    'an answer to an order before is none',
    [ordered(1, 'a'), ordered(2, 'a'), changed('a', 'down'), applied(1), applied(2)],
    ['4 down'],
  ],
  [
    'a service that its keeper could not bring about is waited for until it has',
    [ordered(1, 'a', 'b'), changed('a', 'x'), changed('b', 'y'), applied(1, 'a'), applied(1)],
    ['3 y', '4 x'],
  ],
  [
    'after five seconds it is announced anyway, with a word about it',
    [ordered(1, 'a'), changed('a', 'x'), deadline, deadline, deadline, deadline, deadline],
    ['6 overdue a', '6 x'],
  ],
  [
    'changes of one service keep their order',
    [ordered(1, 'a'), changed('a', 'x'), ordered(2, 'a'), changed('a', 'y'), applied(2)],
    ['4 x', '4 y'],
  ],
  ['a stop lets everything go', [ordered(1, 'a'), changed('a', 'x'), changed('a', 'y'), stop], ['3 x', '3 y']],
]
for (const [rule, events, actions] of rows) test(rule, () => expect(play(...events)).toEqual(actions))

test('a change that no script is for waits for nothing', () => {
  const { state } = stepNotify(initialNotify, ordered(1, 'a'), at(0))
  const none: NotifyEvent = { type: 'service-changed', serviceKey: 'a', notifications: [] }
  expect(notifyDeadline(stepNotify(state, none, at(0)).state)).toBeUndefined()
  expect(notifyDeadline(stepNotify(state, changed('a', 'x'), at(1)).state)).toBe(at(6))
})

test('whatever happens, each change is announced once, within five seconds, and those of a service in order', () => {
  const key = fc.constantFrom('a', 'b', 'c')
  type Doing = { readonly does: 'order' | 'all' | 'answer' | 'fail' | 'change'; readonly key: string }
  const doing = fc.record({
    does: fc.constantFrom<Doing['does']>('order', 'all', 'answer', 'fail', 'change'),
    key,
  })
  fc.assert(
    fc.property(fc.array(doing), (doings) => {
      let state = initialNotify
      let order = 0
      const made: string[] = []
      const heard: string[] = []
      const take = (event: NotifyEvent, second: number) => {
        const step = stepNotify(state, event, at(second))
        state = step.state
        heard.push(...said(step.actions).filter((text): text is string => text?.startsWith('overdue') === false))
        for (const held of state.held) expect(held.until).toBeGreaterThan(at(second))
      }
      for (const [second, { does, key: of }] of doings.entries()) {
        take(deadline, second)
        if (does === 'order') take(ordered(++order, of), second)
        else if (does === 'all') take(all(++order), second)
        else if (does === 'answer') take(applied(order), second)
        else if (does === 'fail') take(applied(order, of), second)
        else {
          made.push(`${of}${second}`)
          take(changed(of, `${of}${second}`), second)
        }
      }
      take(deadline, doings.length + 5)
      expect([...heard].sort()).toEqual([...made].sort())
      for (const service of ['a', 'b', 'c'])
        expect(heard.filter((one) => one.startsWith(service))).toEqual(made.filter((one) => one.startsWith(service)))
    }),
  )
})
