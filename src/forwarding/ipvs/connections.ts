/** Connections as /proc/net tells them. */

import { addressBytes, type IpAddress } from '../../base/index.ts'
import type { ServiceAddress } from '../../model/index.ts'
import { readFirstLines } from '../../sys/files/index.ts'
import { type ConnectionLine, connectionLineKey, isSyncedLine, readConnectionLine } from '../../wire/ipvs/index.ts'
import { type Connection, endpoint, type ForwardingState, type ServiceState, serviceKey } from '../index.ts'

const TABLE = '/proc/thread-self/net/ip_vs_conn'
/** The same connections with their origin, but without persistence engines. */
const ORIGINS = '/proc/thread-self/net/ip_vs_conn_sync'

/** The first `limit` in the kernel's order; none where the files are not to be read. */
export function readConnections(state: ForwardingState, limit: number): readonly Connection[] {
  const lines = readFirstLines(TABLE, limit + 1)
  if (!lines.ok || limit <= 0) return []
  const origins = readFirstLines(ORIGINS, limit + 1)
  const synced = new Set(origins.ok ? origins.value.filter(isSyncedLine).map(connectionLineKey) : [])
  const services = new Map(state.services.map((service) => [serviceKey(service.service.address), service]))
  return lines.value.flatMap((line) => {
    const parsed = readConnectionLine(line)
    return parsed === undefined ? [] : (connectionOf(parsed, services, synced.has(connectionLineKey(line))) ?? [])
  })
}

/** Undefined for what follows a connection without being one of its service's: AH and ESP. */
export function connectionOf(
  line: ConnectionLine,
  services: ReadonlyMap<string, ServiceState>,
  synced: boolean,
): Connection | undefined {
  const { protocol: name, state, persistenceEngine, ...tuple } = line
  const family = line.client.includes(':') ? 6 : 4
  const mark = name === 'IP' ? markOf(line.virtual) : undefined
  const protocol = protocolOf(name, state)
  if (protocol === undefined) return undefined
  const of: ServiceAddress =
    mark === undefined
      ? { kind: 'address', protocol, address: line.virtual, port: line.virtualPort }
      : { kind: 'fwmark', family, mark }
  const service = services.get(serviceKey(of)) ?? otherServiceOf(line, protocol, services)
  return {
    serviceKey: serviceKey(service?.service.address ?? of),
    protocol,
    ...tuple,
    ...(mark === undefined ? {} : { mark, virtual: (family === 4 ? '0.0.0.0' : '::') as IpAddress }),
    state,
    template: line.clientPort === 0 && (state === 'NONE' || state === 'ASSURED'),
    method: methodOf(line, service),
    synced,
    ...(persistenceEngine === undefined ? {} : { persistenceEngine }),
  }
}

/** A connection does not tell its service: the one for any port, else the one by mark that has its destination. */
function otherServiceOf(
  { virtual, destination }: ConnectionLine,
  protocol: Connection['protocol'],
  services: ReadonlyMap<string, ServiceState>,
): ServiceState | undefined {
  const anyPort = services.get(serviceKey({ kind: 'address', protocol, address: virtual, port: 0 }))
  if (anyPort !== undefined) return anyPort
  return [...services.values()].find(
    ({ service, destinations }) =>
      service.address.kind === 'fwmark' && destinations.some(({ address }) => address === destination),
  )
}

function methodOf(line: ConnectionLine, service: ServiceState | undefined): Connection['method'] {
  const { destination: address, destinationPort: port } = line
  if (address === '0.0.0.0' || address === '::') return 'bypass'
  const at = endpoint({ address, port })
  const held =
    service?.destinations.find((destination) => endpoint(destination) === at) ??
    service?.destinations.find((destination) => destination.address === address)
  // The destination is gone: only NAT changes a port.
  return held?.method ?? (port === line.virtualPort ? 'dr' : 'nat')
}

/** A template by mark holds for every protocol; it is told as one of TCP. */
function protocolOf(name: string, state: string): Connection['protocol'] | undefined {
  switch (name) {
    case 'TCP':
      return 'tcp'
    case 'UDP':
      return 'udp'
    case 'SCTP':
      return 'sctp'
    case 'IP':
      return state === 'NONE' || state === 'ASSURED' ? 'tcp' : undefined
    default:
      return undefined
  }
}

function markOf(address: IpAddress): number {
  const bytes = addressBytes(address)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}
