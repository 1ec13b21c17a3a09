import { expect, test } from 'vitest'
import { after, instant, micros, seconds } from '../../../src/base/index.ts'
import {
  type ArpingEvent,
  type ArpingSettings,
  arpingDeadline,
  startArping,
  stepArping,
} from '../../../src/proto/arping/index.ts'

const plain: ArpingSettings = { mode: 'ask', keepBroadcasting: false, quitOnFirst: false, interval: seconds(1) }
const mac = Uint8Array.of(2, 0, 0, 0, 0, 9)
const answer: ArpingEvent = { type: 'claim-received', mac, broadcast: false, request: false }
const began = instant(7_000_000)

/** What is done, in order and with its second, when answers come half a millisecond after the packets named. */
function life(settings: ArpingSettings, answered: readonly number[], most = 20): string[] {
  let state = startArping(began)
  const done: string[] = []
  for (let turn = 0; turn < most; turn++) {
    const now = arpingDeadline(settings, state)
    const take = (event: ArpingEvent, at = now) => {
      const step = stepArping(settings, state, event, at)
      state = step.state
      for (const action of step.actions) {
        const words = {
          send: () => `send to ${'to' in action ? 'one' : 'all'}`,
          'tell-claim': () => 'tell',
          end: () => `end ${'exitCode' in action && action.exitCode}`,
        }[action.type]()
        done.push(`${(at - began) / 1e6}: ${words}`)
      }
      return step.actions.some(({ type }) => type === 'end')
    }
    if (take({ type: 'deadline-reached' })) return done
    if (answered.includes(state.sent) && take(answer, after(now, micros(500)))) return done
  }
  return done
}

const rows: readonly [claim: string, settings: ArpingSettings, answered: readonly number[], done: readonly string[]][] =
  [
    [
      'who has answered is asked alone, and the last answer is waited for',
      { ...plain, count: 2 },
      [1, 2],
      ['0: send to all', '0.0005: tell', '1: send to one', '1.0005: tell', '2: end 0'],
    ],
    [
      'everybody is asked again when told so',
      { ...plain, count: 2, keepBroadcasting: true },
      [1],
      ['0: send to all', '0.0005: tell', '1: send to all', '2: end 1'],
    ],
    [
      'the first answer is enough when told so',
      { ...plain, count: 3, quitOnFirst: true },
      [1],
      ['0: send to all', '0.0005: tell', '0.0005: end 0'],
    ],
    [
      'a packet that falls together with the deadline is sent, its answer not waited for',
      { ...plain, deadline: seconds(1) },
      [1],
      ['0: send to all', '0.0005: tell', '1: send to one', '1: end 0'],
    ],
    [
      'a deadline between two packets ends it there',
      { ...plain, interval: seconds(2), deadline: seconds(3) },
      [],
      ['0: send to all', '2: send to all', '3: end 1'],
    ],
    [
      'detection ends with the first claim',
      { ...plain, mode: 'detect', count: 2 },
      [1],
      ['0: send to all', '0.0005: tell', '0.0005: end 1'],
    ],
    ['detection of nobody is good news', { ...plain, mode: 'detect', count: 1 }, [], ['0: send to all', '1: end 0']],
    [
      'updates go to all, and end well',
      { ...plain, mode: 'update', count: 2 },
      [],
      ['0: send to all', '1: send to all', '2: end 0'],
    ],
  ]
for (const [claim, settings, answered, done] of rows)
  test(claim, () => {
    expect(life(settings, answered)).toEqual(done)
  })

test('without a count it goes on until it is interrupted', () => {
  expect(life(plain, [1], 5)).toHaveLength(6)
  expect(stepArping(plain, startArping(began), { type: 'interrupted' }, began).actions).toEqual([
    { type: 'end', exitCode: 1 },
  ])
})
