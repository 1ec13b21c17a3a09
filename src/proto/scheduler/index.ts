/**
 * A plain model of the schedulers, for tests of the programs that implement them and for explaining a choice. Each is a
 * function of the service's list (newest destination first) and of where it stands, and gives a position in the list;
 * undefined: nobody may be chosen. Follows net/netfilter/ipvs of Linux 6.12.
 */

export { available, type Candidate } from './candidate.ts'
export { leastConnection, overhead, weightedLeastConnection } from './least-connection.ts'
export {
  type RoundRobinPick,
  type RoundRobinState,
  roundRobin,
  roundRobinStart,
  type WeightedPick,
  type WeightedState,
  weightedRoundRobin,
  weightedStart,
  weights,
} from './round-robin.ts'
