import { type IpAddress, seconds } from '../../base/index.ts'
import type { AnnouncementSettings, Command, GlobalDefs } from '../../model/index.ts'
import { keywordAt, looksLike, MAIL_PORT, usualNumber } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, type Lowering, required, timer } from './arguments.ts'
import { daemonSettings, readInstance } from './daemon-lines.ts'
import { emptyDraft, type GlobalDraft, readGlobalLine } from './global-defs-lines.ts'
import type { IprouteDirectories } from './iproute-names.ts'
import { keptLines, keptOf } from './kept-line.ts'
import { readSettingLine } from './lvs-settings.ts'
import { type AlertDefaults, alertDefaults, fifosOf } from './notification-lines.ts'
import { readTlsClient } from './tls-client.ts'
import { usualTime } from './usual.ts'
import { readGarpGroup, readInterfaceDelays, vrrpSettingsOf } from './vrrp-settings.ts'

/** What virtual routers and checkers take where they say nothing themselves. */
export type Globals = {
  readonly defs: GlobalDefs
  readonly scripts: readonly { readonly command: Command; readonly at: Span }[]
  readonly scriptUserAt?: Span
  readonly version: 2 | 3
  /** Of static addresses that name none. */
  readonly defaultInterface: string
  readonly iprouteDirectories: IprouteDirectories
  readonly multicastGroup4: IpAddress
  readonly multicastGroup6: IpAddress
  readonly announcements: AnnouncementSettings
  readonly downTimerAdverts: number
  readonly lowerPrioNoAdvert: boolean
  readonly higherPrioSendAdvert: boolean
  readonly ownerIgnoreAdverts: boolean
  readonly checkUnicastSource: boolean
  readonly skipCheckAdvAddr: boolean
  readonly v3ChecksumAsV2: boolean
  readonly strict: boolean
  /** Bytes; 0: ours. */
  readonly receiveBuffer: number
  readonly checkerLogAllFailures: boolean
  readonly alerts: AlertDefaults
  /** An interface that is not there is no reason for a word. */
  readonly dynamicInterfaces: boolean
  /** notify_priority_changes where neither the virtual router nor its group says. */
  readonly priorityChanges: boolean
}

/**
 * The global_defs and lvs_settings blocks, which may repeat and merge, SSL, and child_wait_time of the top level. They hold for
 * the whole file wherever they stand; keepalived gives some of them only to what follows.
 */
export function lowerGlobals(to: Lowering, nodes: readonly Node[], hostName: string): Globals {
  const draft = emptyDraft()
  draft.keptAtTop = keptLines(to, nodes)
  for (const node of nodes) {
    if (node.keyword.text === 'lvs_settings') {
      draft.settings ??= { ipvs: {} }
      for (const line of node.block?.nodes ?? []) readSettingLine(to, line, draft.settings)
    } else if (node.keyword.text === 'global_defs') {
      const inside = node.block?.nodes ?? []
      for (const line of inside) readGlobalLine(to, line, draft)
      draft.kept = [...draft.kept, ...keptLines(to, inside)]
    } else if (node.keyword.text === 'SSL') draft.tlsClient = readTlsClient(to, node)
    else if (node.keyword.text === 'garp_group') readGarpGroup(to, node, draft.vrrpAll)
    else if (node.keyword.text === 'interface_up_down_delays') readInterfaceDelays(to, node, draft.vrrpAll)
    else if (node.keyword.text === 'net_namespace') {
      const name = namespaceName(to, node, required(to, node, 'the name of a network namespace'))
      if (name !== undefined) draft.netNamespace ??= name
    } else if (node.keyword.text === 'net_namespace_ipvs') {
      const [word] = node.words
      const name = word === undefined ? '' : namespaceName(to, node, word)
      if (name !== undefined) draft.netNamespaceIpvs ??= name
    } else if (node.keyword.text === 'instance') readInstance(to, node, draft.daemonSettings)
    else if (node.keyword.text === 'child_wait_time') draft.childWaitTime = timer(to, node) ?? draft.childWaitTime
  }
  return finish(
    to,
    draft,
    hostName,
    nodes.some(({ keyword }) => keyword.text === 'bfd_instance'),
  )
}

/** A name as ip-netns(8) has them: of a file in one directory. */
function namespaceName(to: Lowering, node: Node, word: Word | undefined): string | undefined {
  if (word === undefined) return undefined
  if (looksLike('NAMESPACE', word.text)) return word.text
  return badValue(to, node.keyword.text, word, 'is no name of a network namespace')
}

/** vrrp_garp_lower_prio_repeat takes less than vrrp_garp_master_repeat, which it follows. */
const MOST_LOWER_PRIORITY_REPEATS = keywordAt('global_defs', 'vrrp_garp_lower_prio_repeat')?.facts.max ?? 0

const usual = {
  masterDelay: usualTime('global_defs', 'vrrp_garp_master_delay'),
  masterRepeat: usualNumber('global_defs', 'vrrp_garp_master_repeat'),
  masterRefresh: usualTime('global_defs', 'vrrp_garp_master_refresh'),
  masterRefreshRepeat: usualNumber('global_defs', 'vrrp_garp_master_refresh_repeat'),
  garpInterval: usualTime('global_defs', 'vrrp_garp_interval'),
  gnaInterval: usualTime('global_defs', 'vrrp_gna_interval'),
  mailTimeout: usualTime('global_defs', 'smtp_connect_timeout'),
  childWaitTime: usualTime('root', 'child_wait_time'),
}

/** @param withSessions  there is a bfd_instance */
function finish(to: Lowering, draft: GlobalDraft, hostName: string, withSessions: boolean): Globals {
  const { mail, announcements: garp, notifications } = draft
  const fifos = fifosOf(to, notifications)
  const vrrpSettings = vrrpSettingsOf(draft.vrrpAll)
  const daemon = daemonSettings(draft.daemonSettings, withSessions)
  // Whoever gives the vrrp role a nice value wants it scheduled as others are.
  const { bfd, vrrp } = draft.daemonSettings
  const ofSessions = withSessions && vrrp.nice === undefined ? bfd.realTimePriority : undefined
  const vrrpRtPriority = draft.vrrpRtPriority ?? ofSessions
  const masterDelay = garp.masterDelay ?? (draft.minGarp ? seconds(0) : usual.masterDelay)
  const masterRepeat = garp.masterRepeat ?? (draft.minGarp ? 1 : usual.masterRepeat)
  return {
    defs: {
      routerId: draft.routerId ?? hostName,
      mail: {
        recipients: mail.recipients ?? [],
        ...(mail.from === undefined ? {} : { from: mail.from }),
        ...(mail.server === undefined ? {} : { server: mail.server }),
        port: mail.port ?? MAIL_PORT,
        ...(mail.heloName === undefined ? {} : { heloName: mail.heloName }),
        connectTimeout: mail.connectTimeout ?? usual.mailTimeout,
        ...(notifications.withoutFaults ? { withoutFaults: true } : {}),
        ...(notifications.withoutCheckers ? { withoutCheckers: true } : {}),
      },
      ...(draft.scriptUser === undefined ? {} : { scriptUser: draft.scriptUser }),
      enableScriptSecurity: draft.enableScriptSecurity ?? false,
      ...(draft.startupScript === undefined ? {} : { startupScript: draft.startupScript }),
      ...(draft.shutdownScript === undefined ? {} : { shutdownScript: draft.shutdownScript }),
      ...notifications.rest,
      ...fifos.of,
      ...(draft.stateDumpFile === undefined ? {} : { stateDumpFile: draft.stateDumpFile }),
      childWaitTime: draft.childWaitTime ?? usual.childWaitTime,
      ...(vrrpRtPriority === undefined ? {} : { vrrpRtPriority }),
      ...(draft.vrrpStartupDelay === undefined ? {} : { vrrpStartupDelay: draft.vrrpStartupDelay }),
      ...(Object.keys(draft.interfaces).length === 0 ? {} : { interfaceSettings: draft.interfaces }),
      ...(vrrpSettings === undefined ? {} : { vrrpSettings }),
      ...(daemon === undefined ? {} : { daemon }),
      ...(draft.netNamespace === undefined ? {} : { netNamespace: draft.netNamespace }),
      ...(draft.netNamespaceIpvs === undefined ? {} : { netNamespaceIpvs: draft.netNamespaceIpvs }),
      ...(draft.tlsClient === undefined ? {} : { tlsClient: draft.tlsClient }),
      ...(draft.nameServers === undefined ? {} : { nameServers: draft.nameServers }),
      lvsFlush: draft.lvsFlush ?? false,
      lvsFlushOnStop: draft.lvsFlushOnStop ?? false,
      ...(draft.lvsTimeouts === undefined ? {} : { lvsTimeouts: draft.lvsTimeouts }),
      ...settingsOf(draft),
      ...keptOf(draft.kept),
      ...(draft.keptAtTop.length === 0 ? {} : { keptAtTop: draft.keptAtTop }),
    },
    scripts: [...draft.scripts, ...fifos.scripts],
    ...(draft.scriptUserAt === undefined ? {} : { scriptUserAt: draft.scriptUserAt }),
    version: draft.version,
    defaultInterface: draft.defaultInterface,
    iprouteDirectories: draft.iprouteDirectories,
    multicastGroup4: draft.multicastGroup4,
    multicastGroup6: draft.multicastGroup6,
    announcements: {
      masterDelay,
      masterRepeat,
      masterRefresh: garp.masterRefresh ?? usual.masterRefresh,
      masterRefreshRepeat: garp.masterRefreshRepeat ?? usual.masterRefreshRepeat,
      lowerPrioDelay: garp.lowerPrioDelay ?? masterDelay,
      lowerPrioRepeat: garp.lowerPrioRepeat ?? Math.min(masterRepeat, MOST_LOWER_PRIORITY_REPEATS),
      garpInterval: garp.garpInterval ?? usual.garpInterval,
      gnaInterval: garp.gnaInterval ?? usual.gnaInterval,
      ...(garp.extraInterval === undefined || garp.extraInterval === 0
        ? {}
        : { extraInterval: garp.extraInterval, extraOnAll: garp.extraOnAll ?? false }),
    },
    downTimerAdverts: draft.downTimerAdverts,
    lowerPrioNoAdvert: draft.lowerPrioNoAdvert,
    higherPrioSendAdvert: draft.higherPrioSendAdvert,
    ownerIgnoreAdverts: draft.ownerIgnoreAdverts,
    checkUnicastSource: draft.checkUnicastSource,
    skipCheckAdvAddr: draft.skipCheckAdvAddr,
    v3ChecksumAsV2: draft.v3ChecksumAsV2,
    strict: draft.strict,
    receiveBuffer: draft.receiveBuffer,
    checkerLogAllFailures: draft.checkerLogAllFailures,
    alerts: alertDefaults(notifications, (mail.recipients ?? []).length > 0 && mail.server !== undefined),
    priorityChanges: notifications.priorityChanges,
    dynamicInterfaces: draft.vrrpAll.dynamicInterfaces,
  }
}

/** A block that says nothing is none. */
const settingsOf = ({ settings }: GlobalDraft): Pick<GlobalDefs, 'lvsSettings'> =>
  settings === undefined || (Object.keys(settings).length === 1 && Object.keys(settings.ipvs).length === 0)
    ? {}
    : { lvsSettings: settings }
