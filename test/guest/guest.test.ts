/**
 * Every test of test/kernel, run inside the stock kernel (scripts/kernel-vm) and told here one by one, so that they count
 * as any other. HOLDFAST_KERNEL_TESTS names some of the files, HOLDFAST_GUEST_SECONDS the time they may take together.
 */
import { describe, expect, test } from 'vitest'
import { runGuest } from './run-guest.ts'

const filters = (process.env['HOLDFAST_KERNEL_TESTS'] ?? '').split(' ').filter((word) => word !== '')
const seconds = Number(process.env['HOLDFAST_GUEST_SECONDS'] ?? 3_300)

const { results, broken } = await runGuest(filters, seconds)

test('the guest runs all its tests to the end', () => {
  expect(broken).toBeUndefined()
  expect(results.length).toBeGreaterThan(0)
})

for (const file of new Set(results.map((result) => result.file)))
  describe(file, () => {
    for (const { name, state, errors, note, again, said } of results.filter((result) => result.file === file))
      test(name, async (context) => {
        for (const line of said) await context.annotate(line)
        if (again) await context.annotate(errors.join('\n') || 'no error told', 'again')
        if (state === 'skipped') context.skip(note)
        if (state === 'failed') throw new Error(`in the guest: ${errors.join('\n') || 'failed without an error'}`)
      })
  })
