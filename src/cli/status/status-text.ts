import { assertNever } from '../../base/index.ts'
import {
  type AbsentServerOrderSnapshot,
  type CatchUpSnapshot,
  type DaemonSnapshot,
  type DeliverySnapshot,
  type ExitKind,
  exitMeaning,
  type ForwardingSnapshot,
  type IncidentSnapshot,
  type OrderSnapshot,
  type RoleSnapshot,
  type ServerSourceSnapshot,
  serverOrderWords,
  type TrackedSnapshot,
  type VirtualRouterSnapshot,
  type VirtualServerSnapshot,
} from '../../observe/index.ts'
import { count, since } from './amounts.ts'
import { cell, heading, right } from './cells.ts'
import type { Palette } from './palette.ts'
import { isRouterProblem, isSessionProblem, serversInNumbers } from './problems.ts'
import { reasonsText } from './reasons-text.ts'
import { serversText } from './servers-text.ts'
import { sessionsText } from './sessions-text.ts'
import { clip, type Row, table } from './table.ts'

/**
 * The daemon's state for people: a table each for virtual routers, virtual servers and roles. What is wrong with an object
 * stands in words below its row.
 * @param now    milliseconds since 1970
 * @param width  of the terminal, in characters; absent: there is none, and nothing is left out
 * @param which  `problems`: of virtual routers, sessions and servers only those that are not as the configuration has them
 */
export function statusText(
  snapshot: DaemonSnapshot,
  now: number,
  palette: Palette,
  width?: number,
  which: 'all' | 'problems' = 'all',
): string {
  const { virtualServers, forwarding } = snapshot
  const problems = which === 'problems'
  const virtualRouters = snapshot.virtualRouters.filter((one) => !problems || isRouterProblem(one))
  const bfdSessions = snapshot.bfdSessions.filter((one) => !problems || isSessionProblem(one))
  const parts = [
    titleText(snapshot, now, palette, width),
    ...(virtualRouters.length === 0 ? [] : [routersText(virtualRouters, now, palette, width)]),
    ...(bfdSessions.length === 0 ? [] : [sessionsText(bfdSessions, now, palette, width)]),
    ...(virtualServers.length === 0
      ? []
      : [
          (problems ? `${clip(serversInNumbers(virtualServers), width ?? Infinity)}\n` : '') +
            serversText(virtualServers, forwarding, now, palette, width, which) +
            sourcesText(snapshot.serverSources ?? [], palette, width) +
            absentOrdersText(snapshot.absentServerOrders ?? [], palette, width) +
            tableText(forwarding, virtualServers, palette, width) +
            syncText(forwarding, palette, width) +
            packetsText(forwarding, palette, width),
        ]),
    rolesText(snapshot.roles, palette, width) + deliveriesText(snapshot.deliveries ?? [], palette, width),
  ]
  return parts.join('\n')
}

function titleText(snapshot: DaemonSnapshot, now: number, { title, bad }: Palette, width = Infinity): string {
  const { version, pid, startedAt, configurationFile, configurationLoadedAt, lastReloadError } = snapshot
  const lines = [
    `${title(`holdfastd ${version}`)}  pid ${pid}, up ${since(startedAt, now)}`,
    clip(`${configurationFile}, loaded ${since(configurationLoadedAt, now)} ago`, width),
    ...(lastReloadError === undefined
      ? []
      : [
          bad('The last reload was refused, nothing was changed:'),
          ...lastReloadError.split('\n').map((reason) => bad(`  ${reason}`)),
        ]),
  ]
  return `${lines.join('\n')}\n`
}

function routersText(
  routers: readonly VirtualRouterSnapshot[],
  now: number,
  { title, quiet, good, bad, odd }: Palette,
  width: number | undefined,
): string {
  const shown = { master: good, fault: bad, backup: undefined, initialize: quiet }
  const head = heading(
    title,
    ['VIRTUAL ROUTER'],
    ['ON', 4],
    ['STATE'],
    ['FOR', 1],
    ['>PRIORITY', 3],
    ['MASTER', 2],
    ['>SENT', 6],
    ['>RECEIVED', 5],
    ['>REJECTED', 1],
  )
  const rows = routers.flatMap((router): Row[] => {
    const { drops, unclaimed = {} } = router
    const rejected = Object.values(drops).reduce((sum, number) => sum + number, 0)
    return [
      [
        cell(router.name),
        cell(`${placeOf(router)}/${router.virtualRouterId} v${router.version} IPv${router.family}`),
        cell(router.state.toUpperCase(), shown[router.state]),
        cell(since(router.since, now)),
        right(
          router.effectivePriority === router.basePriority
            ? String(router.effectivePriority)
            : `${router.effectivePriority} of ${router.basePriority}`,
        ),
        cell(masterText(router)),
        right(count(router.advertisementsSent)),
        right(count(router.advertisementsReceived)),
        right(count(rejected), rejected > 0 ? odd : undefined),
      ],
      ...(router.faultReason === undefined ? [] : [{ note: `  ${router.faultReason}`, show: bad }]),
      ...(router.syncGroup === undefined ? [] : [{ note: `  in sync group ${router.syncGroup}`, show: quiet }]),
      ...(router.order === undefined ? [] : [{ note: `  ${orderText(router.order, now)}`, show: odd }]),
      ...(router.tracked ?? []).flatMap((one) => trackedNote(one, odd)),
      ...(router.state === 'master' ? [{ note: `  holds ${router.addresses.join(', ')}` }] : []),
      ...(router.incidents ?? []).map((one) => ({
        note: `  ${incidentText(one)}, last ${since(one.last, now)} ago`,
        show: odd,
      })),
      ...(rejected === 0 ? [] : [{ note: `  rejected: ${reasonsText(drops)}`, show: odd }]),
      ...(Object.keys(unclaimed).length === 0
        ? []
        : [{ note: `  heard on its socket, for no router: ${reasonsText(unclaimed)}`, show: quiet }]),
    ]
  })
  return table([head, ...rows], width)
}

/** `maintenance by root for 10m, for another 50m: kernel update`. */
function orderText({ kind, by, since: ordered, until, reason }: OrderSnapshot, now: number): string {
  const end = until === undefined ? '' : `, for another ${since(new Date(now).toISOString(), Date.parse(until))}`
  return `${kind} by ${by} for ${since(ordered, now)}${end}${reason === undefined ? '' : `: ${reason}`}`
}

/** What others did to what it holds. */
function incidentText({ kind, subject, by, count: times }: IncidentSnapshot): string {
  const often = times === 1 ? 'once' : `${times} times`
  switch (kind) {
    case 'removed':
      return `${subject} was removed and put back ${often}`
    case 'claimed':
      return `${subject} is claimed by ${by ?? 'another host'}, ${often}`
    case 'elsewhere':
      return `${subject} was put on ${by ?? 'another interface'} as well, ${often}`
    case 'duplicate':
      return `${subject} failed duplicate address detection ${often}`
    default:
      return assertNever(kind)
  }
}

/** Only what is not as it should be. */
function trackedNote(one: TrackedSnapshot, show: (text: string) => string): readonly Row[] {
  const state = trackedState(one)
  const weight = one.weight === 0 ? '' : `, weight ${one.weight}`
  return state === undefined ? [] : [{ note: `  ${one.kind} ${one.name}${state}${weight}`, show }]
}

function trackedState({ kind, found, reason = '' }: TrackedSnapshot): string | undefined {
  if (found === 'good' || found === 0) return undefined
  if (typeof found === 'number') return ` holds ${found}`
  if (found === 'bad') return kind === 'interface' ? `: ${reason}` : ` ${reason}`
  return found === 'unknown' ? ' has no result yet' : ' may not be run and counts for nothing'
}

function masterText({ masterAddress, masterPriority, state }: VirtualRouterSnapshot): string {
  if (masterAddress === undefined) return '-'
  if (state === 'master') return `${masterAddress} (us)`
  return masterPriority === undefined ? masterAddress : `${masterAddress} (${masterPriority})`
}

/** How full the table of connections is, and what is in the table of services that the daemon did not put there. */
function tableText(
  forwarding: ForwardingSnapshot | undefined,
  virtualServers: readonly VirtualServerSnapshot[],
  { quiet }: Palette,
  width = Infinity,
): string {
  if (forwarding === undefined) return ''
  const { backend, connectionTable: held, services } = forwarding
  const each = services.some(({ key }) => /\[|^fwmark\/6/.test(key)) ? ' of each family' : ''
  const room = backend === 'ebpf' ? `; there is room for ${count(held.size)}${each}` : ''
  const configured = new Set(virtualServers.flatMap(({ key, group }) => [key, ...(group?.others ?? [])]))
  const byHand = services.filter(({ key }) => !configured.has(key)).length
  const others = byHand === 0 ? '' : `; ${byHand} ${byHand === 1 ? 'service' : 'services'} made by hand`
  return `${quiet(clip(`${backend}, ${count(held.connections)} connections${room}${others}`, width))}\n`
}

/** Sync daemons, and what they have told and heard as far as it is not zero. */
function syncText(forwarding: ForwardingSnapshot | undefined, { quiet }: Palette, width = Infinity): string {
  if (forwarding?.sync === undefined) return ''
  const { daemons, counters = {}, catchUp } = forwarding.sync
  const running = daemons.map((one) => `${one.role} on ${one.interface} (id ${one.syncId})`).join(', ')
  const counted = Object.entries(counters).flatMap(([name, number]) => (number > 0 ? [`${name} ${count(number)}`] : []))
  const fetched = catchUp === undefined ? [] : [catchUpText(catchUp)]
  return `${quiet(clip(`connection sync: ${[running, ...fetched, ...counted].join('; ')}`, width))}\n`
}

function catchUpText({ state, from, connections = 0, reason }: CatchUpSnapshot): string {
  switch (state) {
    case 'asking':
      return 'asks for all connections'
    case 'fetching':
      return `fetches all connections from ${from}, ${count(connections)} so far`
    case 'complete':
      return `fetched all ${count(connections)} connections from ${from}`
    case 'no-answer':
      return 'nobody hands all connections over'
    case 'broken':
      return `could not fetch all connections: ${reason}`
  }
}

/** What became of packets: a line for each kind of counter that is not zero, and what to do about those that tell of want. */
function packetsText(forwarding: ForwardingSnapshot | undefined, { odd, quiet }: Palette, width = Infinity): string {
  if (forwarding === undefined) return ''
  const counted = Object.entries(forwarding.exits).filter(([, number]) => number > 0)
  const line = (title: string, kind: ExitKind, show: (text: string) => string): readonly string[] => {
    const these = counted.filter(([name]) => exitMeaning(name).kind === kind)
    return these.length === 0 ? [] : [show(clip(`${title}: ${reasonsText(Object.fromEntries(these))}`, width))]
  }
  const remedies = counted.flatMap(([name]) => {
    const { meaning, remedy } = exitMeaning(name)
    return remedy === undefined ? [] : [odd(clip(`  ${name}: ${meaning}; ${remedy}`, width))]
  })
  return [
    ...line('packets', 'carried', quiet),
    ...line('packets for the stack', 'not-ours', quiet),
    ...line('packets not forwarded', 'lost', odd),
    ...line('noted', 'noted', quiet),
    ...remedies,
  ]
    .map((text) => `${text}\n`)
    .join('')
}

function rolesText(roles: readonly RoleSnapshot[], { title, bad, quiet, odd }: Palette, width?: number): string {
  const head = heading(title, ['ROLE'], ['STATE'], ['>PID'], ['>RESTARTS'])
  const rows = roles.flatMap(({ role, state, pid, restarts }): Row[] => [
    [
      cell(role),
      cell(state, state === 'running' ? undefined : state === 'stopped' ? quiet : bad),
      right(pid === undefined ? '-' : String(pid)),
      right(String(restarts), restarts > 0 ? odd : undefined),
    ],
    ...(state === 'running' || state === 'stopped' ? [] : [{ note: '  what it knows is missing above', show: bad }]),
  ])
  return table([head, ...rows], width)
}

/** Lists of real servers that cannot be followed. */
function sourcesText(sources: readonly ServerSourceSnapshot[], { bad }: Palette, width = Infinity): string {
  return sources
    .flatMap((source) => {
      const { servers, problem } = source
      const title = 'file' in source ? source.file : `${source.records} ${source.name}`
      return problem === undefined
        ? []
        : [`${bad(clip(`${title} cannot be used, ${servers} servers known: ${problem}`, width))}\n`]
    })
    .join('')
}

/** Orders about real servers that are not in any table of their own, because no list has them. */
function absentOrdersText(orders: readonly AbsentServerOrderSnapshot[], { odd }: Palette, width = Infinity): string {
  return orders
    .map((order) => {
      const { realServer, virtualServer } = order
      const name = virtualServer === undefined ? realServer : `${realServer} of ${virtualServer}`
      return `${odd(clip(`${name} is not listed just now; ${serverOrderWords(order)}`, width))}\n`
    })
    .join('')
}

/** FIFOs that nobody reads, and mail that does not leave. */
function deliveriesText(deliveries: readonly DeliverySnapshot[], { odd }: Palette, width = Infinity): string {
  return deliveries
    .filter(({ waiting, lost }) => waiting + lost > 0)
    .map(({ to, waiting, lost }) => {
      const what = to === 'mail' ? 'mail' : `lines for ${to}`
      return `${odd(clip(`${what}: ${count(waiting)} waiting, ${count(lost)} lost`, width))}\n`
    })
    .join('')
}

/** `eth0`, with a virtual link `vrrp.51@eth0` as ip(8) has it. */
const placeOf = ({ interface: name, virtualLink }: VirtualRouterSnapshot): string =>
  name === '' ? 'any' : virtualLink === undefined ? name : `${virtualLink}@${name}`
