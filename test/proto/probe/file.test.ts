import { expect, test } from 'vitest'
import { judgeFile } from '../../../src/proto/probe/index.ts'

const MOST = 2_147_483_647
const rows: readonly [
  claim: string,
  weight: number,
  reverse: boolean,
  value: number,
  reason: string,
  contribution: number | undefined,
][] = [
  ['weight 0: up while it holds 0', 0, false, 0, 'file-up', 0],
  ['weight 0: down while it holds another number', 0, false, -1, 'file-down', 0],
  ['weight 0 reverse: down while it holds 0', 0, true, 0, 'file-down', 0],
  ['weight 0 reverse: up while it holds another number', 0, true, 7, 'file-up', 0],
  ['a weight times the number is added', 10, false, 3, 'file-up', 30],
  ['or taken away', 10, false, -3, 'file-up', -30],
  ['reverse turns the sign', 10, true, 3, 'file-up', -30],
  ['0 adds nothing, with either sign', -1, true, 0, 'file-up', 0],
  ['as much as there is may be taken away', 1, false, -MOST, 'file-up', -MOST],
  ['more than that takes the server out', 1, false, -MOST - 1, 'file-down', undefined],
  ['also where the numbers are small', MOST, true, 2, 'file-down', undefined],
  ['more than can be added is as much as can be', MOST, false, MOST, 'file-up', MOST],
]
for (const [claim, weight, reverse, value, reason, contribution] of rows)
  test(`FILE_CHECK: ${claim}`, () => {
    const { up, outcome } = judgeFile({ file: 'f', weight, reverse }, value)
    expect([up, outcome.reason, outcome.contribution]).toEqual([reason === 'file-up', reason, contribution])
    expect(Object.is(outcome.contribution, -0)).toBe(false)
  })

test('FILE_CHECK says what the file holds and what that comes to', () => {
  const said = (weight: number, value: number) => judgeFile({ file: 'f', weight, reverse: false }, value).outcome.detail
  expect(said(0, 1)).toBe('file f holds 1')
  expect(said(5, 2)).toBe('file f holds 2: weight +10')
  expect(said(-5, 2)).toBe('file f holds 2: weight −10')
})
