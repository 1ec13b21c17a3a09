/** `ipvsadm -L`: the table, in columns that scripts know by heart. */

import { assertNever } from '../../base/index.ts'
import {
  type BackendInfo,
  type Destination,
  type DestinationCounters,
  endpoint,
  type Service,
  type ServiceCounters,
  type ServiceState,
  serviceKey,
} from '../../forwarding/index.ts'
import type { Tunnel } from '../../model/index.ts'
import { exact, large, left, right } from './columns.ts'
import { type Naming, serverText, serviceText } from './naming.ts'
import type { ListForm } from './request.ts'
import { flagWords, maskText, methodNames } from './service-words.ts'

export type Listing = {
  readonly form: ListForm
  readonly exact: boolean
  readonly naming: Naming
  /** Absent: no line about IPVS itself. */
  readonly info?: BackendInfo
  /** In the order in which they are to stand. */
  readonly services: readonly ServiceState[]
  readonly counters: readonly ServiceCounters[]
}

export function listText(listing: Listing): string {
  const { info, services, counters, form } = listing
  const counted = new Map(counters.map((service) => [service.serviceKey, service]))
  const lines = [
    ...(info === undefined ? [] : [`IP Virtual Server version ${info.version} (size=${info.connectionTableSize})`]),
    ...titles(form),
  ]
  for (const { service, destinations } of services) {
    const totals = counted.get(serviceKey(service.address))
    const ofServers = new Map(totals?.destinations.map((server) => [server.destinationKey, server]))
    lines.push(serviceLine(service, totals, listing))
    for (const server of destinations)
      lines.push(serverLine(service, server, ofServers.get(endpoint(server)) ?? nothing, listing))
  }
  return `${lines.join('\n')}\n`
}

const prot = 'Prot LocalAddress:Port'
const remote = '  -> RemoteAddress:Port'

function titles(form: ListForm): readonly string[] {
  const columns = (width: number, names: readonly string[]) =>
    `${left(prot, 33)}${names.map((name) => ` ${width < 0 ? right(name, -width) : left(name, width)}`).join('')}`
  switch (form) {
    case 'plain':
      return [`${prot} Scheduler Flags`, `${remote}           Forward Weight ActiveConn InActConn`]
    case 'tun-info':
      return [`${prot} Scheduler Flags`, `${remote}           Forward TunnelInfo    Weight ActiveConn InActConn`]
    case 'stats':
      return [columns(-8, ['Conns', 'InPkts', 'OutPkts', 'InBytes', 'OutBytes']), remote]
    case 'rate':
      return [columns(-8, ['CPS', 'InPPS', 'OutPPS', 'InBPS', 'OutBPS']), remote]
    case 'thresholds':
      return [columns(10, ['Uthreshold', 'Lthreshold', 'ActiveConn', 'InActConn']), remote]
    case 'persistent-conn':
      return [
        `${left(prot, 33)} ${left('Weight', 9)} ${left('PersistConn', 11)} ${left('ActiveConn', 10)} ${left('InActConn', 10)}`,
        remote,
      ]
    default:
      return assertNever(form)
  }
}

const none = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
const nothing: DestinationCounters = {
  ...none,
  destinationKey: '',
  activeConnections: 0,
  inactiveConnections: 0,
  persistentConnections: 0,
  rates: none,
}

function serviceLine(
  service: Service,
  counters: ServiceCounters | undefined,
  { form, naming, exact: all }: Listing,
): string {
  const name = serviceText(service.address, naming)
  const number = all ? exact : large
  switch (form) {
    case 'stats':
      return (
        left(name, 33) +
        fiveNumbers(counters ?? none)
          .map(number)
          .join('')
      )
    case 'rate':
      return (
        left(name, 33) +
        fiveNumbers(counters?.rates ?? none)
          .map(number)
          .join('')
      )
    default:
      return `${name} ${service.scheduler}${properties(service)}`
  }
}

function properties(service: Service): string {
  const { persistence, persistenceEngine, onePacket, address, localAddresses = [], tcpOptionAddress } = service
  const flags = flagWords(service)
  const mask = persistence === undefined ? undefined : maskText(address, persistence)
  return [
    ...(flags === '' ? [] : [` (${flags})`]),
    ...(persistence === undefined ? [] : [` persistent ${persistence.timeout}`]),
    ...(mask === undefined ? [] : [` mask ${mask}`]),
    ...(persistence === undefined || persistenceEngine === undefined ? [] : [` pe ${persistenceEngine}`]),
    ...(onePacket ? [' ops'] : []),
    ...(localAddresses.length === 0 ? [] : [` laddr ${localAddresses.join(',')}`]),
    ...(tcpOptionAddress === true ? [' toa'] : []),
  ].join('')
}

function serverLine(
  { address }: Service,
  server: Destination,
  counters: DestinationCounters,
  { form, naming, exact: all }: Listing,
): string {
  const name = `  -> ${left(serverText(server.address, server.port, address, naming), 28)}`
  const number = all ? exact : large
  const { activeConnections: active, inactiveConnections: inactive } = counters
  const connections = `${left(active, 10)} ${left(inactive, 10)}`
  switch (form) {
    case 'plain':
      return `${name} ${left(methodNames[server.method], 7)} ${left(server.weight, 6)} ${connections}`
    case 'tun-info':
      return `${name} ${left(methodNames[server.method], 7)} ${left(tunnelText(server), 13)} ${left(server.weight, 6)} ${connections}`
    case 'stats':
      return name + fiveNumbers(counters).map(number).join('')
    case 'rate': {
      const [cps, inPackets, outPackets, inBytes = 0, outBytes = 0] = fiveNumbers(counters.rates)
      const few = [cps, inPackets, outPackets].map((rate = 0) => ` ${right(Math.floor(rate), 8)}`)
      return name + few.join('') + number(inBytes) + number(outBytes)
    }
    case 'thresholds':
      return `${name} ${left(server.upperThreshold, 10)} ${left(server.lowerThreshold, 10)} ${connections}`
    case 'persistent-conn':
      return `${name} ${left(server.weight, 9)} ${left(counters.persistentConnections, 11)} ${connections}`
    default:
      return assertNever(form)
  }
}

const fiveNumbers = (of: typeof none): readonly number[] => [
  of.connections,
  of.inPackets,
  of.outPackets,
  of.inBytes,
  of.outBytes,
]

const checksumMarks: Readonly<Record<Tunnel['checksum'], string>> = {
  none: '-c',
  checksum: '+c',
  'remote-checksum': 'r+c',
}

function tunnelText({ method, tunnel }: Destination): string {
  if (method !== 'tun') return 'n/a'
  if (tunnel === undefined || tunnel.type === 'ipip') return 'ipip'
  const mark = checksumMarks[tunnel.checksum]
  return tunnel.type === 'gue' ? `gue:${tunnel.port}:${mark}` : `gre:${mark}`
}
