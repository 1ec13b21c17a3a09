import { type SyncGroup, type Track, trackKey, type VirtualRouter } from '../../model/index.ts'
import { OWNER } from '../vrrp/index.ts'

/**
 * What counts for a virtual router (keepalived.conf(5), "sync groups"):
 * - An owner's priority has no weights: what has one is not tracked.
 * - In a sync group without sync_group_tracking_weight members have none either: an interface becomes a fault instead, and
 *   so does a file of weight 1, which is the default; scripts and other files are not tracked.
 * - What the group tracks counts for every member, at the group's weight if both say one; beside an owner as a fault.
 * @param besideOwner one of the group's members is an owner
 */
export function effectiveTracks(
  router: Pick<VirtualRouter, 'priority' | 'tracks'>,
  group: Pick<SyncGroup, 'tracks' | 'trackingWeight'> | undefined,
  besideOwner: boolean,
): readonly Track[] {
  const isOwner = router.priority === OWNER
  const own = router.tracks.flatMap((track): readonly Track[] => {
    if (track.weight === 0 || (!isOwner && (group === undefined || group.trackingWeight))) return [track]
    if (isOwner) return []
    const becomesFault = track.kind === 'interface' || (track.kind === 'file' && track.weight === 1)
    return becomesFault ? [{ ...track, weight: 0 }] : []
  })
  if (group === undefined) return own
  const merged = new Map(own.map((track) => [trackKey(track), track]))
  for (const track of group.tracks) {
    const before = merged.get(trackKey(track))
    const weight = besideOwner || before?.weight === 0 ? 0 : track.weight
    merged.set(trackKey(track), { ...track, weight })
  }
  return [...merged.values()]
}
