import { micros } from '../../base/index.ts'
import type { SyncDaemon } from '../../forwarding/index.ts'
import { type Configuration, type ConnectionSync, catchUpOf, hasStatics, virtualRouterKey } from '../../model/index.ts'
import type { CheckerSlice, ForwardingSlice, RoleName, VrrpSlice } from '../ipc/index.ts'
import type { SupervisorOptions } from './options.ts'

/** Each role's part of a configuration; absent: the role has nothing to do. */
export type Slices = {
  readonly vrrp?: VrrpSlice
  readonly forwarding?: ForwardingSlice
  readonly checker?: CheckerSlice
}

/** The parts of a configuration, as far as the command line lets its subsystems run. */
export function slicesOf(configuration: Configuration, options: SupervisorOptions): Slices {
  const { global, virtualRouters, virtualServers } = configuration
  const sessions = sessionsFor(configuration, options)
  const routers = options.vrrp ? virtualRouters : []
  return {
    ...(routers.length + sessions.length > 0 || (options.vrrp && hasStatics(configuration.statics))
      ? { vrrp: vrrpSlice(configuration, options) }
      : {}),
    ...(options.checkers && (virtualServers.length > 0 || global.connectionSync !== undefined)
      ? { forwarding: forwardingSlice(configuration, options) }
      : {}),
    ...(options.checkers && virtualServers.length > 0 ? { checker: checkerSlice(configuration) } : {}),
  }
}

/**
 * What to offer for a configuration: to the roles that need it, and to those that run without needing it any more an
 * empty part, so that they let go of their last objects in order before they are ended.
 */
export function offersFor(
  configuration: Configuration,
  options: SupervisorOptions,
  running: Readonly<Record<RoleName, boolean>>,
): Slices {
  const needed = slicesOf(configuration, options)
  const { statics: _, ...rest } = configuration
  const nothing = { ...rest, virtualRouters: [], syncGroups: [], bfdSessions: [], virtualServers: [] }
  return {
    ...(running.forwarding ? { forwarding: forwardingSlice(configuration, options) } : {}),
    ...(running.vrrp ? { vrrp: vrrpSlice(nothing, options) } : {}),
    ...(running.checker ? { checker: { virtualServers: [], health: [] } } : {}),
    ...needed,
  }
}

/** Those that tell somebody who may run; none with -B. A weight is no business of a session's. */
const sessionsFor = ({ bfdSessions }: Configuration, options: SupervisorOptions) =>
  (options.bfd ? bfdSessions : [])
    .filter(({ vrrp, checker }) => (vrrp && options.vrrp) || (checker && options.checkers))
    .map(({ weight: _, ...session }) => session)

function vrrpSlice(configuration: Configuration, options: SupervisorOptions): VrrpSlice {
  const { vrrpRtPriority, vrrpStartupDelay, interfaceSettings, vrrpSettings } = configuration.global
  return {
    routers: options.vrrp ? configuration.virtualRouters : [],
    syncGroups: options.vrrp ? configuration.syncGroups : [],
    bfdSessions: sessionsFor(configuration, options),
    ...(configuration.statics === undefined || !options.vrrp ? {} : { statics: configuration.statics }),
    keepAddressesAtStop: options.keepAddresses,
    // The other half is for what a role does at its end.
    holdOnAtStop: micros(Math.floor(configuration.global.childWaitTime / 2)),
    ...(vrrpRtPriority === undefined ? {} : { realTimePriority: vrrpRtPriority }),
    ...(isSchedulingGiven(configuration.global) ? {} : { preferRealTime: true as const }),
    ...(vrrpStartupDelay === undefined ? {} : { startupDelay: vrrpStartupDelay }),
    ...(interfaceSettings === undefined ? {} : { interfaceSettings }),
    ...(vrrpSettings === undefined ? {} : { vrrpSettings }),
    logDetail: options.logDetail,
    runDirectory: options.runDirectory,
    ...catchUpFor(configuration, options),
  }
}

/** The virtual routers whose master has the connections, where the forwarding role can fetch them. */
function catchUpFor(
  { global: { connectionSync }, virtualRouters }: Configuration,
  options: SupervisorOptions,
): Pick<VrrpSlice, 'catchUp'> {
  const settings = connectionSync && catchUpOf(connectionSync)
  if (settings === undefined || !options.checkers || options.backend !== 'ebpf') return {}
  const { instance } = connectionSync ?? {}
  const concerned = virtualRouters.filter(({ name }) => instance === undefined || name === instance)
  return { catchUp: { keys: concerned.map(virtualRouterKey), limit: settings.limit } }
}

/** A nice value as well: `vrrp_priority 0` asks for ordinary scheduling. */
const isSchedulingGiven = ({ vrrpRtPriority, daemon, vrrpSettings }: Configuration['global']): boolean =>
  vrrpRtPriority !== undefined || daemon?.vrrp?.nice !== undefined || vrrpSettings?.autoPriority !== undefined

const checkerSlice = ({
  virtualServers,
  serverNames,
  global: { tlsClient, nameServers },
}: Configuration): CheckerSlice => ({
  virtualServers,
  ...(serverNames === undefined ? {} : { serverNames, ...(nameServers === undefined ? {} : { nameServers }) }),
  ...(tlsClient === undefined ? {} : { tlsClient }),
  health: [],
})

/** What a checker need not be told again is named; objects that are the same have not changed. */
export function withoutUnchanged(from: CheckerSlice, to: CheckerSlice): CheckerSlice {
  const known = new Set(from.virtualServers)
  return {
    ...to,
    virtualServers: to.virtualServers.map((server) =>
      'key' in server && known.has(server) ? { unchanged: server.key } : server,
    ),
  }
}

export function forwardingSlice(
  { global }: Configuration,
  options: Pick<SupervisorOptions, 'backend' | 'pinDirectory' | 'runDirectory'>,
): ForwardingSlice {
  const { lvsTimeouts, lvsSettings, connectionSync } = global
  return {
    backend: options.backend,
    pinDirectory: options.pinDirectory,
    runDirectory: options.runDirectory,
    flush: global.lvsFlush,
    ...(lvsTimeouts === undefined ? {} : { timeouts: lvsTimeouts }),
    ...(lvsSettings === undefined ? {} : { settings: lvsSettings }),
    ...(connectionSync === undefined ? {} : { sync: daemonOf(connectionSync, options.backend) }),
  }
}

function daemonOf(of: ConnectionSync, backend: SupervisorOptions['backend']): Omit<SyncDaemon, 'role'> {
  const { instance: _, catchUp: __, ...sync } = of
  const catchUp = backend === 'ebpf' ? catchUpOf(of) : undefined
  return catchUp === undefined ? sync : { ...sync, catchUp }
}
