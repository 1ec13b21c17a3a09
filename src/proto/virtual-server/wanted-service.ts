import type { Destination, ServiceState } from '../../forwarding/index.ts'
import {
  endpoint,
  portInService,
  type RealServer,
  type ServiceAddress,
  type SorryServer,
  servicesOf,
  type VirtualServer,
} from '../../model/index.ts'
import { type Condition, serves } from './condition.ts'
import type { QuorumState } from './state.ts'

/** The sorry server serves exactly while the quorum is down. */
export const sorryServerInUse = (server: Pick<VirtualServer, 'sorryServer'>, quorum: QuorumState): boolean =>
  quorum.name === 'down' && server.sorryServer !== undefined

/**
 * What the forwarding table is to hold for a virtual server: living real servers with their weights, or the sorry server.
 * Without a sorry server a lost quorum takes nobody out of service. inhibit_on_failure and sorry_server_inhibit keep who
 * does not serve in the table with weight 0, so that existing connections go on (keepalived.conf(5)); so does draining, whoever
 * serves. What is disabled is not in the table.
 * @param conditions  one a real server, in the order of the model
 * @param address     which of its services; the first if it has several
 */
export function wantedService(
  server: VirtualServer,
  conditions: readonly Condition[],
  quorum: QuorumState,
  address: ServiceAddress = server.service,
): ServiceState {
  // Of a single service it is settled already.
  const portFor = (one: Pick<RealServer, 'method' | 'port'>): number =>
    server.group === undefined ? one.port : portInService(one, address)
  const sorry = sorryServerInUse(server, quorum)
  const destinations = new Map<string, Destination>()
  for (const [i, real] of server.realServers.entries()) {
    const condition = conditions[i]
    if (condition === undefined || condition.order === 'disable') continue
    const works = serves(condition) && !sorry
    const drains = condition.order === 'drain' && condition.alive
    if (!(works || drains || real.inhibitOnFailure)) continue
    const port = portFor(real)
    const weight = works ? (condition.rampedWeight ?? condition.weight) : 0
    destinations.set(endpoint({ ...real, port }), destination({ ...real, port }, weight))
  }
  // A sorry server may be one of the real servers: there is one entry then, and who serves decides its weight.
  if (server.sorryServer !== undefined) {
    const sorryServer = { ...server.sorryServer, port: portFor(server.sorryServer) }
    const key = endpoint(sorryServer)
    if (sorry) destinations.set(key, sorryDestination(sorryServer, 1))
    else if (sorryServer.inhibit && !destinations.has(key)) destinations.set(key, sorryDestination(sorryServer, 0))
  }
  return {
    service: {
      address,
      scheduler: server.scheduler,
      onePacket: server.onePacket,
      ...given(server, ['schedulerFlags', 'persistence', 'persistenceEngine', 'localAddresses', 'tcpOptionAddress']),
    },
    destinations: [...destinations.values()],
  }
}

/** The same for each of its services: one, or those of its group. */
export const wantedServices = (
  server: VirtualServer,
  conditions: readonly Condition[],
  quorum: QuorumState,
): readonly ServiceState[] => servicesOf(server).map((address) => wantedService(server, conditions, quorum, address))

/** Of the fields named those that are there. */
function given<T extends object, K extends keyof T>(of: T, names: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {}
  for (const name of names) if (of[name] !== undefined) picked[name] = of[name]
  return picked
}

const destination = (real: RealServer, weight: number): Destination => ({
  address: real.address,
  port: real.port,
  weight,
  method: real.method,
  ...given(real, ['tunnel']),
  upperThreshold: real.upperThreshold,
  lowerThreshold: real.lowerThreshold,
})

const sorryDestination = (sorry: SorryServer, weight: number): Destination => ({
  address: sorry.address,
  port: sorry.port,
  weight,
  method: sorry.method,
  ...given(sorry, ['tunnel']),
  upperThreshold: 0,
  lowerThreshold: 0,
})
