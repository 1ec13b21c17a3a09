import { type SyncGroup, type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import type { GroupState } from '../../proto/sync-group/index.ts'
import type { RunningRouter } from './running-router.ts'

/** A sync group with what was last told of it. */
export type RunningGroup = {
  readonly group: SyncGroup
  /** Keys of its virtual routers. */
  readonly members: readonly string[]
  told: GroupState
}

/** The groups by the key of each of their members; one that was there before goes on with what was told of it. */
export function runningGroups(
  groups: readonly SyncGroup[],
  routers: readonly VirtualRouter[],
  before: ReadonlyMap<string, RunningGroup>,
): ReadonlyMap<string, RunningGroup> {
  const keys = new Map(routers.map((router) => [router.name, virtualRouterKey(router)]))
  const told = new Map([...before.values()].map((one) => [one.group.name, one.told]))
  return new Map(
    groups.flatMap((group) => {
      const members = group.members.flatMap((name) => keys.get(name) ?? [])
      const one: RunningGroup = { group, members, told: told.get(group.name) ?? 'initialize' }
      return members.map((key) => [key, one] as const)
    }),
  )
}

/** The virtual routers of a group that run, but for one. */
export const othersOf = (
  running: ReadonlyMap<string, RunningRouter>,
  { members }: RunningGroup,
  key: string,
): readonly RunningRouter[] => members.flatMap((member) => (member === key ? [] : (running.get(member) ?? [])))
