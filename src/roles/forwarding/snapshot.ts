import type { DestinationCounters, ForwardingBackend, ServiceCounters, ServiceState } from '../../forwarding/index.ts'
import { endpoint, serviceKey } from '../../model/index.ts'
import type { DestinationSnapshot, ForwardingSnapshot, ServiceSnapshot } from '../../observe/index.ts'
import type { ServiceFailure } from './supported.ts'

/** What the backend holds and has counted, with what it could not be given. */
export async function snapshotOf(
  backend: ForwardingBackend,
  failures: readonly ServiceFailure[],
  wanted: readonly ServiceState[],
): Promise<ForwardingSnapshot> {
  const [state, counters, exits] = await Promise.all([backend.read(), backend.counters(), backend.exits()])
  const counted = new Map(counters.map((service) => [service.serviceKey, service]))
  const failure = (key: string) =>
    failures
      .filter((candidate) => candidate.serviceKey === key)
      .map(({ reason }) => reason)
      .join('; ') || undefined
  const held = new Set(state.services.map(({ service }) => serviceKey(service.address)))
  const absent = wanted
    .filter(({ service }) => !held.has(serviceKey(service.address)))
    .map((service) => ({ ...service, destinations: [] }))
  return {
    backend: backend.kind,
    services: [...state.services, ...absent].map((service) => {
      const key = serviceKey(service.service.address)
      return serviceSnapshot(key, service, counted.get(key), failure(key))
    }),
    exits,
  }
}

function serviceSnapshot(
  key: string,
  { service, destinations }: ServiceState,
  counters: ServiceCounters | undefined,
  failure: string | undefined,
): ServiceSnapshot {
  const counted = new Map(counters?.destinations.map((destination) => [destination.destinationKey, destination]))
  return {
    key,
    scheduler: service.scheduler,
    ...(service.persistence === undefined ? {} : { persistenceTimeout: service.persistence.timeout }),
    ...(failure === undefined ? {} : { failure }),
    destinations: destinations.map((destination) =>
      destinationSnapshot(destination, counted.get(endpoint(destination))),
    ),
  }
}

function destinationSnapshot(
  { address, port, method, weight }: ServiceState['destinations'][number],
  counters: DestinationCounters | undefined,
): DestinationSnapshot {
  return {
    address,
    port,
    method,
    weight,
    activeConnections: counters?.activeConnections ?? 0,
    inactiveConnections: counters?.inactiveConnections ?? 0,
    persistentConnections: counters?.persistentConnections ?? 0,
    connections: counters?.connections ?? 0,
    inPackets: counters?.inPackets ?? 0,
    outPackets: counters?.outPackets ?? 0,
    inBytes: counters?.inBytes ?? 0,
    outBytes: counters?.outBytes ?? 0,
  }
}
