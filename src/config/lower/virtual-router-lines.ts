import type { IpAddress, Micros } from '../../base/index.ts'
import { isMulticast } from '../../base/index.ts'
import type { AnnouncementSettings, Command, KeptLine, Track, VirtualRouterNotifications } from '../../model/index.ts'
import { firstWordsIn, OWNER_PRIORITY, usualNumber, usualTruth } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { announcementLine } from './announcement-line.ts'
import {
  address,
  addressWord,
  alone,
  boolean,
  choice,
  command,
  eitherOf,
  integer,
  interfaceName,
  type Lowering,
  noneOf,
  required,
  shown,
  timer,
} from './arguments.ts'
import { type HmacDraft, readAuthHmac } from './auth-hmac.ts'
import { keptLines } from './kept-line.ts'
import { lineWords, optionNumber } from './line-words.ts'
import type { RouteLine } from './route-line.ts'
import type { Preferences, RuleLine } from './rule-line.ts'
import { linesOf, ofRouter, routeLines, ruleLines } from './static-items.ts'
import { readTracks, type Trackables } from './tracker.ts'
import { type AddressLine, addressLine } from './virtual-address.ts'
import { type LinkDraft, readIpvlan, readVmac } from './virtual-link.ts'

/** A value and where it was written. */
export type Written<T> = { readonly value: T; readonly at: Span }

/** A vrrp_instance as written: nothing defaulted, nothing resolved. */
export type RouterDraft = {
  state?: 'master' | 'backup'
  interface?: Word
  vrf?: Word
  virtualRouterId?: Written<number>
  priority?: number | undefined
  version?: Written<2 | 3>
  interval?: Written<Micros>
  addresses?: readonly AddressLine[]
  excluded: readonly AddressLine[]
  routes: readonly RouteLine[]
  rules: readonly RuleLine[]
  noAddresses: boolean
  preempt: boolean
  nopreemptAt?: Span
  preemptDelay?: Written<Micros>
  nativeIpv6?: Span
  dontTrackPrimary: boolean
  link?: LinkDraft
  /** Where vmac_xmit_base stands. */
  transmitsOnBase?: Span
  /** use_vmac_addr. */
  linksForAll?: true
  accept?: boolean
  oldUnicastChecksum?: 'always' | 'never'
  receiveBuffer?: number | undefined
  promotesSecondaries?: true
  tracksSource?: true
  strict?: boolean | undefined
  multicastSource?: Written<IpAddress>
  unicastSource?: Written<IpAddress>
  group?: Written<IpAddress>
  peers: readonly (Written<IpAddress> & { readonly min?: number; readonly max?: number })[]
  tellsDeleted?: true
  tellsPriority?: boolean | undefined
  smtpAlert?: boolean | undefined
  faultWithoutPeers?: true
  oversleptPriority?: Written<number>
  /** The first keyword that only makes sense with peers. */
  unicastAt?: Span
  unicastTtl?: number | undefined
  checkUnicastSource?: boolean
  announcements: Partial<AnnouncementSettings>
  downTimerAdverts?: number | undefined
  lowerPrioNoAdvert?: boolean | undefined
  higherPrioSendAdvert?: boolean | undefined
  ownerIgnoreAdverts?: boolean | undefined
  skipCheckAdvAddr?: boolean | undefined
  v3ChecksumAsV2?: boolean | undefined
  authentication?: { readonly at: Span; readonly type: 'pass' | 'ah' | undefined; readonly password: Word | undefined }
  tracks: readonly Track[]
  hmac?: HmacDraft | undefined
  kept: readonly KeptLine[]
  notify: { -readonly [Key in keyof VirtualRouterNotifications]?: Command }
  scripts: { command: Command; at: Span }[]
}

const NOTIFY: Readonly<Record<string, keyof VirtualRouterNotifications>> = {
  notify_master: 'master',
  notify_backup: 'backup',
  notify_fault: 'fault',
  notify_stop: 'stop',
  notify_deleted: 'deleted',
  notify_master_rx_lower_pri: 'masterRxLowerPri',
  notify: 'any',
}

const usual = {
  noAddresses: usualTruth('vrrp_instance', 'no_virtual_ipaddress'),
  preempt: !usualTruth('vrrp_instance', 'nopreempt'),
  dontTrackPrimary: usualTruth('vrrp_instance', 'dont_track_primary'),
}

const USUAL_PRIORITY = usualNumber('vrrp_instance', 'priority')

/** keepalived.conf(5): who begins as master without a priority owns the addresses. */
export const priorityOf = ({ priority, state }: RouterDraft): number =>
  priority ?? (state === 'master' ? OWNER_PRIORITY : USUAL_PRIORITY)

/** Every line of a vrrp_instance that makes sense by itself; what contradicts another is found later. */
export function readRouter(to: Lowering, node: Node, trackables: Trackables, free: Preferences): RouterDraft {
  const draft: RouterDraft = {
    excluded: [],
    routes: [],
    rules: [],
    ...usual,
    peers: [],
    announcements: {},
    tracks: [],
    kept: keptLines(to, node.block?.nodes ?? []),
    notify: {},
    scripts: [],
  }
  for (const line of node.block?.nodes ?? [])
    if (/^track_(?:interface|script|file|process|bfd)$/.test(line.keyword.text))
      draft.tracks = readTracks(to, line, trackables, draft.tracks)
    else if (line.keyword.text === 'virtual_routes')
      draft.routes = [...draft.routes, ...ofRouter(to, routeLines(to, line))]
    else if (line.keyword.text === 'virtual_rules')
      draft.rules = [...draft.rules, ...ofRouter(to, ruleLines(to, line, free))]
    else readLine(to, line, draft)
  return draft
}

function readLine(to: Lowering, node: Node, draft: RouterDraft): void {
  const at = node.at
  switch (node.keyword.text) {
    case 'state':
      return readState(to, node, draft)
    case 'interface': {
      const name = interfaceName(to, node)
      if (name !== undefined) draft.interface = name
      return
    }
    case 'vrf': {
      const name = interfaceName(to, node)
      if (name !== undefined) draft.vrf = name
      return
    }
    case 'virtual_router_id': {
      const id = integer(to, node)
      if (id !== undefined) draft.virtualRouterId = { value: id, at }
      return
    }
    case 'priority':
      draft.priority = integer(to, node) ?? draft.priority
      return
    case 'version': {
      const version = integer(to, node)
      if (version !== undefined) draft.version = { value: version === 2 ? 2 : 3, at }
      return
    }
    case 'advert_int': {
      const interval = timer(to, node)
      if (interval !== undefined) draft.interval = { value: interval, at }
      return
    }
    case 'virtual_ipaddress':
      draft.addresses = [...(draft.addresses ?? []), ...addressLines(to, node)]
      return
    case 'virtual_ipaddress_excluded':
      draft.excluded = [...draft.excluded, ...addressLines(to, node)]
      return
    case 'no_virtual_ipaddress':
      draft.noAddresses = true
      return
    case 'nopreempt':
      draft.preempt = false
      draft.nopreemptAt = at
      return
    case 'preempt':
      draft.preempt = true
      return
    case 'preempt_delay': {
      const delay = timer(to, node)
      if (delay !== undefined) draft.preemptDelay = { value: delay, at }
      return
    }
    case 'native_ipv6':
      draft.nativeIpv6 = at
      return
    case 'use_vmac':
    case 'use_ipvlan':
      return readLink(to, node, draft)
    case 'vmac_xmit_base':
      draft.transmitsOnBase ??= at
      return
    case 'use_vmac_addr':
      draft.linksForAll = true
      return
    case 'accept':
    case 'no_accept':
      draft.accept = node.keyword.text === 'accept'
      return
    case 'promote_secondaries':
      draft.promotesSecondaries = true
      return
    case 'track_src_ip':
      draft.tracksSource = true
      return
    case 'kernel_rx_buf_size':
      draft.receiveBuffer = integer(to, node) ?? draft.receiveBuffer
      return
    case 'old_unicast_checksum':
      draft.unicastAt ??= at
      if (node.words.length === 0) draft.oldUnicastChecksum = 'always'
      else if (choice(to, node) !== undefined) draft.oldUnicastChecksum = 'never'
      return
    case 'strict_mode':
      draft.strict = boolean(to, node) ?? draft.strict
      return
    case 'dont_track_primary':
      draft.dontTrackPrimary = true
      return
    case 'auth_hmac':
      draft.hmac = readAuthHmac(to, node) ?? draft.hmac
      return
    case 'authentication':
      draft.authentication = readAuthentication(to, node)
      return
    default:
      readAdvertisementLine(to, node, draft)
  }
}

function readAdvertisementLine(to: Lowering, node: Node, draft: RouterDraft): void {
  const keyword = node.keyword.text
  switch (keyword) {
    case 'mcast_src_ip': {
      const source = address(to, node)
      if (source !== undefined) draft.multicastSource = source
      return
    }
    case 'unicast_src_ip': {
      const source = address(to, node)
      if (source !== undefined) draft.unicastSource = source
      return
    }
    case 'mcast_dst_ip': {
      const group = address(to, node)
      if (group === undefined) return
      if (isMulticast(group.value)) draft.group = group
      else
        to.report.error(
          'value',
          group.at,
          `mcast_dst_ip ${group.value} is not a multicast address; the line has no effect`,
        )
      return
    }
    case 'unicast_peer':
      draft.unicastAt ??= node.at
      draft.peers = [...draft.peers, ...readPeers(to, node, draft)]
      return
    case 'unicast_ttl':
      draft.unicastAt ??= node.at
      draft.unicastTtl = integer(to, node) ?? draft.unicastTtl
      return
    case 'check_unicast_src':
      draft.unicastAt ??= node.at
      draft.checkUnicastSource = true
      return
    case 'down_timer_adverts':
      draft.downTimerAdverts = integer(to, node) ?? draft.downTimerAdverts
      return
    case 'lower_prio_no_advert':
      draft.lowerPrioNoAdvert = boolean(to, node) ?? draft.lowerPrioNoAdvert
      return
    case 'higher_prio_send_advert':
      draft.higherPrioSendAdvert = boolean(to, node) ?? draft.higherPrioSendAdvert
      return
    case 'owner_ignore_adverts':
      draft.ownerIgnoreAdverts = boolean(to, node) ?? draft.ownerIgnoreAdverts
      return
    case 'skip_check_adv_addr':
      draft.skipCheckAdvAddr = boolean(to, node) ?? draft.skipCheckAdvAddr
      return
    case 'unicast_fault_no_peer':
      draft.faultWithoutPeers = true
      return
    case 'thread_timer_expired':
    case 'timer_expired_backup':
      return readOverslept(to, node, draft)
    case 'smtp_alert':
      draft.smtpAlert = boolean(to, node) ?? draft.smtpAlert
      return
    case 'notify_priority_changes':
      draft.tellsPriority = boolean(to, node) ?? draft.tellsPriority
      return
    case 'v3_checksum_as_v2':
      draft.v3ChecksumAsV2 = boolean(to, node) ?? draft.v3ChecksumAsV2
      return
    default: {
      const notify = NOTIFY[keyword]
      if (notify === undefined) Object.assign(draft.announcements, announcementLine(to, node, keyword))
      else readNotify(to, node, notify, draft)
    }
  }
}

function readLink(to: Lowering, node: Node, draft: RouterDraft): void {
  if (draft.link !== undefined)
    to.report.error(
      'value',
      node.at,
      `${node.keyword.text} is one too many; the first of use_vmac and use_ipvlan counts`,
      {
        related: [{ at: draft.link.at, message: 'first written here' }],
      },
    )
  else draft.link = node.keyword.text === 'use_vmac' ? readVmac(to, node) : readIpvlan(to, node)
}

function readOverslept(to: Lowering, node: Node, draft: RouterDraft): void {
  const value = node.words.length === 0 ? alone(node) : integer(to, node)
  if (value !== undefined) draft.oversleptPriority = { value, at: node.at }
}

/** After MASTER a BACKUP is ignored (keepalived.conf(5)). */
function readState(to: Lowering, node: Node, draft: RouterDraft): void {
  const words = firstWordsIn(node.known?.facts.takes ?? '')
  const word = required(to, node, eitherOf(words))
  if (word === undefined) return
  if (!words.includes(word.text))
    to.report.error('value', word.at, `state ${shown(word)} ${noneOf(words)}; using BACKUP`)
  if (word.text === 'BACKUP' && draft.state === 'master')
    to.report.warning('remark', node.at, 'state BACKUP behind state MASTER has no effect')
  if (word.text === 'MASTER') draft.state = 'master'
  else draft.state ??= 'backup'
}

function readNotify(to: Lowering, node: Node, key: keyof VirtualRouterNotifications, draft: RouterDraft): void {
  if (draft.notify[key] !== undefined || (key === 'deleted' && draft.tellsDeleted === true)) {
    to.report.warning('remark', node.at, `${node.keyword.text} is given already; the first one is used`)
    return
  }
  if (key === 'deleted' && node.words.length === 0) {
    draft.tellsDeleted = true
    return
  }
  const found = command(to, node)
  if (found === undefined) return
  draft.notify[key] = found
  draft.scripts.push({ command: found, at: node.at })
}

const addressLines = (to: Lowering, node: Node): readonly AddressLine[] =>
  ofRouter(
    to,
    linesOf(to, node, 'addresses').flatMap((line) => addressLine(to, line) ?? []),
  )

/** Lines `ADDRESS [min_ttl N] [max_ttl N]`; a limit implies check_unicast_src (keepalived.conf(5)). */
function readPeers(to: Lowering, node: Node, draft: RouterDraft): RouterDraft['peers'] {
  const peers: RouterDraft['peers'][number][] = []
  for (const line of node.block?.nodes ?? []) {
    if (line.broken) continue
    const value = addressWord(to, 'unicast_peer', line.keyword)
    const limits: { min?: number; max?: number } = {}
    for (const { word, ...one } of lineWords('unicast_peer', line.words)) {
      if (one.option === undefined) {
        to.report.error('value', word.at, `${shown(word)} is no option of a peer; it has no effect`, {
          remedy: 'write each peer on a line of its own',
        })
        continue
      }
      if (one.value === undefined) {
        to.report.error('missing-argument', word.at, `${one.option} needs a number; it has no effect`)
        continue
      }
      const number = optionNumber(to, one.option, one.facts, one.value)
      if (number === undefined) continue
      limits[one.option === 'min_ttl' ? 'min' : 'max'] = number
      draft.checkUnicastSource = true
    }
    if (value !== undefined) peers.push({ value, at: line.keyword.at, ...limits })
  }
  return peers
}

function readAuthentication(to: Lowering, node: Node): NonNullable<RouterDraft['authentication']> {
  let type: 'pass' | 'ah' | undefined
  let password: Word | undefined
  for (const line of node.block?.nodes ?? []) {
    if (line.keyword.text === 'auth_type') {
      const named = choice(to, line)
      if (named !== undefined) type = named.text === 'PASS' ? 'pass' : 'ah'
    } else if (line.keyword.text === 'auth_pass') password = required(to, line, 'a password') ?? password
  }
  return { at: node.keyword.at, type, password }
}
