import { fail, ok, type Result } from '../../base/index.ts'
import type { SyncGroup, VirtualRouter } from '../../model/index.ts'

/**
 * The virtual routers of these names, which are their own or those of sync groups. A member of a sync group brings all of it:
 * they are master together or not at all. The failure tells what there is.
 */
export function routersNamed(
  routers: readonly VirtualRouter[],
  groups: readonly SyncGroup[],
  names: readonly string[] | 'all',
): Result<readonly VirtualRouter[], string> {
  if (names === 'all') return ok(routers)
  const known = [...routers.map(({ name }) => name), ...groups.map(({ name }) => name)]
  const missing = names.find((name) => !known.includes(name))
  if (missing !== undefined)
    return fail(known.length === 0 ? `there is no ${missing}` : `there is no ${missing}; there are ${known.join(', ')}`)
  const wanted = new Set(names)
  for (const { name, members } of groups)
    if (wanted.has(name) || members.some((member) => wanted.has(member)))
      for (const member of members) wanted.add(member)
  return ok(routers.filter(({ name }) => wanted.has(name)))
}
