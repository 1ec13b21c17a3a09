/**
 * Nodes to model values, one file an object kind: reads each argument by the rule of keepalived.conf(5) for its keyword,
 * fills in what is inherited and defaulted, and says what it drops. Takes nodes that the keyword check has let through;
 * asks nothing of the host.
 */

import type { ConfigPorts } from '../ports.ts'
import type { Node } from '../syntax/index.ts'
import type { Lowering } from './arguments.ts'
import type { LoweredSession } from './bfd-session.ts'
import { type LoweredConnectionSync, lowerConnectionSync } from './connection-sync.ts'
import { type Globals, lowerGlobals } from './global-defs.ts'
import { iprouteNames } from './iproute-names.ts'
import { localAddressGroups } from './local-address-group.ts'
import { preferences } from './rule-line.ts'
import { type LoweredStatics, lowerStatics } from './static-items.ts'
import { type LoweredGroup, lowerSyncGroup } from './sync-group.ts'
import type { LoweredProcess } from './track-process.ts'
import { type LoweredFile, type LoweredScript, lowerTrackables } from './tracker.ts'
import { type LoweredRouter, lowerVirtualRouter } from './virtual-router.ts'
import { type LoweredServer, lowerVirtualServer } from './virtual-server.ts'
import { serverGroups } from './virtual-server-group.ts'

export type { Lowering } from './arguments.ts'
export type { LoweredSession } from './bfd-session.ts'
export type { Globals } from './global-defs.ts'
export { checkMembers, type LoweredStatics } from './static-items.ts'
export type { LoweredGroup } from './sync-group.ts'
export type { LoweredProcess } from './track-process.ts'
export type { LoweredFile, LoweredScript } from './tracker.ts'
export type { LoweredRouter } from './virtual-router.ts'
export { type LoweredServer, serverTitle } from './virtual-server.ts'

export type Lowered = {
  readonly globals: Globals
  readonly routers: readonly LoweredRouter[]
  readonly syncGroups: readonly LoweredGroup[]
  readonly statics: LoweredStatics
  readonly trackScripts: readonly LoweredScript[]
  readonly trackFiles: readonly LoweredFile[]
  readonly trackProcesses: readonly LoweredProcess[]
  readonly bfdSessions: readonly LoweredSession[]
  readonly servers: readonly LoweredServer[]
  readonly connectionSync?: LoweredConnectionSync
}

/** All top-level nodes to what they mean, in the order written. `hostName` is the default router_id. */
export function lower(
  from: Omit<Lowering, 'names'> & Pick<ConfigPorts, 'list'>,
  nodes: readonly Node[],
  hostName: string,
): Lowered {
  const globals = lowerGlobals({ ...from, names: iprouteNames(from) }, nodes, hostName)
  const to: Lowering = { ...from, names: iprouteNames(from, globals.iprouteDirectories) }
  const free = preferences()
  const of = (keyword: string) => nodes.filter((node) => node.keyword.text === keyword)
  const localGroups = localAddressGroups(to, of('local_address_group'))
  const groups = serverGroups(to, of('virtual_server_group'))
  const trackables = lowerTrackables(to, nodes)
  const statics = lowerStatics(to, nodes, free, globals.defaultInterface)
  const syncGroups = of('vrrp_sync_group').flatMap((node) => lowerSyncGroup(to, node, trackables, globals) ?? [])
  const routers = of('vrrp_instance').flatMap((node) => lowerVirtualRouter(to, node, globals, trackables, free) ?? [])
  const connectionSync = lowerConnectionSync(
    to,
    nodes,
    routers.map(({ value }) => value),
  )
  return {
    globals,
    ...(connectionSync === undefined ? {} : { connectionSync }),
    statics,
    routers: withPriorityChanges(routers, syncGroups, globals),
    syncGroups,
    trackScripts: [...trackables.scripts.values()],
    trackFiles: [...trackables.files.values()],
    trackProcesses: [...trackables.processes.values()],
    bfdSessions: [...trackables.sessions.values()],
    servers: of('virtual_server').flatMap(
      (node) =>
        lowerVirtualServer(to, node, {
          globals,
          localGroups,
          serverGroups: groups,
          sessions: trackables.sessions,
          files: trackables.files,
        }) ?? [],
    ),
  }
}

/** notify_priority_changes: a virtual router's own, its sync group's, the one for all. */
const withPriorityChanges = (
  routers: readonly LoweredRouter[],
  groups: readonly LoweredGroup[],
  { priorityChanges }: Globals,
): readonly LoweredRouter[] =>
  routers.map((router) => {
    const group = groups.find(({ value }) => value.members.includes(router.value.name))
    const tells = router.tellsPriority ?? group?.tellsPriority ?? priorityChanges
    return tells ? { ...router, value: { ...router.value, tellsPriority: true } } : router
  })
