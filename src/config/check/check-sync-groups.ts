import type { LoweredGroup, LoweredRouter } from '../lower/index.ts'
import type { Report, Span } from '../report.ts'

/**
 * Has each sync group a name of its own, and are its members virtual routers that are in no other group? Those that are not
 * are left out, and with its last member the group is.
 */
export function checkSyncGroups(
  groups: readonly LoweredGroup[],
  routers: readonly LoweredRouter[],
  report: Report,
): readonly LoweredGroup[] {
  const known = new Set(routers.map(({ value }) => value.name))
  const named = new Map<string, Span>()
  const taken = new Map<string, LoweredGroup>()
  return groups.flatMap((group) => {
    const { name } = group.value
    const first = named.get(name)
    if (first !== undefined) {
      report.error('object', group.name, `vrrp_sync_group ${name} is there twice; the second is left out`, {
        remedy: 'give it another name',
        related: [{ at: first, message: 'first used here' }],
      })
      return []
    }
    named.set(name, group.name)
    const members = group.value.members.filter((member, index) => {
      const at = group.members[index] ?? group.name
      const other = taken.get(member)
      if (!known.has(member)) {
        report.error('value', at, `there is no vrrp_instance ${member}; vrrp_sync_group ${name} goes without it`, {
          remedy: 'correct the name',
        })
        return false
      }
      if (other !== undefined) {
        report.error(
          'value',
          at,
          `${member} is in vrrp_sync_group ${other.value.name} already; ${name} goes without it`,
          {
            remedy: 'a virtual router can be in one group only',
            related: [{ at: other.name, message: `vrrp_sync_group ${other.value.name} is here` }],
          },
        )
        return false
      }
      taken.set(member, group)
      return true
    })
    if (members.length === 0) {
      report.error('object', group.name, `vrrp_sync_group ${name} has no members; it is left out`)
      return []
    }
    if (members.length === 1)
      report.warning('remark', group.name, `vrrp_sync_group ${name} has one member only, ${members[0]}`, {
        rule: 'sync-group-single',
      })
    const kept = members.flatMap((member) => group.members[group.value.members.indexOf(member)] ?? [])
    return [{ ...group, value: { ...group.value, members }, members: kept }]
  })
}
