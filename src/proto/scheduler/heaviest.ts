import type { Candidate } from './candidate.ts'
import { available } from './candidate.ts'

/** fo: the highest weight; ties keep the earlier one. */
export const failover = (list: readonly Candidate[]): number | undefined => heaviest(list, available)

/** ovf: the highest weight among those whose active connections do not exceed it; ties keep the earlier one. */
export const overflow = (list: readonly Candidate[]): number | undefined =>
  heaviest(list, (candidate) => available(candidate) && candidate.active <= candidate.weight)

function heaviest(list: readonly Candidate[], mayBe: (candidate: Candidate) => boolean): number | undefined {
  let chosen: number | undefined
  let most = 0
  for (const [i, candidate] of list.entries()) {
    if (!mayBe(candidate) || candidate.weight <= most) continue
    chosen = i
    most = candidate.weight
  }
  return chosen
}
