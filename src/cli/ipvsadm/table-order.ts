/**
 * The order of a listing: by mark, family, protocol, address and port, all as unsigned numbers. ipvsadm keeps the sign of
 * 32-bit differences, so that 192.0.2.1 comes before 10.0.0.1 there.
 */

import { addressBytes, type IpAddress } from '../../base/index.ts'
import type { Destination, ServiceState } from '../../forwarding/index.ts'

const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const

export function sortedServices(services: readonly ServiceState[]): readonly ServiceState[] {
  return services
    .map((state) => ({ state, key: serviceSortKey(state) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ state }) => ({ ...state, destinations: sortedServers(state.destinations) }))
}

function sortedServers(servers: readonly Destination[]): readonly Destination[] {
  return servers
    .map((server) => ({ server, key: [...padded(server.address), server.port] }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ server }) => server)
}

function serviceSortKey({ service: { address: of } }: ServiceState): readonly number[] {
  if (of.kind === 'fwmark') return [of.mark, of.family]
  return [0, of.address.includes(':') ? 6 : 4, protocolNumbers[of.protocol], ...padded(of.address), of.port]
}

/** IPv4 stands in the first of 16 bytes. */
function padded(address: IpAddress): readonly number[] {
  const bytes = new Uint8Array(16)
  bytes.set(addressBytes(address))
  return [...bytes]
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, number] of a.entries()) {
    const difference = number - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
