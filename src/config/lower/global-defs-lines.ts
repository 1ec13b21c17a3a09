import {
  address as constant,
  familyOf,
  type IpAddress,
  isMulticast,
  type Micros,
  micros,
  seconds,
} from '../../base/index.ts'
import type { AnnouncementSettings, Command, GlobalDefs, KeptLine, MailSettings } from '../../model/index.ts'
import { usualNumber, usualTruth, usualWord } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { announcementLine } from './announcement-line.ts'
import {
  address,
  boolean,
  choice,
  command,
  eitherOf,
  groupOf,
  integer,
  interfaceName,
  type Lowering,
  portWord,
  required,
  timer,
} from './arguments.ts'
import { type DaemonDraft, emptyDaemonDraft, readDaemonLine } from './daemon-lines.ts'
import type { Globals } from './global-defs.ts'
import { type InterfaceSettingsDraft, readInterfaceSetting } from './interface-settings.ts'
import { IPROUTE_DIRECTORIES } from './iproute-names.ts'
import { readTimeouts, type SettingsDraft } from './lvs-settings.ts'
import { nameServer } from './name-server.ts'
import { emptyNotifications, type NotificationDraft, readNotificationLine } from './notification-lines.ts'
import { emptyVrrpSettings, readVrrpSetting, type VrrpSettingsDraft } from './vrrp-settings.ts'

/** global_defs as written so far; blocks merge into it. */
export type GlobalDraft = {
  -readonly [Key in keyof Omit<
    Globals,
    'defs' | 'scripts' | 'announcements' | 'alerts' | 'priorityChanges' | 'dynamicInterfaces'
  >]: Globals[Key]
} & {
  -readonly [Key in keyof Omit<
    GlobalDefs,
    'mail' | 'lvsSettings' | 'interfaceSettings' | 'daemon' | 'kept' | 'keptAtTop'
  >]?: GlobalDefs[Key] | undefined
} & {
  mail: { -readonly [Key in keyof MailSettings]?: MailSettings[Key] | undefined }
  announcements: { -readonly [Key in keyof AnnouncementSettings]?: AnnouncementSettings[Key] | undefined }
  interfaces: InterfaceSettingsDraft
  settings?: SettingsDraft
  daemonSettings: DaemonDraft
  readonly notifications: NotificationDraft
  readonly vrrpAll: VrrpSettingsDraft
  minGarp: boolean
  kept: readonly KeptLine[]
  keptAtTop: readonly KeptLine[]
  scripts: { command: Command; at: Span }[]
}

const usual = {
  version: usualNumber('global_defs', 'vrrp_version') === 2 ? 2 : 3,
  defaultInterface: usualWord('global_defs', 'default_interface'),
  multicastGroup4: constant(usualWord('global_defs', 'vrrp_mcast_group4')),
  multicastGroup6: constant(usualWord('global_defs', 'vrrp_mcast_group6')),
  minGarp: usualTruth('global_defs', 'vrrp_min_garp'),
  downTimerAdverts: usualNumber('global_defs', 'vrrp_down_timer_adverts'),
  lowerPrioNoAdvert: usualTruth('global_defs', 'vrrp_lower_prio_no_advert'),
  higherPrioSendAdvert: usualTruth('global_defs', 'vrrp_higher_prio_send_advert'),
  ownerIgnoreAdverts: usualTruth('global_defs', 'vrrp_owner_ignore_adverts'),
  checkUnicastSource: usualTruth('global_defs', 'vrrp_check_unicast_src'),
  skipCheckAdvAddr: usualTruth('global_defs', 'vrrp_skip_check_adv_addr'),
  v3ChecksumAsV2: usualTruth('global_defs', 'v3_checksum_as_v2'),
  strict: usualTruth('global_defs', 'vrrp_strict'),
  checkerLogAllFailures: usualTruth('global_defs', 'checker_log_all_failures'),
} as const

export const emptyDraft = (): GlobalDraft => ({
  daemonSettings: emptyDaemonDraft(),
  mail: {},
  announcements: {},
  notifications: emptyNotifications(),
  vrrpAll: emptyVrrpSettings(),
  interfaces: {},
  kept: [],
  keptAtTop: [],
  scripts: [],
  iprouteDirectories: IPROUTE_DIRECTORIES,
  receiveBuffer: 0,
  ...usual,
})

/** One line of global_defs. */
export function readGlobalLine(to: Lowering, node: Node, draft: GlobalDraft): void {
  const { mail } = draft
  if (readNotificationLine(to, node, draft.notifications) || readVrrpSetting(to, node, draft.vrrpAll)) return
  switch (node.keyword.text) {
    case 'router_id':
      draft.routerId = required(to, node, 'a name')?.text ?? draft.routerId
      return
    case 'notification_email': {
      const lines = (node.block?.nodes ?? []).filter((line) => !line.broken)
      const recipients = lines.flatMap((line) => [line.keyword, ...line.words])
      mail.recipients = [...(mail.recipients ?? []), ...recipients.map((word) => word.text)]
      if (recipients.length === 0 && node.block !== undefined)
        to.report.warning('remark', node.at, 'notification_email names nobody; it has no effect', {
          remedy: 'add an address, or remove it',
        })
      return
    }
    case 'notification_email_from':
      mail.from = required(to, node, 'an address')?.text ?? mail.from
      return
    case 'smtp_server': {
      const server = required(to, node, 'a host')
      if (server === undefined) return
      mail.server = server.text
      const port = node.words[1]
      mail.port = port && portWord(to, 'smtp_server', port)
      return
    }
    case 'smtp_helo_name':
      mail.heloName = required(to, node, 'a name')?.text ?? mail.heloName
      return
    case 'smtp_connect_timeout':
      mail.connectTimeout = atLeast(timer(to, node), 1) ?? mail.connectTimeout
      return
    case 'script_user': {
      const user = required(to, node, 'a user')
      if (user === undefined) return
      draft.scriptUser = { user: user.text, ...groupOf(node.words[1]) }
      draft.scriptUserAt = node.at
      return
    }
    case 'enable_script_security':
      draft.enableScriptSecurity = true
      return
    case 'default_interface':
      draft.defaultInterface = interfaceName(to, node)?.text ?? draft.defaultInterface
      return
    case 'iproute_etc_dir':
    case 'iproute_usr_dir': {
      const path = required(to, node, 'a directory')?.text
      const which = node.keyword.text === 'iproute_etc_dir' ? 'etc' : 'usr'
      if (path !== undefined) draft.iprouteDirectories = { ...draft.iprouteDirectories, [which]: path }
      return
    }
    case 'startup_script':
      draft.startupScript ??= script(to, node, draft)
      return
    case 'shutdown_script':
      draft.shutdownScript ??= script(to, node, draft)
      return
    case 'state_dump_file':
      draft.stateDumpFile = required(to, node, 'a path')?.text ?? draft.stateDumpFile
      return
    case 'vrrp_rt_priority':
      draft.vrrpRtPriority = integer(to, node) ?? draft.vrrpRtPriority
      return
    case 'nameserver': {
      const found = nameServer(to, node, draft.nameServers?.length ?? 0)
      if (found !== undefined) draft.nameServers = [...(draft.nameServers ?? []), found]
      return
    }
    case 'lvs_flush':
      draft.lvsFlush = true
      return
    case 'lvs_flush_on_stop':
    case 'lvs_flush_onstop':
      if (node.words.length === 0 || choice(to, node) !== undefined) draft.lvsFlushOnStop = true
      return
    case 'lvs_timeouts':
      draft.lvsTimeouts = readTimeouts(to, node, draft.lvsTimeouts)
      return
    case 'checker_log_all_failures':
      draft.checkerLogAllFailures = boolean(to, node) ?? draft.checkerLogAllFailures
      return
    default:
      if (!readInterfaceSetting(to, node, draft.interfaces) && !readDaemonLine(to, node, draft.daemonSettings))
        readVrrpLine(to, node, draft)
  }
}

function readVrrpLine(to: Lowering, node: Node, draft: GlobalDraft): void {
  const keyword = node.keyword.text
  const garp = draft.announcements
  switch (keyword) {
    case 'vrrp_version':
      draft.version = (integer(to, node) as 2 | 3 | undefined) ?? draft.version
      return
    case 'vrrp_mcast_group4':
      draft.multicastGroup4 = group(to, node, 4) ?? draft.multicastGroup4
      return
    case 'vrrp_mcast_group6':
      draft.multicastGroup6 = group(to, node, 6) ?? draft.multicastGroup6
      return
    case 'vrrp_garp_interval':
      garp.garpInterval = timer(to, node) ?? garp.garpInterval
      return
    case 'vrrp_gna_interval':
      garp.gnaInterval = timer(to, node) ?? garp.gnaInterval
      return
    case 'vrrp_min_garp':
      draft.minGarp = boolean(to, node) ?? draft.minGarp
      return
    case 'vrrp_down_timer_adverts':
      draft.downTimerAdverts = integer(to, node) ?? draft.downTimerAdverts
      return
    case 'vrrp_lower_prio_no_advert':
      draft.lowerPrioNoAdvert = boolean(to, node) ?? draft.lowerPrioNoAdvert
      return
    case 'vrrp_higher_prio_send_advert':
      draft.higherPrioSendAdvert = boolean(to, node) ?? draft.higherPrioSendAdvert
      return
    case 'vrrp_owner_ignore_adverts':
      draft.ownerIgnoreAdverts = boolean(to, node) ?? draft.ownerIgnoreAdverts
      return
    case 'vrrp_startup_delay':
      draft.vrrpStartupDelay = timer(to, node) ?? draft.vrrpStartupDelay
      return
    case 'vrrp_check_unicast_src':
      draft.checkUnicastSource = true
      return
    case 'vrrp_skip_check_adv_addr':
      draft.skipCheckAdvAddr = boolean(to, node) ?? draft.skipCheckAdvAddr
      return
    case 'v3_checksum_as_v2':
      draft.v3ChecksumAsV2 = true
      return
    case 'vrrp_rx_bufs_policy': {
      const word = required(to, node, eitherOf([...messageSizes, 'a number of bytes']))
      if (word === undefined) return
      const sizes = node.words.map(({ text }) => text.toUpperCase())
      const size = messageSizes.find((one) => sizes.includes(one))
      if (size === undefined) draft.receiveBuffer = integer(to, node) ?? draft.receiveBuffer
      else if (draft.vrrpAll.messageSize !== 'MTU') draft.vrrpAll.messageSize = size
      return
    }
    case 'vrrp_strict':
      draft.strict = boolean(to, node) ?? draft.strict
      return
    default:
      Object.assign(garp, announcementLine(to, node, keyword.replace(/^vrrp_/, '')))
  }
}

/** The first of them counts. */
const messageSizes = ['MTU', 'ADVERT'] as const

const atLeast = (time: Micros | undefined, least: number) =>
  time === undefined ? undefined : micros(Math.max(seconds(least), time))

function group(to: Lowering, node: Node, family: 4 | 6): IpAddress | undefined {
  const found = address(to, node)
  if (found === undefined) return undefined
  if (familyOf(found.value) === family && isMulticast(found.value)) return found.value
  to.report.error('value', found.at, `${node.keyword.text} ${found.value} is not an IPv${family} multicast address`)
  return undefined
}

function script(to: Lowering, node: Node, draft: GlobalDraft): Command | undefined {
  const found = command(to, node)
  if (found !== undefined) draft.scripts.push({ command: found, at: node.at })
  return found
}
