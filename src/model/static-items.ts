import { interfacesOfRoute, interfacesOfRule, type Route, type Rule } from './routing.ts'
import type { VirtualAddress } from './virtual-router.ts'

type OfGroup = {
  /** Its members are in fault while an interface of this is down. */
  readonly trackGroup?: string
}

/** What is there for as long as the daemon runs: static_ipaddress, static_routes, static_rules. */
export type StaticItems = {
  readonly addresses: readonly (VirtualAddress & OfGroup)[]
  readonly routes: readonly (Route & OfGroup)[]
  readonly rules: readonly (Rule & OfGroup)[]
  /** Names of virtual routers of this configuration, by track_group. */
  readonly trackGroups: readonly { readonly name: string; readonly members: readonly string[] }[]
}

export const noStaticItems: StaticItems = { addresses: [], routes: [], rules: [], trackGroups: [] }

/** Whether there is anything to put into the kernel. */
export const hasStatics = ({ addresses, routes, rules } = noStaticItems): boolean =>
  addresses.length + routes.length + rules.length > 0

/** The interfaces that the virtual router of this name needs because a track_group has it. */
export function interfacesByTrackGroup(
  { addresses, routes, rules, trackGroups }: StaticItems,
  router: string,
): ReadonlySet<string> {
  const groups = new Set(trackGroups.flatMap(({ name, members }) => (members.includes(router) ? name : [])))
  const isOurs = ({ trackGroup }: OfGroup) => trackGroup !== undefined && groups.has(trackGroup)
  return new Set([
    ...addresses.filter(isOurs).map((one) => one.interface),
    ...routes.filter(isOurs).flatMap(interfacesOfRoute),
    ...rules.filter(isOurs).flatMap(interfacesOfRule),
  ])
}
