import type { Candidate } from './candidate.ts'
import { available } from './candidate.ts'

/** What a destination's connections weigh: an active one 257, another one 1 (Linux 6.12.117: active x 256 + total). */
export const overhead = ({ active, total }: Candidate): number => active * 256 + total

/** lc: the least overhead; ties keep the earlier one. */
export function leastConnection(list: readonly Candidate[]): number | undefined {
  return best(list, (a, b) => overhead(b) < overhead(a))
}

/** wlc: the least overhead per weight, compared by cross multiplication; ties keep the earlier one. */
export function weightedLeastConnection(list: readonly Candidate[]): number | undefined {
  return best(list, (a, b) => overhead(a) * b.weight > overhead(b) * a.weight)
}

/** The position of the available one that no later one beats. */
function best(
  list: readonly Candidate[],
  isBetter: (held: Candidate, later: Candidate) => boolean,
): number | undefined {
  let chosen: number | undefined
  for (const [i, candidate] of list.entries()) {
    if (!available(candidate)) continue
    const held = chosen === undefined ? undefined : list[chosen]
    if (held === undefined || isBetter(held, candidate)) chosen = i
  }
  return chosen
}
