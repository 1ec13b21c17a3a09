/**
 * A plain model of the schedulers, for tests of the programs that implement them and for explaining a choice, and the
 * tables of sh, dh and mh, which the embedded core puts into its maps as they are. Each scheduler is a function of the
 * service's list (newest destination first) and of where it stands, and gives a position in the list; undefined: nobody
 * may be chosen. Follows net/netfilter/ipvs of Linux 6.12 on 64-bit machines.
 */

export {
  type Buckets,
  destinationHash,
  destinationHashTable,
  HASH_BUCKETS,
  type Hashed,
  sourceHash,
  sourceHashTable,
} from './address-hash.ts'
export { available, type Candidate } from './candidate.ts'
export { foldAddress, type HashKey, halfSipHash, hash32 } from './hash.ts'
export { failover, overflow } from './heaviest.ts'
export {
  leastConnection,
  neverQueue,
  overhead,
  shortestExpectedDelay,
  weightedLeastConnection,
} from './least-connection.ts'
export {
  type LocalityPick,
  locality,
  localityWithReplication,
  type Named,
  outdone,
  type ReplicaPick,
  type ReplicaSet,
} from './locality.ts'
export {
  MAGLEV_SLOTS,
  type MaglevMember,
  maglev,
  maglevTable,
  type Permutation,
  permutation,
  turns,
} from './maglev.ts'
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
export { drawLimit, twoChoices } from './two-choices.ts'
