import { beforeEach, expect, test } from 'vitest'
import { after, type Instant, instant, openRareLines, type RareLines, seconds } from '../../src/base/index.ts'

let lines: RareLines
let state = 0
let written: string[]
let now: Instant

beforeEach(() => {
  lines = openRareLines()
  written = []
  now = instant(5_000_000)
})

const change = (cause = 'a'): void => {
  state += 1
  lines.say(cause, now, ({ leftOut = 0 }) => written.push(`${cause} is ${state}, ${leftOut} left out`))
}
const take = (): string[] => written.splice(0)
const pass = (length: number): void => {
  now = after(now, seconds(length))
  lines.run(now)
}

test('there and back is told at once, each time after ten quiet seconds', () => {
  for (let round = 0; round < 3; round++) {
    state = 0
    change()
    change()
    expect(take()).toEqual(['a is 1, 0 left out', 'a is 2, 0 left out'])
    expect(lines.deadline()).toBeUndefined()
    now = after(now, seconds(10))
  }
})

test('what goes on is told every ten seconds: how it is by then, and how many lines were left out', () => {
  state = 0
  for (let time = 0; time < 702; time++) change()
  expect(take()).toHaveLength(2)
  expect(lines.deadline()).toBe(after(now, seconds(10)))
  pass(9.9)
  expect(take()).toEqual([])
  pass(0.1)
  expect(take()).toEqual(['a is 702, 699 left out'])
  change()
  expect(take()).toEqual([])
  pass(10)
  expect(take()).toEqual(['a is 703, 0 left out'])
  pass(10)
  change()
  expect(take()).toEqual(['a is 704, 0 left out'])
})

test('one cause does not silence another, and a line that is late is not lost', () => {
  state = 0
  for (let time = 0; time < 4; time++) change('a')
  change('b')
  expect(take()).toHaveLength(3)
  lines.flush()
  expect(take()).toEqual(['a is 5, 1 left out'])
  expect(lines.deadline()).toBeUndefined()
  // Nobody ran it in time: what is left out is told at the next run, not forgotten by what is said.
  for (let time = 0; time < 3; time++) change('a')
  now = after(now, seconds(30))
  change('a')
  expect(take()).toHaveLength(2)
  lines.run(now)
  expect(take()).toEqual(['a is 9, 1 left out'])
})
