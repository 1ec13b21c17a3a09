/**
 * What a packet costs, in instructions, which are the same on every machine: counted in a guest of its own whose clock they
 * are. `make bench-insn ARGS=--record` records what a change is allowed to cost.
 */
import { beforeAll, expect, test } from 'vitest'
import { countAgainst, type Instructions, most, readRecorded } from '../../bench/instructions.ts'

const recorded = readRecorded()
const wanted = (process.env['HOLDFAST_KERNEL_TESTS'] ?? '').split(' ').filter((word) => word !== '')
const others = wanted.length > 0 && !wanted.includes('instructions')
let counted: Instructions = {}

beforeAll(async () => {
  if (!others) counted = await countAgainst(recorded)
}, 600_000)

for (const [name, figure] of Object.entries(recorded))
  test(`instructions, ${name}: at most 3 % above ${figure}`, (context) => {
    if (others) context.skip('HOLDFAST_KERNEL_TESTS names others; this one is `instructions`')
    expect(counted[name]).toBeLessThanOrEqual(most(figure))
  })

test('every case is recorded', (context) => {
  if (others) context.skip('HOLDFAST_KERNEL_TESTS names others; this one is `instructions`')
  expect(Object.keys(counted)).toEqual(Object.keys(recorded))
})
