import { type Family, familyOf, type IpAddress, isLinkLocal6, type Micros, micros } from '../../base/index.ts'
import {
  type Command,
  type HmacSettings,
  interfacesOfRoute,
  interfacesOfRule,
  type Track,
  type VirtualAddress,
  type VirtualRouter,
} from '../../model/index.ts'
import { HMAC_WINDOW, OWNER_PRIORITY, PASSWORD_BYTES, UNICAST_TTL, usualOption, usualTruth } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { type Lowering, required } from './arguments.ts'
import type { Globals } from './global-defs.ts'
import { keptOf } from './kept-line.ts'
import { smtpAlert } from './notification-lines.ts'
import type { Preferences } from './rule-line.ts'
import { strictly } from './strict.ts'
import type { Trackables } from './tracker.ts'
import { usualTime } from './usual.ts'
import type { AddressLine } from './virtual-address.ts'
import { virtualLinkOf } from './virtual-link.ts'
import { priorityOf, type RouterDraft, readRouter, type Written } from './virtual-router-lines.ts'

/** A virtual router, and where what other checks ask about was written. */
export type LoweredRouter = {
  readonly value: VirtualRouter
  readonly name: Span
  readonly interface: Span
  readonly virtualRouterId: Span
  readonly scripts: readonly { readonly command: Command; readonly at: Span }[]
  /** Of lines of addresses, routes and rules. */
  readonly otherInterfaces: readonly { readonly name: string; readonly at: Span }[]
  /** notify_priority_changes, if it is written there. */
  readonly tellsPriority: boolean | undefined
}

/** RFC 9568 §5.2.5: the count of addresses is one byte. */
const MOST_ADDRESSES = 255
const LONGEST_V3 = micros(40_950_000)

const usual = {
  accept: usualTruth('vrrp_instance', 'accept'),
  interval: usualTime('vrrp_instance', 'advert_int'),
  minTtl: usualOption('unicast_peer', 'min_ttl'),
  maxTtl: usualOption('unicast_peer', 'max_ttl'),
}

/** `vrrp_instance NAME { … }` with every default filled in; undefined, and an error said, if it cannot run. */
export function lowerVirtualRouter(
  to: Lowering,
  node: Node,
  globals: Globals,
  trackables: Trackables,
  free: Preferences,
): LoweredRouter | undefined {
  const name = required(to, node, 'a name')
  if (name === undefined) return undefined
  return finish(to, node, name, readRouter(to, node, trackables, free), globals)
}

function finish(
  to: Lowering,
  node: Node,
  name: Word,
  written: RouterDraft,
  globals: Globals,
): LoweredRouter | undefined {
  const title = `vrrp_instance ${name.text}`
  const drop = (message: string, remedy: string): undefined => {
    to.report.error('object', node.at, `${title} ${message}; it is left out`, { remedy })
  }
  const { virtualRouterId: id } = written
  if (id === undefined) return drop('has no virtual_router_id', 'add virtual_router_id and a number from 1 to 255')
  const place = placeOf(to, node, written, drop)
  if (place === undefined) return undefined
  const { on, anyInterface, as: said } = place
  if (on.text === 'lo') return drop('is on the loopback interface', 'name an Ethernet interface')

  const family = familyOfRouter(said)
  if (family === 4 && said.nativeIpv6 !== undefined)
    to.report.error(
      'value',
      said.nativeIpv6,
      `native_ipv6 does not go with the IPv4 addresses of ${title}; it has no effect`,
      {
        remedy: 'remove it',
      },
    )
  const version = versionOf(to, said, family, globals)
  const draft = (written.strict ?? globals.strict) ? strictly(to, node, said, { title, version }) : said
  if (draft === undefined) return undefined
  const { addresses, excluded } = addressesOf(to, draft, on.text, family)
  if (addresses.length === 0 && !draft.noAddresses) {
    if (version === 3) return drop('has no virtual address', 'add virtual_ipaddress { … } or no_virtual_ipaddress')
    to.report.warning('remark', node.at, `${title} has no virtual address`, { remedy: 'add virtual_ipaddress { … }' })
  }
  const priority = priorityOf(draft)
  const initialState = draft.state ?? (priority === OWNER_PRIORITY ? 'master' : 'backup')
  const peers = peersOf(to, draft, family)
  const advertisementInterval = intervalOf(to, draft, version)
  const virtualLink = virtualLinkOf(to, draft.link, {
    title,
    family,
    virtualRouterId: id.value,
    unicast: peers.length > 0,
    transmitsOnBase: draft.transmitsOnBase,
  })
  if (virtualLink === 'bad') return undefined
  const hmac = hmacOf(draft, advertisementInterval)
  const authentication = authenticationOf(to, draft, version, title)
  const wanted =
    peers.length > 0 ? (draft.unicastSource ?? draft.multicastSource) : (draft.multicastSource ?? draft.unicastSource)
  const source = virtualLink?.address?.address ?? ofFamily(to, wanted, family)
  const group = ofFamily(to, draft.group, family)
  if (group !== undefined && peers.length > 0 && draft.group !== undefined)
    to.report.warning('remark', draft.group.at, 'mcast_dst_ip has no effect with unicast peers')
  if (anyInterface && (source === undefined || isLinkLocal6(source)))
    return drop(
      'has no interface, and no source to send from',
      'add unicast_src_ip and an address, not a link-local one',
    )
  return {
    value: {
      name: name.text,
      family,
      version,
      interface: on.text,
      ...(anyInterface ? { anyInterface } : {}),
      ...(virtualLink === undefined ? {} : { virtualLink }),
      virtualRouterId: id.value,
      initialState,
      priority,
      advertisementInterval,
      ...(hmac === undefined ? {} : { hmac }),
      ...(authentication === undefined ? {} : { authentication }),
      addresses,
      excludedAddresses: excluded,
      ...(priority === OWNER_PRIORITY || (draft.accept ?? usual.accept) ? {} : { dropsPackets: true }),
      ...(draft.routes.length === 0 ? {} : { routes: draft.routes.map(({ value }) => value) }),
      ...(draft.rules.length === 0 ? {} : { rules: draft.rules.map(({ value }) => value) }),
      ...((written.strict ?? globals.strict) ? { strict: true } : {}),
      ...keptOf(draft.kept),
      preempt: preemptOf(to, draft, priority, title),
      preemptDelay: preemptDelayOf(to, draft, initialState, title),
      ...(source === undefined ? {} : { source }),
      ...(source === undefined || draft.tracksSource === undefined ? {} : { tracksSource: true }),
      multicastGroup: group ?? (family === 4 ? globals.multicastGroup4 : globals.multicastGroup6),
      unicastPeers: peers,
      ...ttlLimitsOf(draft, peers),
      unicastTtl: draft.unicastTtl ?? UNICAST_TTL[family],
      checkUnicastSource: draft.checkUnicastSource ?? globals.checkUnicastSource,
      downTimerAdverts: draft.downTimerAdverts ?? globals.downTimerAdverts,
      announcements: { ...globals.announcements, ...draft.announcements },
      lowerPrioNoAdvert: draft.lowerPrioNoAdvert ?? globals.lowerPrioNoAdvert,
      higherPrioSendAdvert: draft.higherPrioSendAdvert ?? globals.higherPrioSendAdvert,
      ownerIgnoreAdverts: priority === OWNER_PRIORITY && (draft.ownerIgnoreAdverts ?? globals.ownerIgnoreAdverts),
      skipCheckAdvAddr: draft.skipCheckAdvAddr ?? globals.skipCheckAdvAddr,
      v3ChecksumAsV2: draft.v3ChecksumAsV2 ?? globals.v3ChecksumAsV2,
      ...(draft.oldUnicastChecksum === undefined || peers.length === 0
        ? {}
        : { oldUnicastChecksum: draft.oldUnicastChecksum }),
      ...receiveBufferOf(draft.receiveBuffer ?? globals.receiveBuffer),
      ...(draft.promotesSecondaries === undefined ? {} : { promotesSecondaries: true }),
      dontTrackPrimary: draft.dontTrackPrimary || anyInterface,
      // The own interface is tracked anyway, or is not to be (dont_track_primary).
      tracks: othersTracked(to, node, draft.tracks, on.text),
      ...(draft.tellsDeleted === true ? { tellsDeleted: true } : {}),
      ...smtpAlert(draft.smtpAlert, globals.alerts, 'vrrp'),
      ...(lacksPeers(draft, peers) ? { lacksPeers: true } : {}),
      ...oversleptOf(to, draft, title),
      notify: draft.notify,
    },
    name: name.at,
    interface: on.at,
    virtualRouterId: id.at,
    scripts: draft.scripts,
    tellsPriority: draft.tellsPriority,
    otherInterfaces: [
      ...[...(draft.addresses ?? []), ...draft.excluded].flatMap(({ value, at }) =>
        value.interface === undefined ? [] : [{ name: value.interface, at }],
      ),
      ...draft.routes.flatMap(({ value, at }) => interfacesOfRoute(value).map((name) => ({ name, at }))),
      ...draft.rules.flatMap(({ value, at }) => interfacesOfRule(value).map((name) => ({ name, at }))),
    ],
  }
}

type Place = {
  /** The interface, the VRF, or nothing. */
  readonly on: Pick<Word, 'text' | 'at'>
  readonly anyInterface: boolean
  /** What holds there. */
  readonly as: RouterDraft
}

/** Unicast needs no interface; then nothing can be on it. */
function placeOf(
  to: Lowering,
  node: Node,
  draft: RouterDraft,
  drop: (message: string, remedy: string) => undefined,
): Place | undefined {
  const { interface: on, vrf, peers } = draft
  if (on !== undefined) {
    if (vrf !== undefined)
      to.report.warning('remark', vrf.at, 'vrf has no effect beside interface', { remedy: 'remove one of them' })
    return { on, anyInterface: false, as: draft }
  }
  if (peers.length === 0) return drop('has no interface', 'add interface and a name')
  const lost = (at: Span, what: string, remedy: string) =>
    to.report.error('value', at, `${what} has no effect without an interface`, { remedy })
  const placed = (lines: readonly AddressLine[]): readonly AddressLine[] =>
    lines.filter(({ value, at }) => {
      if (value.interface === undefined) lost(at, value.address, 'add dev and the name of an interface')
      return value.interface !== undefined
    })
  if (draft.link !== undefined)
    lost(draft.link.at, draft.link.kind === 'macvlan' ? 'use_vmac' : 'use_ipvlan', 'add interface and a name')
  const { link: _, promotesSecondaries: __, linksForAll: ___, transmitsOnBase: ____, ...rest } = draft
  return {
    on: vrf ?? { text: '', at: node.at },
    anyInterface: true,
    as: {
      ...rest,
      ...(draft.addresses === undefined ? {} : { addresses: placed(draft.addresses) }),
      excluded: placed(draft.excluded),
    },
  }
}

/** Without its own interface: that is watched anyway, unless dont_track_primary says otherwise. */
function othersTracked(to: Lowering, node: Node, tracks: readonly Track[], own: string): readonly Track[] {
  const others = tracks.filter(({ kind, name }) => kind !== 'interface' || name !== own)
  if (others.length < tracks.length) {
    const lists = (node.block?.nodes ?? []).filter(({ keyword }) => keyword.text === 'track_interface')
    const line = lists.flatMap(({ block }) => block?.nodes ?? []).find(({ keyword }) => keyword.text === own)
    to.report.warning(
      'remark',
      line?.at ?? node.at,
      `${own} is its own interface, which is watched anyway; the line has no effect`,
      {
        remedy: 'remove it',
      },
    )
  }
  return others
}

/** 0 leaves it to us. */
const receiveBufferOf = (bytes: number): Pick<VirtualRouter, 'receiveBuffer'> =>
  bytes === 0 ? {} : { receiveBuffer: bytes }

/** The first virtual address says it; without one the peers, the source, or native_ipv6. */
function familyOfRouter(draft: RouterDraft): Family {
  const sign =
    draft.addresses?.[0]?.value.address ??
    draft.peers[0]?.value ??
    draft.unicastSource?.value ??
    draft.multicastSource?.value
  return sign === undefined ? (draft.nativeIpv6 === undefined ? 4 : 6) : familyOf(sign)
}

function versionOf(to: Lowering, draft: RouterDraft, family: Family, globals: Globals): 2 | 3 {
  if (family === 4) return draft.version?.value ?? globals.version
  if (draft.version?.value === 2)
    to.report.warning('remark', draft.version.at, 'version 2 knows no IPv6; version 3 is used', {
      remedy: 'write version 3',
    })
  return 3
}

function addressesOf(
  to: Lowering,
  draft: RouterDraft,
  on: string,
  family: Family,
): { addresses: readonly VirtualAddress[]; excluded: readonly VirtualAddress[] } {
  const placed = (line: AddressLine): VirtualAddress => {
    const { onVirtualLink, ...value } = line.value
    const at = value.interface ?? on
    const byDefault = draft.link !== undefined && at === on && familyOf(value.address) === family
    const lifted = byDefault || draft.linksForAll === true || onVirtualLink === true
    return { ...value, interface: at, ...(lifted ? { onVirtualLink: true } : {}) }
  }
  const seen = new Map<string, AddressLine>()
  const addresses: VirtualAddress[] = []
  const excluded: VirtualAddress[] = []
  for (const line of draft.addresses ?? []) {
    const { address } = line.value
    const before = seen.get(address)
    if (before !== undefined) {
      // Lists made by sequences overlap; the very same line again is nothing to speak of.
      if (JSON.stringify(before.value) !== JSON.stringify(line.value))
        to.report.warning('remark', line.at, `${address} is there twice; the second is left out`, {
          related: [{ at: before.at, message: 'first written here' }],
        })
      continue
    }
    seen.set(address, line)
    if (familyOf(address) !== family)
      to.report.error('value', line.at, `${address} is not IPv${family} as the first address is; it is left out`, {
        remedy: 'put it in virtual_ipaddress_excluded',
      })
    else if (addresses.length >= MOST_ADDRESSES) {
      if (addresses.length === MOST_ADDRESSES && excluded.length === 0)
        to.report.warning(
          'remark',
          line.at,
          `more than ${MOST_ADDRESSES} addresses; from here on they are not advertised`,
        )
      excluded.push(placed(line))
    } else addresses.push(placed(line))
  }
  const taken = new Set([...addresses, ...excluded].map((one) => `${one.address} ${one.interface}`))
  for (const line of draft.excluded) {
    const value = placed(line)
    const key = `${value.address} ${value.interface}`
    if (taken.has(key)) to.report.warning('remark', line.at, `${value.address} is there twice; the second is left out`)
    else excluded.push(value)
    taken.add(key)
  }
  return { addresses, excluded }
}

/** RFC 3768 §5.3.7: version 2 has whole seconds; RFC 9568 §5.2.7: version 3 has 12 bits of centiseconds. */
function intervalOf(to: Lowering, draft: RouterDraft, version: 2 | 3): Micros {
  if (draft.interval === undefined) return usual.interval
  const { value, at } = draft.interval
  const text = value / 1_000_000
  if (version === 3 && value > LONGEST_V3) {
    to.report.warning('remark', at, `advert_int ${text}: version 3 has at most 40.95 s; using 40.95`)
    return LONGEST_V3
  }
  const unit = version === 2 ? 1_000_000 : 10_000
  const rounded = micros(Math.max(1, Math.round(value / unit)) * unit)
  if (rounded !== value)
    to.report.warning(
      'remark',
      at,
      `advert_int ${text}: version ${version} has ${version === 2 ? 'whole seconds' : 'hundredths of a second'}; using ${rounded / 1_000_000}`,
      version === 2 ? { remedy: 'write version 3 for fractions of a second' } : {},
    )
  return rounded
}

/** keepalived.conf(5). */
function usualWindow(interval: Micros): number {
  const { intervals, least, most } = HMAC_WINDOW
  return Math.min(most, Math.max(least, intervals * Math.floor(interval / 1_000_000)))
}

function hmacOf({ hmac }: RouterDraft, interval: Micros): HmacSettings | undefined {
  if (hmac === undefined) return undefined
  const { at: _, window = usualWindow(interval), ...rest } = hmac
  return { ...rest, window }
}

function authenticationOf(
  to: Lowering,
  draft: RouterDraft,
  version: 2 | 3,
  title: string,
): VirtualRouter['authentication'] {
  const { authentication } = draft
  if (authentication === undefined) return undefined
  const { at, type, password } = authentication
  if (draft.hmac !== undefined) {
    to.report.warning('remark', at, `authentication has no effect beside auth_hmac`, { remedy: 'remove it' })
    return undefined
  }
  if (version === 3) {
    to.report.warning('remark', at, `${title} is version 3, which knows no authentication; it has no effect`, {
      remedy: 'remove it, or write version 2',
    })
    return undefined
  }
  if (type === undefined) return undefined
  if (password === undefined || password.text === '') {
    to.report.error(
      'value',
      at,
      `${title} has auth_type ${type.toUpperCase()} without a password; advertisements are not authenticated`,
    )
    return undefined
  }
  // The password itself is never shown.
  const bytes = new TextEncoder().encode(password.text)
  if (bytes.length <= PASSWORD_BYTES) return { type, password: password.text }
  const message = `auth_pass is longer than ${PASSWORD_BYTES} bytes; only the first ${PASSWORD_BYTES} count`
  to.report.warning('remark', password.at, message, {
    rule: 'auth-pass-length',
  })
  return { type, password: new TextDecoder().decode(bytes.subarray(0, PASSWORD_BYTES)).replace(/\uFFFD+$/, '') }
}

function preemptOf(to: Lowering, draft: RouterDraft, priority: number, title: string): boolean {
  if (draft.preempt) return true
  const why = priority === OWNER_PRIORITY ? 'priority 255' : draft.state === 'master' ? 'state MASTER' : undefined
  if (why === undefined) return false
  to.report.warning('remark', draft.nopreemptAt as Span, `nopreempt does not go with ${why}; ${title} preempts`, {
    rule: 'nopreempt-with-master',
    remedy: 'write state BACKUP on both directors',
  })
  return true
}

function preemptDelayOf(
  to: Lowering,
  draft: RouterDraft,
  initialState: VirtualRouter['initialState'],
  title: string,
): Micros {
  if (draft.preemptDelay === undefined || draft.preemptDelay.value === 0) return micros(0)
  const master = draft.state === 'master' ? 'state MASTER' : 'priority 255'
  const why = initialState === 'master' ? master : draft.preempt ? undefined : 'nopreempt'
  if (why === undefined) return draft.preemptDelay.value
  to.report.warning('remark', draft.preemptDelay.at, `preempt_delay does not go with ${why}; ${title} has none`)
  return micros(0)
}

function peersOf(to: Lowering, draft: RouterDraft, family: Family): readonly IpAddress[] {
  const peers: IpAddress[] = []
  for (const { value, at } of draft.peers) {
    if (familyOf(value) !== family)
      to.report.error('value', at, `unicast_peer ${value} is not IPv${family}; it is left out`)
    else if (peers.includes(value)) to.report.error('value', at, `unicast_peer ${value} is there twice`)
    else peers.push(value)
  }
  if (lacksPeers(draft, peers))
    to.report.warning('remark', draft.unicastAt as Span, 'no unicast peers; the virtual router stays in fault', {
      remedy: 'add unicast_peer { … }',
    })
  else if (peers.length === 0 && draft.unicastAt !== undefined)
    to.report.warning('deprecated', draft.unicastAt, 'no unicast peers; advertisements go by multicast', {
      remedy: 'add unicast_peer { … } or remove the line',
    })
  return peers
}

/** unicast_fault_no_peer, with a word that only makes sense with peers. */
const lacksPeers = (draft: RouterDraft, peers: readonly IpAddress[]): boolean =>
  draft.faultWithoutPeers === true && draft.unicastAt !== undefined && peers.length === 0

function oversleptOf(to: Lowering, draft: RouterDraft, title: string): Pick<VirtualRouter, 'oversleptPriority'> {
  const { oversleptPriority: written } = draft
  if (written === undefined) return {}
  if (!draft.preempt) return { oversleptPriority: written.value }
  to.report.warning('remark', written.at, `timer_expired_backup needs nopreempt; ${title} goes without`, {
    remedy: 'add nopreempt',
  })
  return {}
}

function ttlLimitsOf(draft: RouterDraft, peers: readonly IpAddress[]): Pick<VirtualRouter, 'peerTtlLimits'> {
  const limits = peers.flatMap((peer) => {
    const { min, max } = draft.peers.find(({ value }) => value === peer) ?? {}
    return min === undefined && max === undefined ? [] : [{ peer, min: min ?? usual.minTtl, max: max ?? usual.maxTtl }]
  })
  return limits.length === 0 ? {} : { peerTtlLimits: limits }
}

function ofFamily(to: Lowering, written: Written<IpAddress> | undefined, family: Family): IpAddress | undefined {
  if (written === undefined) return undefined
  if (familyOf(written.value) === family) return written.value
  to.report.error(
    'value',
    written.at,
    `${written.value} is not IPv${family} as the virtual router is; the line has no effect`,
  )
  return undefined
}
