import type { Track } from '../../model/index.ts'
import { blockAround, lineIn, type Rule } from './rule.ts'

const weighs = ({ weight }: Track): boolean => weight !== 0

/** What bites where routers move together, or stay although a better one is there. */
export const preemptionRules: readonly Rule[] = [
  {
    name: 'sync-group-weight',
    finds: 'weights of what a member of a vrrp_sync_group tracks, without sync_group_tracking_weight',
    why: 'Members must keep one priority to move together, so such weights do not count.',
    look({ lowered }, complain) {
      for (const group of lowered.syncGroups) {
        if (group.value.trackingWeight) continue
        for (const router of lowered.routers) {
          if (!group.value.members.includes(router.value.name)) continue
          const weighed = router.value.tracks.find(({ weight }) => weight !== 0)
          if (weighed !== undefined)
            complain(
              router.name,
              `the weight of ${weighed.kind} ${weighed.name} does not count: ${router.value.name} is in vrrp_sync_group ${group.value.name}`,
              { remedy: 'track it in the group, or add sync_group_tracking_weight to it' },
            )
        }
      }
    },
  },
  {
    name: 'sync-group-single',
    finds: 'a vrrp_sync_group of one member',
    why: 'It has nothing to move together with; perhaps a name is missing.',
  },
  {
    name: 'sync-group-preemption',
    finds: 'members of a vrrp_sync_group of which some preempt and some do not',
    why: 'One that preempts takes the others along, and one that does not holds nobody back: nopreempt has no effect.',
    look({ lowered, nodes }, complain) {
      for (const { value: group } of lowered.syncGroups) {
        const members = lowered.routers.filter(({ value }) => group.members.includes(value.name))
        const takes = members.find(({ value }) => value.preempt)
        const waits = members.find(({ value }) => !value.preempt)
        if (takes === undefined || waits === undefined) continue
        const block = blockAround(nodes, waits.name)
        complain(
          (block && lineIn(block, 'nopreempt'))?.at ?? waits.name,
          `${waits.value.name} does not preempt, and ${takes.value.name} of the same vrrp_sync_group ${group.name} does`,
          {
            remedy: 'write nopreempt in all members, or in none',
            related: [{ at: takes.name, message: 'this one preempts' }],
          },
        )
      }
    },
  },
  {
    name: 'nopreempt-with-weight',
    finds: 'nopreempt beside something tracked by weight',
    why: 'A backup that does not preempt leaves a master alone however weak it has become: a weight moves nothing, a fault does.',
    look({ lowered, nodes }, complain) {
      for (const { value, name } of lowered.routers) {
        const group = lowered.syncGroups.find(({ value: one }) => one.members.includes(value.name))?.value
        // Of a member the weights do not count anyway, unless the group says so.
        const counting =
          group === undefined ? value.tracks : group.trackingWeight ? [...value.tracks, ...group.tracks] : []
        const weighed = value.preempt ? undefined : counting.find(weighs)
        if (weighed === undefined) continue
        const block = blockAround(nodes, name)
        complain(
          (block && lineIn(block, 'nopreempt'))?.at ?? name,
          `${value.name} does not preempt, so the weight of ${weighed.kind} ${weighed.name} moves no address`,
          { remedy: 'remove nopreempt, or write weight 0 so that its failure is a fault' },
        )
      }
    },
  },
]
