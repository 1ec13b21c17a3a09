import type {
  DaemonSnapshot,
  DestinationSnapshot,
  ForwardingSnapshot,
  RealServerSnapshot,
  RoleSnapshot,
  VirtualRouterSnapshot,
  VirtualServerSnapshot,
} from '../../observe/index.ts'
import { count, since } from './amounts.ts'
import type { Palette } from './palette.ts'
import { type Cell, table } from './table.ts'

/**
 * The daemon's state for people: a table each for virtual routers, virtual servers and roles.
 * @param now  milliseconds since 1970
 */
export function statusText(snapshot: DaemonSnapshot, now: number, palette: Palette): string {
  const { virtualRouters, virtualServers, forwarding } = snapshot
  const parts = [
    heading(snapshot, now, palette),
    ...(virtualRouters.length === 0 ? [] : [routersText(virtualRouters, now, palette)]),
    ...(virtualServers.length === 0 ? [] : [serversText(virtualServers, forwarding, now, palette)]),
    rolesText(snapshot.roles, palette),
  ]
  return parts.join('\n')
}

function heading(snapshot: DaemonSnapshot, now: number, { title, bad }: Palette): string {
  const { version, pid, startedAt, configurationFile, configurationLoadedAt, lastReloadError } = snapshot
  const loaded = `${configurationFile}, loaded ${since(configurationLoadedAt, now)} ago`
  const refused = lastReloadError === undefined ? '' : `${bad(`Last reload refused: ${lastReloadError}`)}\n`
  return `${title(`holdfastd ${version}`)}  pid ${pid}, up ${since(startedAt, now)}\n${loaded}\n${refused}`
}

function routersText(routers: readonly VirtualRouterSnapshot[], now: number, palette: Palette): string {
  const { title, quiet, good, bad } = palette
  const shown = { master: good, fault: bad, backup: plain, initialize: quiet }
  const head = row(title, 'VIRTUAL ROUTER', 'ON', 'STATE', 'FOR', '>PRIO', 'MASTER', '>SENT', '>RECEIVED', 'REJECTED')
  const rows = routers.map((router): Cell[] => [
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
    cell(dropsText(router.drops), Object.keys(router.drops).length > 0 ? bad : quiet),
  ])
  const details = routers.flatMap(({ name, faultReason, addresses, state }) => [
    ...(faultReason === undefined ? [] : [`${name}: ${bad(faultReason)}\n`]),
    ...(state === 'master' ? [`${name} holds ${addresses.join(', ')}\n`] : []),
  ])
  return table([head, ...rows]) + details.join('')
}

function masterText({ masterAddress, masterPriority, state }: VirtualRouterSnapshot): string {
  if (masterAddress === undefined) return '-'
  const own = state === 'master' ? ' (us)' : masterPriority === undefined ? '' : ` (${masterPriority})`
  return masterAddress + own
}

function dropsText(drops: Readonly<Record<string, number>>): string {
  const entries = Object.entries(drops)
  return entries.length === 0 ? '-' : entries.map(([reason, number]) => `${count(number)} ${reason}`).join(', ')
}

function serversText(
  servers: readonly VirtualServerSnapshot[],
  forwarding: ForwardingSnapshot | undefined,
  now: number,
  palette: Palette,
): string {
  const { title, good, bad } = palette
  const services = new Map(forwarding?.services.map((service) => [service.key, service]))
  const head = row(
    title,
    'VIRTUAL SERVER',
    'STATE',
    'FOR',
    '>WEIGHT',
    '>ACTIVE',
    '>INACTIVE',
    '>CONNECTIONS',
    'LAST CHECK',
    'REASON',
  )
  const rows = servers.flatMap((server): Cell[][] => {
    const service = services.get(server.key)
    const destinations = new Map(service?.destinations.map((held) => [place(held), held]))
    const quorum = server.quorum === 'up' ? cell('UP', good) : cell('DOWN', bad)
    const persistence = service?.persistenceTimeout === undefined ? '' : `, persistent ${service.persistenceTimeout} s`
    const configured = new Set(server.realServers.map(place))
    return [
      [
        cell(`${server.key} ${server.scheduler}${persistence}`),
        quorum,
        ...blanks(6),
        cell(service?.failure ?? '', bad),
      ],
      ...server.realServers.map((real) => realServerRow(real, destinations.get(place(real)), now, palette)),
      ...[...destinations.values()]
        .filter((held) => !configured.has(place(held)))
        .map((held) => [cell(`  ${place(held)} ${held.method}`), cell('SORRY'), cell(''), ...counters(held)]),
    ]
  })
  return table([head, ...rows])
}

function realServerRow(
  real: RealServerSnapshot,
  held: DestinationSnapshot | undefined,
  now: number,
  { good, bad, quiet }: Palette,
): Cell[] {
  const shown = { up: good, down: bad, unknown: quiet }[real.state]
  const checks = real.checkers.flatMap(({ lastProbe, lastOutcome }) =>
    lastProbe === undefined ? [] : [`${lastOutcome ?? 'probed'} ${since(lastProbe, now)} ago`],
  )
  return [
    cell(`  ${place(real)}${held === undefined ? '' : ` ${held.method}`}`),
    cell(real.state.toUpperCase(), shown),
    cell(since(real.since, now)),
    ...(held === undefined ? [right('-'), right('-'), right('-'), right('-')] : counters(held)),
    cell(checks.join(', ') || '-'),
    cell(real.reason ?? '', bad),
  ]
}

const counters = (held: DestinationSnapshot): Cell[] => [
  right(String(held.weight)),
  right(count(held.activeConnections)),
  right(count(held.inactiveConnections)),
  right(count(held.connections)),
]

function rolesText(roles: readonly RoleSnapshot[], { title, bad, quiet }: Palette): string {
  const head = row(title, 'ROLE', 'STATE', '>PID', '>RESTARTS')
  const rows = roles.map(({ role, state, pid, restarts }): Cell[] => [
    cell(role),
    cell(state, state === 'running' ? plain : state === 'stopped' ? quiet : bad),
    right(pid === undefined ? '-' : String(pid)),
    right(String(restarts), restarts > 0 ? bad : plain),
  ])
  return table([head, ...rows])
}

/** A heading leans to the right when it begins with `>`. */
const row = (show: (text: string) => string, ...texts: readonly string[]): Cell[] =>
  texts.map((text) => (text.startsWith('>') ? right(text.slice(1), show) : cell(text, show)))
const cell = (text: string, show: (text: string) => string = plain): Cell => ({ text, show })
const right = (text: string, show: (text: string) => string = plain): Cell => ({ text, show, right: true })
const blanks = (many: number): Cell[] => Array.from({ length: many }, () => cell(''))
const plain = (text: string): string => text
const place = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
