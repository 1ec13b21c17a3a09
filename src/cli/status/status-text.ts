import type { DaemonSnapshot, ForwardingSnapshot, RoleSnapshot, VirtualRouterSnapshot } from '../../observe/index.ts'
import { count, since } from './amounts.ts'
import { cell, heading, right } from './cells.ts'
import type { Palette } from './palette.ts'
import { serversText } from './servers-text.ts'
import { clip, type Row, table } from './table.ts'

/**
 * The daemon's state for people: a table each for virtual routers, virtual servers and roles. What is wrong with an object
 * stands in words below its row.
 * @param now    milliseconds since 1970
 * @param width  of the terminal, in characters; absent: there is none, and nothing is left out
 */
export function statusText(snapshot: DaemonSnapshot, now: number, palette: Palette, width?: number): string {
  const { virtualRouters, virtualServers, forwarding } = snapshot
  const parts = [
    titleText(snapshot, now, palette, width),
    ...(virtualRouters.length === 0 ? [] : [routersText(virtualRouters, now, palette, width)]),
    ...(virtualServers.length === 0
      ? []
      : [
          serversText(virtualServers, forwarding, now, palette, width) +
            tableText(forwarding, palette, width) +
            packetsText(forwarding, palette, width),
        ]),
    rolesText(snapshot.roles, palette, width),
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
        cell(`${router.interface}/${router.virtualRouterId} v${router.version} IPv${router.family}`),
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
      ...(router.state === 'master' ? [{ note: `  holds ${router.addresses.join(', ')}` }] : []),
      ...(rejected === 0 ? [] : [{ note: `  rejected: ${reasonsText(drops)}`, show: odd }]),
      ...(Object.keys(unclaimed).length === 0
        ? []
        : [{ note: `  heard on its socket, for no router: ${reasonsText(unclaimed)}`, show: quiet }]),
    ]
  })
  return table([head, ...rows], width)
}

function masterText({ masterAddress, masterPriority, state }: VirtualRouterSnapshot): string {
  if (masterAddress === undefined) return '-'
  if (state === 'master') return `${masterAddress} (us)`
  return masterPriority === undefined ? masterAddress : `${masterAddress} (${masterPriority})`
}

/** Ways out of the forwarding programs that are no loss: forwarded, or not for a virtual server. */
const harmless = new Set([
  'forwarded',
  'replied',
  'icmp-relayed',
  'local',
  'not-to-us',
  'not-ip',
  'vlan',
  'other-protocol',
  'icmp-other',
  'no-service',
  'ftp-data',
  'reply-to-stack',
])

/** How full the table of connections is. */
function tableText(forwarding: ForwardingSnapshot | undefined, { quiet }: Palette, width = Infinity): string {
  if (forwarding === undefined) return ''
  const { backend, connectionTable: held } = forwarding
  const room = backend === 'ebpf' ? ` of ${count(held.size)} there is room for` : ''
  return `${quiet(clip(`${backend}, ${count(held.connections)} connections${room}`, width))}\n`
}

/** What became of packets, where some were not forwarded that should have been. */
function packetsText(forwarding: ForwardingSnapshot | undefined, { odd }: Palette, width: number | undefined): string {
  if (forwarding === undefined) return ''
  const lost = Object.entries(forwarding.exits).filter(([reason, number]) => number > 0 && !harmless.has(reason))
  if (lost.length === 0) return ''
  return `${odd(clip(`packets not forwarded: ${reasonsText(Object.fromEntries(lost))}`, width ?? Infinity))}\n`
}

/** `17 authentication, 2 ttl`, the most frequent first. */
const reasonsText = (counted: Readonly<Record<string, number>>): string =>
  Object.entries(counted)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, number]) => `${count(number)} ${reason}`)
    .join(', ')

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
