import type { Candidate } from './candidate.ts'
import { available } from './candidate.ts'
import { overhead } from './least-connection.ts'

/** The largest number that may be drawn for twos: the sum of the available weights. */
export const drawLimit = (list: readonly Candidate[]): number =>
  list.filter(available).reduce((sum, { weight }) => sum + weight, 0)

/**
 * twos: of two destinations drawn by weight the one with less overhead per weight, the first in a tie.
 * @param draws  each uniform in 0 to `drawLimit(list)`, both ends included (so the first one has a little more)
 */
export function twoChoices(list: readonly Candidate[], draws: readonly [number, number]): number | undefined {
  const first = drawn(list, draws[0])
  const second = drawn(list, draws[1])
  const [a, b] = [first, second].map((position) => (position === undefined ? undefined : list[position]))
  if (a === undefined || b === undefined) return first
  return b.weight * overhead(a) > a.weight * overhead(b) ? second : first
}

function drawn(list: readonly Candidate[], draw: number): number | undefined {
  let left = draw
  for (const [i, candidate] of list.entries()) {
    if (!available(candidate)) continue
    left -= candidate.weight
    if (left <= 0) return i
  }
  return undefined
}
