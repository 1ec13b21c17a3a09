import { endpoint } from '../../model/index.ts'
import {
  type CheckerSnapshot,
  type DestinationSnapshot,
  type ForwardingSnapshot,
  heldDestinations,
  type RealServerSnapshot,
  type ServiceSnapshot,
  serverOrderWords,
  type VirtualServerSnapshot,
} from '../../observe/index.ts'
import { bytes, count, since } from './amounts.ts'
import { cell, heading, right } from './cells.ts'
import type { Palette } from './palette.ts'
import { isServerProblem, isServiceProblem } from './problems.ts'
import { type Cell, type Row, table } from './table.ts'

/**
 * Virtual servers, and indented below each its real servers and a sorry server in use.
 * @param which  `problems`: only what is not as the configuration has it; may be nothing
 */
export function serversText(
  servers: readonly VirtualServerSnapshot[],
  forwarding: ForwardingSnapshot | undefined,
  now: number,
  palette: Palette,
  width: number | undefined,
  which: 'all' | 'problems',
): string {
  const problems = which === 'problems'
  const failed = new Set(forwarding?.services.flatMap(({ key, failure }) => (failure === undefined ? [] : [key])))
  const shown = problems ? servers.filter((server) => isServiceProblem(server, failed)) : servers
  if (shown.length === 0) return ''
  const services = new Map(forwarding?.services.map((service) => [service.key, service]))
  const head = heading(
    palette.title,
    ['VIRTUAL SERVER'],
    ['STATE'],
    ['FOR', 3],
    ['>WEIGHT', 2],
    ['>ACTIVE'],
    ['>INACTIVE', 4],
    ['>CONNECTIONS', 5],
    ['>IN', 6],
    ['>OUT', 7],
    ['>NEW/S', 8],
    ['>IN/S', 9],
    ['>OUT/S', 10],
    ['LAST CHECK', 1],
  )
  const rows = shown.flatMap((server): Row[] => {
    const service = services.get(server.key)
    const all = [server.key, ...(server.group?.others ?? [])].flatMap((key) => services.get(key) ?? [])
    const destinations = heldDestinations(server, all)
    const failures = new Set(all.flatMap(({ failure }) => failure ?? []))
    const configured = new Set(server.realServers.map(endpoint))
    return [
      [cell(server.key), server.quorum === 'up' ? cell('UP', palette.good) : cell('DOWN', palette.bad)],
      {
        note: `  ${[server.scheduler, ...(service === undefined ? [] : traits(service))].join(', ')}`,
        show: palette.quiet,
      },
      ...(server.group === undefined ? [] : [{ note: `  ${groupText(server.group)}`, show: palette.quiet }]),
      ...(server.suspended === true
        ? [{ note: '  ha_suspend: not checked, no address of it is on this host', show: palette.quiet }]
        : []),
      ...[...failures].map((failure) => ({ note: `  ${failure}`, show: palette.bad })),
      ...server.realServers
        .filter((real) => !problems || isServerProblem(real))
        .flatMap((real) => realServerRows(real, destinations.get(endpoint(real)), now, palette)),
      ...[...destinations.values()]
        .filter((held) => !configured.has(endpoint(held)) && (!problems || server.sorryServerInUse))
        .map((held) => [
          cell(`  ${endpoint(held)} ${methodText(held)}`),
          server.sorryServerInUse ? cell('SORRY', palette.odd) : cell('SPARE', palette.quiet),
          cell(''),
          ...counters(held),
        ]),
    ]
  })
  return table([head, ...rows], width)
}

function realServerRows(
  real: RealServerSnapshot,
  held: DestinationSnapshot | undefined,
  now: number,
  { good, bad, odd, quiet }: Palette,
): readonly Row[] {
  const shown = { up: good, down: bad, unknown: quiet }[real.state]
  return [
    [
      cell(`  ${endpoint(real)}${held === undefined ? '' : ` ${methodText(held)}`}`),
      cell(real.state.toUpperCase(), shown),
      cell(since(real.since, now)),
      ...(held === undefined ? Array.from({ length: 9 }, () => right('-')) : counters(held)),
      cell(checkText(real.checkers, now)),
    ],
    ...(real.hostName === undefined ? [] : [{ note: `    ${real.hostName}`, show: quiet }]),
    ...(real.reason === undefined ? [] : [{ note: `    ${real.reason}`, show: bad }]),
    ...real.checkers
      .filter(tellsNothing)
      .map(({ kind, detail }) => ({ note: `    ${kind} check cannot be made: ${detail}`, show: odd })),
    ...standingNotes(real, held).map((note) => ({ note: `    ${note}`, show: odd })),
  ]
}

/** This host could not ask, so the server stays what it was. */
const tellsNothing = ({ lastOutcome, detail }: CheckerSnapshot): boolean =>
  detail !== undefined && (lastOutcome === 'local-error' || lastOutcome === 'not-supported')

/** What else counts for it than its checks: orders with who gave them and why, a slow start, a panic. */
function standingNotes(real: RealServerSnapshot, held: DestinationSnapshot | undefined): readonly string[] {
  const { weight, effectiveWeight, rampedWeight, kept, orders = [] } = real
  return [
    ...orders.map((order) => serverOrderWords(order)),
    ...(effectiveWeight === undefined || orders.some(({ kind }) => kind === 'weight')
      ? []
      : [`weight ${count(effectiveWeight)} by its checks, ${count(weight)} by configuration`]),
    ...(rampedWeight === undefined
      ? []
      : [`slow start: ${count(rampedWeight)} of ${count(effectiveWeight ?? weight)}`]),
    ...(kept === true && held !== undefined
      ? ['serves although it is down: too few others are left (panic_threshold)']
      : []),
  ]
}

/** The check that tells most: one that failed, else the first; and how many more there are. */
function checkText(checkers: readonly CheckerSnapshot[], now: number): string {
  const told = checkers.find(({ up }) => !up) ?? checkers[0]
  if (told === undefined) return 'not checked'
  const others = checkers.length > 1 ? ` (1 of ${checkers.length})` : ''
  return told.lastProbe === undefined
    ? `none yet${others}`
    : `${told.lastOutcome ?? 'probed'} ${since(told.lastProbe, now)} ago${others}`
}

const counters = (held: DestinationSnapshot): readonly Cell[] => [
  right(String(held.weight)),
  right(count(held.activeConnections)),
  right(count(held.inactiveConnections)),
  right(count(held.connections)),
  right(bytes(held.inBytes)),
  right(answersPassHere(held) ? bytes(held.outBytes) : '-'),
  right(count(Math.round(held.rates.connections))),
  right(bytes(held.rates.inBytes)),
  right(answersPassHere(held) ? bytes(held.rates.outBytes) : '-'),
]

const groupText = ({ name, others }: { readonly name: string; readonly others: readonly string[] }): string =>
  others.length <= 3
    ? [`group ${name}`, ...others].join(', ')
    : `group ${name}, ${others.slice(0, 2).join(', ')} and ${others.length - 2} more`

/** By direct routing and tunnels they go to the client another way. */
const answersPassHere = ({ method }: DestinationSnapshot): boolean => method === 'nat' || method === 'fullnat'

/** `dr`, `fullnat`, `tun gue:6080 checksum`. */
function methodText({ method, tunnel }: DestinationSnapshot): string {
  if (tunnel === undefined || tunnel.type === 'ipip') return method
  const port = tunnel.port === 0 ? '' : `:${tunnel.port}`
  return `${method} ${tunnel.type}${port}${tunnel.checksum === 'none' ? '' : ` ${tunnel.checksum}`}`
}

/** What is special about a service, in words. */
function traits(service: ServiceSnapshot): readonly string[] {
  const { key, persistenceTimeout: timeout, persistencePrefixLength: prefix, localAddresses = [] } = service
  const full = /\[|fwmark\/6/.test(key) ? 128 : 32
  const group = prefix === undefined || prefix === full ? '' : ` by /${prefix}`
  return [
    ...(service.schedulerFlags ?? []),
    ...(service.onePacket === true ? ['one packet'] : []),
    ...(timeout === undefined ? [] : [`persistent ${timeout} s${group}`]),
    ...(service.persistenceEngine === undefined ? [] : [`engine ${service.persistenceEngine}`]),
    ...(localAddresses.length === 0 ? [] : [`${count(localAddresses.length)} local addresses`]),
    ...(service.tcpOptionAddress === true ? ['toa'] : []),
  ]
}
