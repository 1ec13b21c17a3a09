/** Which letter is sent next, of those that wait. */
import { expect, test } from 'vitest'
import { after, type Instant, instant, seconds } from '../../../src/base/index.ts'
import { createLetterQueue, type QueuedLetter } from '../../../src/roles/supervisor/letter-queue.ts'

const start = instant(1_000_000)
const later = (wait: number): Instant => after(start, seconds(wait))
const letter = (subject: string) => ({ from: 'a@b', to: ['c@d'], subject, body: '', at: 0 })

/** `VI_1:MASTER` is a letter about VI_1. */
function queueWith(...names: readonly string[]) {
  const queue = createLetterQueue()
  for (const name of names) queue.add(letter(name), name.split(':')[0] ?? '')
  const begin = (at = start): QueuedLetter => {
    const one = queue.begin(at)
    if (one === undefined) throw new Error('no letter is next')
    return one
  }
  const subject = (at = start) => queue.begin(at)?.letter.subject
  return { queue, begin, subject }
}

test('letters about different objects are under way at once, in the order they came in', () => {
  const { queue, subject } = queueWith('a:1', 'b:1', 'c:1')
  expect([subject(), subject(), subject(), subject()]).toEqual(['a:1', 'b:1', 'c:1', undefined])
  expect(queue.size()).toBe(3)
})

test('a letter keeps behind an earlier one about its object, under way or not taken yet', () => {
  const { queue, begin, subject } = queueWith('a:1', 'a:2', 'b:1')
  const first = begin()
  expect([subject(), subject()]).toEqual(['b:1', undefined])
  queue.putBack(first, first.letter, start)
  expect(subject(later(4.9))).toBeUndefined()
  const again = begin(later(5))
  expect(again.letter.subject).toBe('a:1')
  queue.end(again)
  expect(subject(later(5))).toBe('a:2')
})

test('one that failed does not keep those about other objects waiting, and goes behind them', () => {
  const { queue, begin, subject } = queueWith('a:1', 'b:1')
  const first = begin()
  queue.putBack(first, first.letter, start)
  expect(queue.nextDue(start)).toBe(later(5))
  expect([subject(later(60)), subject(later(60))]).toEqual(['b:1', 'a:1'])
})

test('it is tried again with longer and longer pauses, and then no more', () => {
  const { queue, begin, subject } = queueWith('a:1')
  let now = start
  const pauses: number[] = []
  for (let one = begin(); queue.putBack(one, one.letter, now); one = begin(now)) {
    const due = queue.nextDue(now) ?? now
    pauses.push((due - now) / 1_000_000)
    expect(subject(instant(due - 1))).toBeUndefined()
    now = due
  }
  expect(pauses).toEqual([5, 30, 120, 600, 600, 600, 600])
  expect(queue.size()).toBe(0)
})

test('renewed letters are as new: none waits for its time, and each is tried as often as any', () => {
  const { queue, begin, subject } = queueWith('a:1', 'b:1')
  const [a, b] = [begin(), begin()]
  queue.putBack(a, a.letter, start)
  expect(subject()).toBeUndefined()
  queue.renewAll()
  queue.renew(b, { ...b.letter, receivers: ['c@d'] })
  expect([begin(), begin()].map(({ letter, attempts, dueAt }) => [letter.subject, attempts, dueAt])).toEqual([
    ['a:1', 0, undefined],
    ['b:1', 0, undefined],
  ])
  expect([queue.all()[1]?.letter.receivers, queue.size()]).toEqual([['c@d'], 2])
})

test('what is dropped is not under way, and those behind it go on', () => {
  const { queue, begin, subject } = queueWith('a:1', 'a:2', 'b:1')
  const first = begin()
  expect(queue.dropOldest()?.letter.subject).toBe('a:2')
  queue.end(first)
  expect(subject()).toBe('b:1')
  expect(queue.all().map((one) => one.letter.subject)).toEqual(['b:1'])
  expect(queue.dropOldest()).toBeUndefined()
})

test('what is left after dropping all is what is under way', () => {
  const { queue, begin } = queueWith('a:1', 'a:2', 'b:1')
  const first = begin()
  expect(queue.dropAll().map((one) => one.letter.subject)).toEqual(['a:2', 'b:1'])
  expect(queue.all()).toEqual([first])
})
