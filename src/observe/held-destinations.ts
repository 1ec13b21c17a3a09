import { endpoint } from '../model/index.ts'
import type { DestinationSnapshot, ServiceSnapshot, VirtualServerSnapshot } from './snapshot.ts'

/**
 * What the services of a virtual server hold, one a server: those of a group count together, where a server without a port of its
 * own has another one in each, and so has one that is not behind NAT.
 */
export function heldDestinations(
  { group, realServers }: VirtualServerSnapshot,
  services: readonly ServiceSnapshot[],
): ReadonlyMap<string, DestinationSnapshot> {
  const portless = new Set(realServers.filter(({ port }) => port === 0).map(({ address }) => address))
  const at = new Map<string, readonly number[]>()
  for (const { address, port } of group === undefined ? [] : realServers)
    at.set(address, [...(at.get(address) ?? []), port])
  const portOf = ({ address, port, method }: DestinationSnapshot): number => {
    if (portless.has(address)) return 0
    const [only, ...others] = at.get(address) ?? []
    return only !== undefined && others.length === 0 && (method === 'dr' || method === 'tun') ? only : port
  }
  const sums = new Map<string, DestinationSnapshot>()
  for (const held of services.flatMap(({ destinations }) => destinations)) {
    const named = { ...held, port: portOf(held) }
    const before = sums.get(endpoint(named))
    sums.set(endpoint(named), before === undefined ? named : sum(before, named))
  }
  return sums
}

const sum = (a: DestinationSnapshot, b: DestinationSnapshot): DestinationSnapshot => ({
  ...a,
  activeConnections: a.activeConnections + b.activeConnections,
  inactiveConnections: a.inactiveConnections + b.inactiveConnections,
  persistentConnections: a.persistentConnections + b.persistentConnections,
  connections: a.connections + b.connections,
  inPackets: a.inPackets + b.inPackets,
  outPackets: a.outPackets + b.outPackets,
  inBytes: a.inBytes + b.inBytes,
  outBytes: a.outBytes + b.outBytes,
  rates: {
    connections: a.rates.connections + b.rates.connections,
    inPackets: a.rates.inPackets + b.rates.inPackets,
    outPackets: a.rates.outPackets + b.rates.outPackets,
    inBytes: a.rates.inBytes + b.rates.inBytes,
    outBytes: a.rates.outBytes + b.rates.outBytes,
  },
})
