import type { Command, SyncGroup, VirtualRouter } from '../model/index.ts'
import { keepalivedRoute, keepalivedRule } from './keepalived-routing.ts'
import { addressTexts, commandWords, type Identity, identityText, wantedState } from './keepalived-words.ts'
import type { VirtualRouterSnapshot } from './snapshot.ts'
import { type Trackers, trackedLines, trackersText } from './trackers-text.ts'

/** A virtual router as configured and as it is. */
export type DescribedRouter = { readonly model: VirtualRouter; readonly snapshot: VirtualRouterSnapshot }

type NotifyScripts = readonly (readonly [what: string, command: Command | undefined])[]
type ScriptLines = (all: NotifyScripts) => readonly string[]

/**
 * Virtual routers, sync groups and what is tracked in the layout of keepalived's data file, line by line, so that what reads
 * that finds them: indentation, order and spelling are keepalived's. What Holdfast has no counterpart of is left out;
 * passwords are asterisks.
 * @param identityOf  whom a script runs as; undefined: it is not run
 */
export function topologyText(
  routers: readonly DescribedRouter[],
  groups: readonly SyncGroup[],
  trackers: Trackers,
  identityOf: (command: Command) => Identity | undefined,
): string {
  const scriptLines = (all: NotifyScripts): readonly string[] =>
    all.flatMap(([what, command]) => {
      if (command === undefined) return []
      const identity = identityOf(command)
      const as = identity === undefined ? '' : `, uid:gid ${identityText(identity)}`
      return [`${what} script = ${commandWords(command)}${as}`]
    })
  return [
    '------< VRRP Topology >------\n',
    ...routers.map((one) => routerText(one, groups, scriptLines)),
    ...(groups.length === 0
      ? []
      : ['------< VRRP Sync groups >------\n', ...groups.map((one) => groupText(one, routers, scriptLines))]),
    trackersText(trackers, routers, identityOf),
  ].join('')
}

const stateWords = { initialize: 'INIT', backup: 'BACKUP', master: 'MASTER', fault: 'FAULT' } as const
const onOff = (on: boolean): string => (on ? 'enabled' : 'disabled')
const seconds = (us: number): number => Math.floor(us / 1_000_000)
const titled = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...lines.map((text) => `  ${text}`)]

function routerText(
  { model, snapshot }: DescribedRouter,
  groups: readonly SyncGroup[],
  scriptLines: ScriptLines,
): string {
  const { announcements: garp, notify } = model
  const group = groups.find(({ members }) => members.includes(model.name))
  const since = Date.parse(snapshot.since)
  const skew = ((256 - snapshot.effectivePriority) * (model.version === 3 ? snapshot.masterInterval : 1)) / 256
  const lines = [
    `VRRP Version = ${model.version}`,
    ...(group === undefined ? [] : [`Sync group = ${group.name}`]),
    ...(model.family === 6 ? ['Using Native IPv6'] : []),
    `State = ${stateWords[snapshot.state]}`,
    ...(snapshot.state === 'backup' && snapshot.masterAddress !== undefined
      ? [`Master router = ${snapshot.masterAddress}`, `Master priority = ${snapshot.masterPriority ?? 0}`]
      : []),
    ...(model.unicastPeers.length === 0 ? ['Flags: none'] : ['Flags:', '  Using unicast']),
    `Wantstate = ${stateWords[wantedState(model, snapshot)]}`,
    'Number of config faults = 0',
    `Number of interface and track script faults = ${isOwnFault(snapshot, group) ? 1 : 0}`,
    `Number of track scripts init = ${(snapshot.tracked ?? []).filter((one) => one.kind === 'script' && one.found === 'unknown').length}`,
    `Last transition = ${moment(new Date(since))}`,
    `Read timeout = ${snapshot.timerAt === undefined ? 'DISABLED' : moment(new Date(snapshot.timerAt))}`,
    `Master down timer = ${Math.floor((model.downTimerAdverts * snapshot.masterInterval + skew) * 1_000_000)} usecs`,
    ...interfaceLines(model, snapshot),
    ...(snapshot.source === undefined
      ? []
      : [`Using src_ip = ${snapshot.source}${model.source === undefined ? '' : ' (from configuration)'}`]),
    ...(model.unicastPeers.length === 0 ? [`Multicast address ${model.multicastGroup}`] : []),
    `Gratuitous ARP delay = ${seconds(garp.masterDelay)}`,
    `Gratuitous ARP repeat = ${garp.masterRepeat}`,
    `Gratuitous ARP refresh = ${seconds(garp.masterRefresh)}`,
    `Gratuitous ARP refresh repeat = ${garp.masterRefreshRepeat}`,
    `Gratuitous ARP lower priority delay = ${seconds(garp.lowerPrioDelay)}`,
    `Gratuitous ARP lower priority repeat = ${garp.lowerPrioRepeat}`,
    `Down timer adverts = ${model.downTimerAdverts}`,
    `Send advert after receive lower priority advert = ${!model.lowerPrioNoAdvert}`,
    `Send advert after receive higher priority advert = ${model.higherPrioSendAdvert}`,
    `Virtual Router ID = ${model.virtualRouterId}`,
    `Priority = ${model.priority}`,
    `Effective priority = ${snapshot.effectivePriority}`,
    `Total priority = ${snapshot.effectivePriority}`,
    model.version === 3
      ? `Advert interval = ${Math.round(model.advertisementInterval / 1_000)} milli-sec`
      : `Advert interval = ${seconds(model.advertisementInterval)} sec`,
    `Accept = ${onOff(model.dropsPackets !== true)}`,
    `Preempt = ${onOff(model.preempt)}`,
    ...(model.preemptDelay > 0 ? [`Preempt delay = ${model.preemptDelay / 1_000_000} secs`] : []),
    `Promote_secondaries = ${onOff(model.promotesSecondaries === true)}`,
    ...authenticationLines(model),
    `Virtual IP (${model.addresses.length}):`,
    ...addressTexts(model.addresses, model, snapshot).map((text) => `  ${text}`),
    ...titled('Virtual IP Excluded :', addressTexts(model.excludedAddresses, model, snapshot)),
    ...unicastLines(model),
    ...titled('Virtual Routes :', (model.routes ?? []).map(keepalivedRoute)),
    ...titled('Virtual Rules :', (model.rules ?? []).map(keepalivedRule)),
    ...trackedLines(model.tracks),
    `Using smtp notification = ${yesNo(model.smtpAlert === true)}`,
    `Notify deleted = ${model.tellsDeleted === true || notify.deleted !== undefined ? 'Deleted' : 'Fault'}`,
    ...scriptLines([
      ['Backup state transition', notify.backup],
      ['Master state transition', notify.master],
      ['Fault state transition', notify.fault],
      ['Stop state transition', notify.stop],
      ['Deleted state transition', notify.deleted],
      ['Generic state transition', notify.any],
      ['Master rx lower pri state transition', notify.masterRxLowerPri],
    ]),
    `Notify priority changes = ${model.tellsPriority === true}`,
  ]
  return ` VRRP Instance = ${model.name}\n${indented(lines)}`
}

const yesNo = (is: boolean): string => (is ? 'yes' : 'no')

/** It has a fault itself, and not one of its sync group only. */
const isOwnFault = ({ state, faultReason = '' }: VirtualRouterSnapshot, group: SyncGroup | undefined): boolean =>
  state === 'fault' && !(group !== undefined && faultReason.startsWith(`sync group ${group.name}: `))

function interfaceLines(model: VirtualRouter, { virtualLink: own }: VirtualRouterSnapshot): readonly string[] {
  const { virtualLink, interface: name } = model
  const onBase = virtualLink?.transmitsOnBase === true
  const [title, kind] = virtualLink?.kind === 'ipvlan' ? ['IPVLAN', 'ipvlan'] : ['VMAC', 'vmac']
  return [
    ...(virtualLink === undefined
      ? []
      : [`Use ${title}, i/f name ${own ?? ''}, is_up = ${own !== undefined}, xmit_base = ${onBase}`]),
    ...(model.anyInterface === true
      ? []
      : own === undefined
        ? [`Interface = ${name}`]
        : [`Interface = ${own}, ${kind} on ${name}${onBase ? ', xmit base i/f' : ''}`]),
    ...(model.dontTrackPrimary ? ['VRRP interface tracking disabled'] : []),
    ...(model.skipCheckAdvAddr ? ['Skip checking advert IP addresses'] : []),
  ]
}

function authenticationLines({ version, authentication }: VirtualRouter): readonly string[] {
  if (version === 3) return []
  if (authentication === undefined) return ['Authentication type = none']
  return authentication.type === 'ah'
    ? ['Authentication type = IPSEC_AH']
    : ['Authentication type = SIMPLE_PASSWORD', 'Password = ********']
}

function unicastLines(model: VirtualRouter): readonly string[] {
  const { family, unicastPeers, unicastTtl, peerTtlLimits = [] } = model
  if (unicastPeers.length === 0) return []
  const limited = (peer: string): string => {
    const { min = 0, max = 255 } = peerTtlLimits.find((one) => one.peer === peer) ?? {}
    return `  ${peer} min_ttl ${min} max_ttl ${max}`
  }
  const compatibility = { always: 'yes', never: 'never', none: 'no' }[model.oldUnicastChecksum ?? 'none']
  return [
    ...(unicastTtl === (family === 4 ? 255 : 64) ? [] : [`Unicast TTL = ${unicastTtl}`]),
    ...(model.checkUnicastSource ? ['Check unicast src : yes'] : []),
    'Unicast Peer :',
    ...unicastPeers.map(limited),
    `Unicast checksum compatibility = ${compatibility}`,
  ]
}

function groupText(group: SyncGroup, routers: readonly DescribedRouter[], scriptLines: ScriptLines): string {
  const { name, members, tracks, notify } = group
  const all = members.flatMap((member) => routers.find(({ model }) => model.name === member)?.snapshot ?? [])
  const states = all.map((one) => one.state)
  const state = states.includes('fault')
    ? 'FAULT'
    : states.every((one) => one === 'master')
      ? 'MASTER'
      : states.includes('initialize')
        ? 'INIT'
        : 'BACKUP'
  const faults = all.filter((one) => isOwnFault(one, group)).length
  const starting = states.filter((one) => one === 'initialize').length
  return (
    ` VRRP Sync Group = ${name}, ${state}\n` +
    indented([
      `Num member fault ${faults}, num member init ${starting}`,
      'VRRP member instances :',
      ...members.map((member) => `  ${member}`),
      ...(group.trackingWeight ? ['sync group tracking weight set'] : []),
      `Using smtp notification = ${yesNo(group.smtpAlert === true)}`,
      ...trackedLines(tracks),
      ...scriptLines([
        ['Backup state transition', notify.backup],
        ['Master state transition', notify.master],
        ['Fault state transition', notify.fault],
        ['Stop state transition', notify.stop],
        ['Generic state transition', notify.any],
      ]),
    ])
  )
}

const indented = (lines: readonly string[]): string => lines.map((line) => `   ${line}\n`).join('')

/** `1795356907.995000 (Sun Nov 22 14:15:07.995000 2026)` */
const moment = (at: Date): string => `${(at.getTime() / 1_000).toFixed(6)} (${calendar(at)})`

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** As ctime(3), with microseconds: `Sat Nov 21 19:07:47.024905 2026`. */
function calendar(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  const fraction = `${String(at.getMilliseconds()).padStart(3, '0')}000`
  return `${days[at.getDay()]} ${months[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${time}.${fraction} ${at.getFullYear()}`
}
