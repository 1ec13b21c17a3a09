/**
 * What the processes of the host come to for those who track them (keepalived.conf(5), vrrp_track_process): which process one
 * means, how many there are as they come and go, and when their number counts. Pure; who reads /proc and hears the kernel
 * tells it.
 */

export {
  type Census,
  countOf,
  emptyCensus,
  type FoundProcess,
  isMeant,
  needsArguments,
  stepCensus,
  takeCensus,
} from './census.ts'
export { initialQuorum, type ProcessQuorum, quorumHolds, stepQuorum } from './quorum.ts'
