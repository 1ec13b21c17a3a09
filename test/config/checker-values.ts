import fc from 'fast-check'
import type { Checker, CheckTarget, CheckTiming } from '../../src/model/index.ts'

/** Checkers of other protocols than HTTP, with the timing and the target of one that there is. */
export const serviceCheckers = (
  probes: fc.Arbitrary<{ readonly timing: CheckTiming; readonly target: CheckTarget }>,
  word: fc.Arbitrary<string>,
): fc.Arbitrary<Checker> =>
  fc
    .record({
      probe: probes,
      kind: fc.constantFrom('smtp' as const),
      word,
    })
    .map(({ probe: { timing, target }, kind, word: name }): Checker => ({ kind, timing, target, heloName: name }))
