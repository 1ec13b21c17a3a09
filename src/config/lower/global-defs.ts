import {
  address as constant,
  familyOf,
  type IpAddress,
  isMulticast,
  type Micros,
  micros,
  seconds,
} from '../../base/index.ts'
import type { AnnouncementSettings, Command, GlobalDefs, MailSettings } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { address, boolean, command, integer, type Lowering, portWord, required, timer } from './arguments.ts'

/** What virtual routers and checkers take where they say nothing themselves. */
export type Globals = {
  readonly defs: GlobalDefs
  readonly scripts: readonly { readonly command: Command; readonly at: Span }[]
  readonly version: 2 | 3
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
  readonly checkerLogAllFailures: boolean
}

type Draft = {
  -readonly [Key in keyof Omit<Globals, 'defs' | 'scripts' | 'announcements'>]: Globals[Key]
} & {
  -readonly [Key in keyof Omit<GlobalDefs, 'mail'>]?: GlobalDefs[Key] | undefined
} & {
  mail: { -readonly [Key in keyof MailSettings]?: MailSettings[Key] | undefined }
  announcements: { -readonly [Key in keyof AnnouncementSettings]?: AnnouncementSettings[Key] | undefined }
  minGarp: boolean
  scripts: { command: Command; at: Span }[]
}

/** Seconds that fit 32 bits of microseconds, the reference's limit for most timers. */
export const LONGEST_TIMER = 4294
export const MOST_32 = 4_294_967_295

/**
 * The global_defs blocks, which may repeat and merge, and child_wait_time of the top level. They hold for the whole
 * file wherever they stand; keepalived gives some of them only to what follows.
 */
export function lowerGlobals(to: Lowering, nodes: readonly Node[], hostName: string): Globals {
  const draft: Draft = {
    mail: {},
    announcements: {},
    minGarp: false,
    scripts: [],
    version: 2,
    multicastGroup4: constant('224.0.0.18'),
    multicastGroup6: constant('ff02::12'),
    downTimerAdverts: 3,
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: false,
    checkUnicastSource: false,
    skipCheckAdvAddr: false,
    v3ChecksumAsV2: false,
    checkerLogAllFailures: false,
  }
  for (const node of nodes) {
    if (node.keyword.text === 'global_defs') for (const line of node.block?.nodes ?? []) readLine(to, line, draft)
    else if (node.keyword.text === 'child_wait_time')
      draft.childWaitTime = timer(to, node, { min: 0, max: Number.MAX_SAFE_INTEGER / 1e6 }) ?? draft.childWaitTime
  }
  return finish(draft, hostName)
}

function readLine(to: Lowering, node: Node, draft: Draft): void {
  const { mail } = draft
  switch (node.keyword.text) {
    case 'router_id':
      draft.routerId = required(to, node, 'a name')?.text ?? draft.routerId
      return
    case 'notification_email': {
      const lines = (node.block?.nodes ?? []).filter((line) => !line.broken)
      const recipients = lines.flatMap((line) => [line.keyword, ...line.words])
      mail.recipients = [...(mail.recipients ?? []), ...recipients.map((word) => word.text)]
      return
    }
    case 'notification_email_from':
      mail.from = required(to, node, 'an address')?.text ?? mail.from
      return
    case 'smtp_server': {
      mail.server = required(to, node, 'a host')?.text ?? mail.server
      const port = node.words[1]
      if (port !== undefined) mail.port = portWord(to, 'smtp_server', port) ?? mail.port
      return
    }
    case 'smtp_helo_name':
      mail.heloName = required(to, node, 'a name')?.text ?? mail.heloName
      return
    case 'smtp_connect_timeout':
      mail.connectTimeout = atLeast(timer(to, node, { min: 0, max: LONGEST_TIMER }), 1) ?? mail.connectTimeout
      return
    case 'script_user': {
      const user = required(to, node, 'a user')
      const group = node.words[1]?.text
      if (user !== undefined) draft.scriptUser = { user: user.text, ...(group === undefined ? {} : { group }) }
      return
    }
    case 'enable_script_security':
      draft.enableScriptSecurity = true
      return
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
      draft.vrrpRtPriority = integer(to, node, { min: 1, max: 99 }) ?? draft.vrrpRtPriority
      return
    case 'lvs_flush':
      draft.lvsFlush = true
      return
    case 'lvs_flush_on_stop':
    case 'lvs_flush_onstop':
      draft.lvsFlushOnStop = true
      return
    case 'checker_log_all_failures':
      draft.checkerLogAllFailures = boolean(to, node) ?? draft.checkerLogAllFailures
      return
    default:
      readVrrpLine(to, node, draft)
  }
}

function readVrrpLine(to: Lowering, node: Node, draft: Draft): void {
  const keyword = node.keyword.text
  const garp = draft.announcements
  switch (keyword) {
    case 'vrrp_version':
      draft.version = (integer(to, node, { min: 2, max: 3 }) as 2 | 3 | undefined) ?? draft.version
      return
    case 'vrrp_mcast_group4':
      draft.multicastGroup4 = group(to, node, 4) ?? draft.multicastGroup4
      return
    case 'vrrp_mcast_group6':
      draft.multicastGroup6 = group(to, node, 6) ?? draft.multicastGroup6
      return
    case 'vrrp_garp_interval':
      garp.garpInterval = timer(to, node, { min: 0.000001, max: LONGEST_TIMER }) ?? garp.garpInterval
      return
    case 'vrrp_gna_interval':
      garp.gnaInterval = timer(to, node, { min: 0.000001, max: LONGEST_TIMER }) ?? garp.gnaInterval
      return
    case 'vrrp_min_garp':
      draft.minGarp = boolean(to, node) ?? draft.minGarp
      return
    case 'vrrp_down_timer_adverts':
      draft.downTimerAdverts = integer(to, node, { min: 1, max: 100 }) ?? draft.downTimerAdverts
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
    case 'vrrp_check_unicast_src':
      draft.checkUnicastSource = true
      return
    case 'vrrp_skip_check_adv_addr':
      draft.skipCheckAdvAddr = boolean(to, node) ?? draft.skipCheckAdvAddr
      return
    case 'v3_checksum_as_v2':
      draft.v3ChecksumAsV2 = true
      return
    default:
      Object.assign(garp, announcementLine(to, node, keyword.replace(/^vrrp_/, '')))
  }
}

/** The six garp_ keywords that exist globally and in a virtual router; nothing for any other or for a bad value. */
export function announcementLine(to: Lowering, node: Node, keyword: string): Partial<AnnouncementSettings> {
  const time = (max: number) => timer(to, node, { min: 0, max })
  const count = (most: number) => integer(to, node, { min: 0, max: most })
  const some = <Key extends keyof AnnouncementSettings>(key: Key, value: AnnouncementSettings[Key] | undefined) =>
    value === undefined ? {} : { [key]: value }
  switch (keyword) {
    case 'garp_master_delay':
      return some('masterDelay', time(LONGEST_TIMER))
    case 'garp_master_repeat':
      return some('masterRepeat', oneOrMore(count(MOST_32)))
    case 'garp_master_refresh':
      return some('masterRefresh', time(MOST_32))
    case 'garp_master_refresh_repeat':
      return some('masterRefreshRepeat', oneOrMore(count(MOST_32)))
    case 'garp_lower_prio_delay':
      return some('lowerPrioDelay', time(LONGEST_TIMER))
    case 'garp_lower_prio_repeat':
      return some('lowerPrioRepeat', count(2_147_483_647))
    default:
      return {}
  }
}

const oneOrMore = (count: number | undefined) => (count === undefined ? undefined : Math.max(1, count))
const atLeast = (time: Micros | undefined, least: number) =>
  time === undefined ? undefined : micros(Math.max(seconds(least), time))

function group(to: Lowering, node: Node, family: 4 | 6): IpAddress | undefined {
  const found = address(to, node)
  if (found === undefined) return undefined
  if (familyOf(found.value) === family && isMulticast(found.value)) return found.value
  to.report.error('value', found.at, `${node.keyword.text} ${found.value} is not an IPv${family} multicast address`)
  return undefined
}

function script(to: Lowering, node: Node, draft: Draft): Command | undefined {
  const found = command(to, node)
  if (found !== undefined) draft.scripts.push({ command: found, at: node.at })
  return found
}

function finish(draft: Draft, hostName: string): Globals {
  const { mail, announcements: garp } = draft
  const masterDelay = garp.masterDelay ?? seconds(draft.minGarp ? 0 : 5)
  const masterRepeat = garp.masterRepeat ?? (draft.minGarp ? 1 : 5)
  return {
    defs: {
      routerId: draft.routerId ?? hostName,
      mail: {
        recipients: mail.recipients ?? [],
        ...(mail.from === undefined ? {} : { from: mail.from }),
        ...(mail.server === undefined ? {} : { server: mail.server }),
        port: mail.port ?? 25,
        ...(mail.heloName === undefined ? {} : { heloName: mail.heloName }),
        connectTimeout: mail.connectTimeout ?? seconds(30),
      },
      ...(draft.scriptUser === undefined ? {} : { scriptUser: draft.scriptUser }),
      enableScriptSecurity: draft.enableScriptSecurity ?? false,
      ...(draft.startupScript === undefined ? {} : { startupScript: draft.startupScript }),
      ...(draft.shutdownScript === undefined ? {} : { shutdownScript: draft.shutdownScript }),
      ...(draft.stateDumpFile === undefined ? {} : { stateDumpFile: draft.stateDumpFile }),
      childWaitTime: draft.childWaitTime ?? seconds(5),
      ...(draft.vrrpRtPriority === undefined ? {} : { vrrpRtPriority: draft.vrrpRtPriority }),
      lvsFlush: draft.lvsFlush ?? false,
      lvsFlushOnStop: draft.lvsFlushOnStop ?? false,
    },
    scripts: draft.scripts,
    version: draft.version,
    multicastGroup4: draft.multicastGroup4,
    multicastGroup6: draft.multicastGroup6,
    announcements: {
      masterDelay,
      masterRepeat,
      masterRefresh: garp.masterRefresh ?? seconds(0),
      masterRefreshRepeat: garp.masterRefreshRepeat ?? 1,
      lowerPrioDelay: garp.lowerPrioDelay ?? masterDelay,
      lowerPrioRepeat: garp.lowerPrioRepeat ?? masterRepeat,
      garpInterval: garp.garpInterval ?? seconds(0),
      gnaInterval: garp.gnaInterval ?? seconds(0),
    },
    downTimerAdverts: draft.downTimerAdverts,
    lowerPrioNoAdvert: draft.lowerPrioNoAdvert,
    higherPrioSendAdvert: draft.higherPrioSendAdvert,
    ownerIgnoreAdverts: draft.ownerIgnoreAdverts,
    checkUnicastSource: draft.checkUnicastSource,
    skipCheckAdvAddr: draft.skipCheckAdvAddr,
    v3ChecksumAsV2: draft.v3ChecksumAsV2,
    checkerLogAllFailures: draft.checkerLogAllFailures,
  }
}
