import { after, type Instant, type Micros } from '../../base/index.ts'
import type { TrackProcess } from '../../model/index.ts'

/** What the number of processes counts for. */
export type ProcessQuorum = {
  readonly count: number
  /** What is told. */
  readonly holds: boolean
  /** The number says otherwise; at this moment that counts. */
  readonly changesAt?: Instant
}

/** Few are too few, and many too many. */
export const quorumHolds = ({ quorum, most }: TrackProcess, count: number): boolean =>
  count >= quorum && (most === undefined || count <= most)

/** The first count holds at once. */
export const initialQuorum = (track: TrackProcess, count: number): ProcessQuorum => ({
  count,
  holds: quorumHolds(track, count),
})

/**
 * There are so many, or it is time to look again. What is gained or lost counts after its delay, unless it comes back
 * meanwhile: a program that forks before it executes, or that is started anew, makes no difference.
 */
export function stepQuorum(track: TrackProcess, before: ProcessQuorum, count: number, now: Instant): ProcessQuorum {
  const holds = quorumHolds(track, count)
  if (holds === before.holds) return { count, holds }
  const delay: Micros = holds ? track.forkDelay : track.terminateDelay
  const changesAt = before.changesAt ?? after(now, delay)
  return now >= changesAt ? { count, holds } : { count, holds: before.holds, changesAt }
}
