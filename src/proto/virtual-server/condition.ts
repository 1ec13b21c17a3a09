import type { RealServer } from '../../model/index.ts'

/** What is known of a real server beyond its configuration, as far as the table and the quorum go. */
export type Condition = {
  readonly alive: boolean
  /** With what checkers and an operator make of it. */
  readonly weight: number
  /** An operator wants no new connections to it, or none at all. */
  readonly order?: 'drain' | 'disable'
  /** Found down, it is kept in service: too few others live (panic_threshold). */
  readonly kept?: true
  /** What of its weight it has so far (slow_start); absent: all. */
  readonly rampedWeight?: number
}

/** Weights that IPVS and keepalived know. */
const MOST_WEIGHT = 2_147_483_647

/**
 * The weight by configuration or an operator's word, with what checkers add (keepalived.conf(5) MISC_CHECK, FILE_CHECK).
 * @param ordered  what an operator has put in the place of the configured weight
 */
export function weightOf(
  { weight }: Pick<RealServer, 'weight'>,
  contributions: readonly number[],
  ordered: number | undefined,
): number {
  // Whoever sets a weight by hand wants that one.
  if (ordered !== undefined) return ordered
  const sum = contributions.reduce((total, one) => total + one, weight)
  return Math.min(MOST_WEIGHT, Math.max(0, sum))
}

/** New connections may go to it. */
export const serves = ({ alive, order, kept }: Condition): boolean => (alive || kept === true) && order === undefined

/** What of its weight counts towards the quorum: all while it serves, a slow start disregarded. */
export const quorumWeight = (condition: Condition): number => (serves(condition) ? condition.weight : 0)
