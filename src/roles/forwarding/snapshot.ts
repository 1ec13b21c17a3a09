import type {
  DestinationCounters,
  ForwardingBackend,
  ServiceCounters,
  ServiceState,
  SyncDaemon,
  TrafficCounters,
  TrafficRates,
} from '../../forwarding/index.ts'
import { endpoint, serviceKey } from '../../model/index.ts'
import type {
  CatchUpSnapshot,
  DestinationSnapshot,
  ForwardingSnapshot,
  ServiceSnapshot,
  SyncSnapshot,
} from '../../observe/index.ts'
import { listText, type TextPiece } from '../ipc/index.ts'
import type { ServiceFailure } from './supported.ts'

/**
 * What the backend holds and has counted, with what it could not be given.
 * @param addresses  only destinations at these, and services that have some; absent: all
 */
export async function snapshotOf(
  backend: ForwardingBackend,
  failures: readonly ServiceFailure[],
  wanted: readonly ServiceState[],
  caughtUp: CatchUpSnapshot | undefined,
  addresses?: ReadonlySet<string>,
): Promise<Iterable<TextPiece>> {
  const [state, counters, exits, info, timeouts, settings, daemons, told] = await Promise.all([
    backend.read(),
    backend.counters(),
    backend.exits(),
    backend.info(),
    backend.timeouts(),
    backend.settings(),
    backend.syncDaemons(),
    backend.syncCounters?.(),
  ])
  const counted = new Map(counters.map((service) => [service.serviceKey, service]))
  const reasons = reasonsByService(failures)
  const held = new Set(state.services.map(({ service }) => serviceKey(service.address)))
  const absent = (addresses === undefined ? wanted : [])
    .filter(({ service }) => !held.has(serviceKey(service.address)))
    .map((service) => ({ ...service, destinations: [] }))
  const services = listText(
    [...(addresses === undefined ? state.services : servicesAt(state.services, addresses)), ...absent],
    ({ destinations }) => destinations.length,
    (service) => {
      const key = serviceKey(service.service.address)
      return serviceSnapshot(key, service, counted.get(key), reasons.get(key)?.join('; '))
    },
  )
  const connectionTable = { size: info.connectionTableSize, connections: connectionsOf(counters) }
  const sync = daemons.length === 0 ? {} : { sync: syncOf(daemons, told, caughtUp) }
  return around({ backend: backend.kind, connectionTable, timeouts, settings }, services, { exits, ...sync })
}

const servicesAt = (services: readonly ServiceState[], addresses: ReadonlySet<string>): readonly ServiceState[] =>
  services
    .map((state) => ({ ...state, destinations: state.destinations.filter(({ address }) => addresses.has(address)) }))
    .filter(({ destinations }) => destinations.length > 0)

/** The text of a `ForwardingSnapshot` in pieces: what comes before its services, these, and the rest. */
function* around(
  before: Omit<ForwardingSnapshot, 'services' | 'exits' | 'sync'>,
  services: Iterable<TextPiece>,
  after: Pick<ForwardingSnapshot, 'exits' | 'sync'>,
): Generator<TextPiece, void, void> {
  let head = `${JSON.stringify(before).slice(0, -1)},"services":`
  for (const { text, more } of services) {
    yield { text: `${head}${text}${more ? '' : `,${JSON.stringify(after).slice(1)}`}`, more }
    head = ''
  }
}

function reasonsByService(failures: readonly ServiceFailure[]): ReadonlyMap<string, readonly string[]> {
  const reasons = new Map<string, string[]>()
  for (const { serviceKey: key, reason } of failures) {
    const known = reasons.get(key)
    if (known === undefined) reasons.set(key, [reason])
    else known.push(reason)
  }
  return reasons
}

const syncOf = (
  daemons: readonly SyncDaemon[],
  counters: Readonly<Record<string, number>> | undefined,
  caughtUp: CatchUpSnapshot | undefined,
): SyncSnapshot => ({
  daemons: daemons.map(({ role, interface: name, syncId }) => ({ role, interface: name, syncId })),
  ...(counters === undefined ? {} : { counters }),
  ...(caughtUp === undefined ? {} : { catchUp: caughtUp }),
})

function connectionsOf(counters: readonly ServiceCounters[]): number {
  let sum = 0
  for (const { destinations } of counters)
    for (const one of destinations) sum += one.activeConnections + one.inactiveConnections + one.persistentConnections
  return sum
}

function serviceSnapshot(
  key: string,
  { service, destinations }: ServiceState,
  counters: ServiceCounters | undefined,
  failure: string | undefined,
): ServiceSnapshot {
  const shown = new Set(destinations.map(endpoint))
  const counted = new Map<string, DestinationCounters>()
  for (const one of counters?.destinations ?? [])
    if (shown.has(one.destinationKey)) counted.set(one.destinationKey, one)
  const { persistence, persistenceEngine, schedulerFlags = [], localAddresses = [] } = service
  return {
    key,
    scheduler: service.scheduler,
    ...(schedulerFlags.length === 0 ? {} : { schedulerFlags }),
    ...(persistence === undefined
      ? {}
      : { persistenceTimeout: persistence.timeout, persistencePrefixLength: persistence.prefixLength }),
    ...(persistenceEngine === undefined ? {} : { persistenceEngine }),
    ...(service.onePacket ? { onePacket: true } : {}),
    ...(localAddresses.length === 0 ? {} : { localAddresses }),
    ...(service.tcpOptionAddress === true ? { tcpOptionAddress: true } : {}),
    ...traffic(counters),
    ...(failure === undefined ? {} : { failure }),
    destinations: destinations.map((destination) =>
      destinationSnapshot(destination, counted.get(endpoint(destination))),
    ),
  }
}

function destinationSnapshot(
  { address, port, method, tunnel, weight, upperThreshold, lowerThreshold }: ServiceState['destinations'][number],
  counters: DestinationCounters | undefined,
): DestinationSnapshot {
  return {
    address,
    port,
    method,
    ...(method === 'tun' && tunnel !== undefined ? { tunnel } : {}),
    weight,
    ...(upperThreshold > 0 ? { upperThreshold } : {}),
    ...(lowerThreshold > 0 ? { lowerThreshold } : {}),
    activeConnections: counters?.activeConnections ?? 0,
    inactiveConnections: counters?.inactiveConnections ?? 0,
    persistentConnections: counters?.persistentConnections ?? 0,
    ...traffic(counters),
  }
}

function traffic(
  counters: (TrafficCounters & { readonly rates: TrafficRates }) | undefined,
): TrafficCounters & { readonly rates: TrafficRates } {
  const { connections, inPackets, outPackets, inBytes, outBytes, rates } = counters ?? { ...none, rates: none }
  return { connections, inPackets, outPackets, inBytes, outBytes, rates }
}

const none: TrafficRates = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
