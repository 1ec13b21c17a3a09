import {
  type BfdSession,
  bfdSessionKey,
  type Configuration,
  noStaticItems,
  type SyncGroup,
  type TrackFile,
  type TrackProcess,
  type TrackScript,
  type VirtualRouter,
  type VirtualServer,
  virtualRouterKey,
} from '../../model/index.ts'
import { equal } from '../equal.ts'
import { adjusted, reconfigureRouter, reconfigureServer, type Verdict } from './reconfigure.ts'

export type Changed<T> = { readonly key: string; readonly before: T; readonly after: T; readonly verdict: Verdict }

/** By key; each object is in exactly one of the three lists. `changed` holds the unchanged ones too, as `keep`. */
export type Changes<T> = {
  readonly added: readonly { readonly key: string; readonly after: T }[]
  readonly removed: readonly { readonly key: string; readonly before: T }[]
  readonly changed: readonly Changed<T>[]
}

export type ConfigurationDiff = {
  readonly virtualRouters: Changes<VirtualRouter>
  readonly syncGroups: Changes<SyncGroup>
  readonly trackScripts: Changes<TrackScript>
  readonly trackFiles: Changes<TrackFile>
  readonly trackProcesses: Changes<TrackProcess>
  readonly bfdSessions: Changes<BfdSession>
  readonly virtualServers: Changes<VirtualServer>
  readonly globalChanged: boolean
  readonly staticsChanged: boolean
  /** Nothing has to be done. */
  readonly empty: boolean
}

/** What turns the one model into the other. An object is the same if its key is; a name is not part of it. */
export function diff(before: Configuration, after: Configuration): ConfigurationDiff {
  const virtualRouters = changes(before.virtualRouters, after.virtualRouters, virtualRouterKey, reconfigureRouter)
  const syncGroups = changes(before.syncGroups, after.syncGroups, (of) => of.name, adjusted)
  const trackScripts = changes(before.trackScripts, after.trackScripts, (of) => of.name, adjusted)
  const trackFiles = changes(before.trackFiles, after.trackFiles, (of) => of.name, adjusted)
  const trackProcesses = changes(before.trackProcesses, after.trackProcesses, (of) => of.name, adjusted)
  const bfdSessions = changes(before.bfdSessions, after.bfdSessions, bfdSessionKey, adjusted)
  const virtualServers = changes(before.virtualServers, after.virtualServers, (of) => of.key, reconfigureServer)
  const staticsChanged = !equal(before.statics ?? noStaticItems, after.statics ?? noStaticItems)
  const globalChanged = !equal(before.global, after.global)
  return {
    virtualRouters,
    syncGroups,
    trackScripts,
    trackFiles,
    trackProcesses,
    bfdSessions,
    virtualServers,
    globalChanged,
    staticsChanged,
    empty:
      !globalChanged &&
      !staticsChanged &&
      [virtualRouters, syncGroups, trackScripts, trackFiles, trackProcesses, bfdSessions, virtualServers].every(
        ({ added, removed, changed }) => added.length + removed.length === 0 && changed.every(isKept),
      ),
  }
}

/** The same as `after`, in which each virtual server that has not changed is the very object it was before. */
export function withUnchanged(before: Configuration, after: Configuration): Configuration {
  const old = new Map(before.virtualServers.map((server) => [server.key, server]))
  const virtualServers = after.virtualServers.map((server) => {
    const was = old.get(server.key)
    return was !== undefined && equal(was, server) ? was : server
  })
  return { ...after, virtualServers }
}

const isKept = ({ verdict }: { readonly verdict: Verdict }): boolean => verdict === 'keep'

function changes<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (of: T) => string,
  reconfigure: (before: T, after: T) => Verdict,
): Changes<T> {
  const old = new Map(before.map((one) => [keyOf(one), one]))
  const present = new Map(after.map((one) => [keyOf(one), one]))
  const added: { key: string; after: T }[] = []
  const changed: Changed<T>[] = []
  for (const [key, value] of present) {
    const was = old.get(key)
    if (was === undefined) added.push({ key, after: value })
    else changed.push({ key, before: was, after: value, verdict: reconfigure(was, value) })
  }
  const removed = [...old].filter(([key]) => !present.has(key)).map(([key, value]) => ({ key, before: value }))
  return { added, removed, changed }
}
