import type { Configuration, StaticItems } from '../../model/index.ts'
import { checkMembers, type Lowered, lower } from '../lower/index.ts'
import type { ConfigPorts, LoadOptions } from '../ports.ts'
import type { Report } from '../report.ts'
import type { Node, Tree } from '../syntax/index.ts'
import { checkBfdSessions } from './check-bfd-sessions.ts'
import { checkBraces } from './check-braces.ts'
import { checkConnectionSync } from './check-connection-sync.ts'
import { checkInterfaceDelays } from './check-interface-delays.ts'
import { checkInterfaces } from './check-interfaces.ts'
import { checkKeywords } from './check-keywords.ts'
import { checkNames } from './check-names.ts'
import { checkScripts } from './check-scripts.ts'
import { checkServices } from './check-services.ts'
import { checkSyncGroups } from './check-sync-groups.ts'
import { checkTrackers } from './check-trackers.ts'
import { checkVirtualRouterIds } from './check-virtual-router-ids.ts'

/** Passes over what it means. */
const meaningStages: readonly ((lowered: Lowered, report: Report) => Lowered)[] = [
  (lowered, report) => ({ ...lowered, routers: checkNames(lowered.routers, report) }),
  (lowered, report) => ({ ...lowered, routers: checkVirtualRouterIds(lowered.routers, report) }),
  (lowered, report) => ({ ...lowered, bfdSessions: checkBfdSessions(lowered.bfdSessions, report) }),
  (lowered, report) => ({ ...lowered, syncGroups: checkSyncGroups(lowered.syncGroups, lowered.routers, report) }),
  (lowered, report) => ({ ...lowered, servers: checkServices(lowered.servers, report) }),
  checkInterfaceDelays,
  checkConnectionSync,
]

/** What came out of the stages: the model, and what it was made of. */
export type Checked = {
  readonly configuration: Configuration
  readonly nodes: readonly Node[]
  readonly lowered: Lowered
}

/** A tree to the model, through all stages. What the host is asked depends on the ports that are there. */
export function runStages(tree: Tree, ports: ConfigPorts, options: LoadOptions, report: Report): Checked {
  const { nodes, finish } = checkKeywords(checkBraces(tree, report), report, tree.keeps)
  const credentials = options.environment?.['CREDENTIALS_DIRECTORY']
  const { read, list, patternFault, tlsFault } = ports
  const to = {
    report,
    tree,
    read,
    list,
    ...(patternFault === undefined ? {} : { patternFault }),
    ...(tlsFault === undefined ? {} : { tlsFault }),
    ...(credentials === undefined ? {} : { credentials }),
  }
  const meant = lower(to, nodes, options.hostName ?? 'localhost')
  finish()
  const checked = meaningStages.reduce((before, stage) => stage(before, report), meant)
  const lowered = checkTrackers(checked, ports.isExecutable, report)
  if (ports.interfaceExists !== undefined && !lowered.globals.dynamicInterfaces)
    checkInterfaces(
      lowered.routers,
      lowered.statics.interfaces,
      (name) => ports.interfaceExists?.(name) ?? true,
      report,
    )
  if (ports.isExecutable !== undefined) checkScripts(lowered, ports, report)
  const names = new Set(lowered.routers.map(({ value }) => value.name))
  const statics = checkMembers(lowered.statics, names, report)
  const connectionSync = lowered.connectionSync?.value
  const configuration = {
    global: connectionSync === undefined ? lowered.globals.defs : { ...lowered.globals.defs, connectionSync },
    virtualRouters: lowered.routers.map((router) => router.value),
    ...(hasNothing(statics) ? {} : { statics }),
    syncGroups: lowered.syncGroups.map((group) => group.value),
    trackScripts: lowered.trackScripts.map((script) => script.value),
    trackFiles: lowered.trackFiles.map((file) => file.value),
    trackProcesses: lowered.trackProcesses.map((process) => process.value),
    bfdSessions: lowered.bfdSessions.map((session) => session.value),
    virtualServers: lowered.servers.map((server) => server.value),
  }
  return { configuration, nodes, lowered }
}

const hasNothing = ({ addresses, routes, rules, trackGroups }: StaticItems): boolean =>
  addresses.length + routes.length + rules.length + trackGroups.length === 0
