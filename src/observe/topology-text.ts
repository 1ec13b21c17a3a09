import type { SyncGroup, TrackScript, VirtualAddress, VirtualRouter } from '../model/index.ts'
import { addressText, commandWords, wantedState } from './keepalived-words.ts'
import type { VirtualRouterSnapshot } from './snapshot.ts'

/** A virtual router as configured and as it is. */
export type DescribedRouter = {
  readonly model: VirtualRouter
  readonly snapshot: VirtualRouterSnapshot
  /** As text; absent: none. */
  readonly routes?: readonly string[]
  readonly rules?: readonly string[]
}

/**
 * Virtual routers, sync groups and scripts in the layout of keepalived's data file, line by line, so that what reads that
 * finds them: indentation, order and spelling are keepalived's. What Holdfast has no counterpart of is left out; passwords
 * are asterisks.
 */
export function topologyText(
  routers: readonly DescribedRouter[],
  groups: readonly SyncGroup[],
  scripts: readonly TrackScript[],
): string {
  return [
    '------< VRRP Topology >------\n',
    ...routers.map((one) => routerText(one, groups)),
    ...(groups.length === 0
      ? []
      : ['------< VRRP Sync groups >------\n', ...groups.map((one) => groupText(one, routers))]),
    ...(scripts.length === 0
      ? []
      : ['------< VRRP Scripts >------\n', ...scripts.map((one) => scriptText(one, routers))]),
  ].join('')
}

const stateWords = { initialize: 'INIT', backup: 'BACKUP', master: 'MASTER', fault: 'FAULT' } as const
const onOff = (on: boolean): string => (on ? 'enabled' : 'disabled')
const seconds = (us: number): number => Math.floor(us / 1_000_000)

function routerText(
  { model, snapshot, routes = [], rules = [] }: DescribedRouter,
  groups: readonly SyncGroup[],
): string {
  const { announcements: garp, authentication } = model
  const group = groups.find(({ members }) => members.includes(model.name))
  const since = Date.parse(snapshot.since)
  const isMaster = snapshot.state === 'master'
  const list = (all: readonly VirtualAddress[]) => all.map((one) => `  ${addressText(one, isMaster)}`)
  const tracked = (kind: string) => model.tracks.filter((one) => one.kind === kind)
  const skew = ((256 - snapshot.effectivePriority) * (model.version === 3 ? snapshot.masterInterval : 1)) / 256
  const lines = [
    `VRRP Version = ${model.version}`,
    ...(group === undefined ? [] : [`Sync group = ${group.name}`]),
    ...(model.family === 6 ? ['Using Native IPv6'] : []),
    `State = ${stateWords[snapshot.state]}`,
    ...(snapshot.state === 'backup' && snapshot.masterAddress !== undefined
      ? [`Master router = ${snapshot.masterAddress}`, `Master priority = ${snapshot.masterPriority ?? 0}`]
      : []),
    'Flags: none',
    `Wantstate = ${stateWords[wantedState(model, snapshot)]}`,
    'Number of config faults = 0',
    `Number of interface and track script faults = ${snapshot.state === 'fault' ? 1 : 0}`,
    `Number of track scripts init = ${(snapshot.tracked ?? []).filter((one) => one.kind === 'script' && one.found === 'unknown').length}`,
    `Last transition = ${(since / 1_000).toFixed(6)} (${calendar(new Date(since))})`,
    `Master down timer = ${Math.floor((model.downTimerAdverts * snapshot.masterInterval + skew) * 1_000_000)} usecs`,
    ...(model.anyInterface === true ? [] : [`Interface = ${model.interface}`]),
    ...(isMaster && snapshot.masterAddress !== undefined ? [`Using src_ip = ${snapshot.masterAddress}`] : []),
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
    'Promote_secondaries = disabled',
    ...(authentication === undefined
      ? []
      : [
          `Authentication type = ${authentication.type === 'pass' ? 'SIMPLE_PASSWORD' : 'IPSEC_AH'}`,
          'Password = ********',
        ]),
    ...(model.unicastPeers.length === 0 ? [] : ['Unicast Peer :', ...model.unicastPeers.map((peer) => `  ${peer}`)]),
    `Virtual IP (${model.addresses.length}):`,
    ...list(model.addresses),
    ...(model.excludedAddresses.length === 0 ? [] : ['Virtual IP Excluded :', ...list(model.excludedAddresses)]),
    ...(routes.length === 0 ? [] : ['Virtual Routes :', ...routes.map((text) => `  ${text}`)]),
    ...(rules.length === 0 ? [] : ['Virtual Rules :', ...rules.map((text) => `  ${text}`)]),
    ...trackedLines('Tracked interfaces :', tracked('interface')),
    ...trackedLines('Tracked scripts :', tracked('script')),
    ...trackedLines('Tracked files :', tracked('file')),
    ...trackedLines('Tracked processes :', tracked('process')),
    ...trackedLines('Tracked BFD instances :', tracked('bfd')),
    `Using smtp notification = ${model.smtpAlert === true ? 'yes' : 'no'}`,
    `Notify deleted = ${model.tellsDeleted === true || model.notify.deleted !== undefined ? 'Deleted' : 'Fault'}`,
    `Notify priority changes = ${model.tellsPriority === true}`,
  ]
  return ` VRRP Instance = ${model.name}\n${indented(lines)}`
}

const trackedLines = (title: string, tracks: VirtualRouter['tracks']): readonly string[] =>
  tracks.length === 0
    ? []
    : [title, ...tracks.map(({ name, weight, reverse }) => `  ${name} weight ${weight}${reverse ? ' reverse' : ''}`)]

function groupText({ name, members }: SyncGroup, routers: readonly DescribedRouter[]): string {
  const states = members.flatMap((member) => routers.find(({ model }) => model.name === member)?.snapshot.state ?? [])
  const state = states.includes('fault')
    ? 'FAULT'
    : states.every((one) => one === 'master')
      ? 'MASTER'
      : states.includes('initialize')
        ? 'INIT'
        : 'BACKUP'
  const of = (wanted: string) => states.filter((one) => one === wanted).length
  return (
    ` VRRP Sync Group = ${name}, ${state}\n` +
    indented([
      `Num member fault ${of('fault')}, num member init ${of('initialize')}`,
      'VRRP member instances :',
      ...members.map((member) => `  ${member}`),
    ])
  )
}

function scriptText(script: TrackScript, routers: readonly DescribedRouter[]): string {
  const tracking = routers.flatMap(({ model, snapshot }) =>
    (snapshot.tracked ?? [])
      .filter(({ kind, name }) => kind === 'script' && name === script.name)
      .map((one) => ({ router: model.name, ...one })),
  )
  const isGood = tracking.some(({ found }) => found === 'good')
  return (
    ` VRRP Script = ${script.name}\n` +
    indented([
      `Command = ${commandWords(script.command)}`,
      `Interval = ${seconds(script.interval)} sec`,
      `Timeout = ${seconds(script.timeout)} sec`,
      `Rise = ${script.rise}`,
      `Fall = ${script.fall}`,
      `Insecure = ${tracking.some(({ found }) => found === 'ignored') ? 'yes' : 'no'}`,
      `Init state = ${script.initFail ? 'failed' : 'unknown'}`,
      `Status = ${isGood ? 'GOOD' : 'BAD'}`,
      'Tracking instances :',
      ...tracking.map(({ router, weight }) => `  ${router}, weight ${weight}`),
      'State = idle',
    ])
  )
}

const indented = (lines: readonly string[]): string => lines.map((line) => `   ${line}\n`).join('')

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** As ctime(3), with microseconds: `Sat Nov 21 19:07:47.024905 2026`. */
function calendar(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  const fraction = `${String(at.getMilliseconds()).padStart(3, '0')}000`
  return `${days[at.getDay()]} ${months[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${time}.${fraction} ${at.getFullYear()}`
}
