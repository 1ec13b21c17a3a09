import type { Candidate } from './candidate.ts'
import { available } from './candidate.ts'

/** What a destination's connections weigh: an active one 257, another one 1 (Linux 6.12.117: active x 256 + total). */
export const overhead = ({ active, total }: Candidate): number => active * 256 + total

/** The same for sed and nq: as if the new connection were there already. */
const expectedDelay = ({ active }: Candidate): number => active + 1

/** lc: the least overhead; ties keep the earlier one. */
export function leastConnection(list: readonly Candidate[]): number | undefined {
  return best(list, (held, later) => overhead(later) < overhead(held))
}

/** wlc: the least overhead per weight, compared by cross multiplication; ties keep the earlier one. */
export function weightedLeastConnection(list: readonly Candidate[]): number | undefined {
  return best(list, lighter(overhead))
}

/** sed: the least active connections, the new one counted, per weight; ties keep the earlier one. */
export function shortestExpectedDelay(list: readonly Candidate[]): number | undefined {
  return best(list, lighter(expectedDelay))
}

/** nq: the first idle one; if there is none, sed. */
export function neverQueue(list: readonly Candidate[]): number | undefined {
  const idle = list.findIndex((candidate) => available(candidate) && candidate.active === 0)
  return idle >= 0 ? idle : shortestExpectedDelay(list)
}

/** Whether the later of two carries less per weight. */
const lighter = (load: (of: Candidate) => number) => (held: Candidate, later: Candidate) =>
  load(held) * later.weight > load(later) * held.weight

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
