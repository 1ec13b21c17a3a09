import { type Configuration, realServerKey, serviceKey, servicesOf } from '../../model/index.ts'
import type { DestinationSnapshot, ForwardingSnapshot } from '../../observe/index.ts'
import type { Remaining } from './drain-watch.ts'

type ByAddress = ReadonlyMap<string, readonly DestinationSnapshot[]>

/** What is left of real servers, as the forwarding role tells of their addresses. */
export function remainingIn({ services }: ForwardingSnapshot, { virtualServers }: Configuration): Remaining {
  const held = new Map(services.map((service) => [service.key, service.destinations]))
  const models = new Map(virtualServers.map((server) => [server.key, server]))
  const known = new Map<string, ByAddress>()
  const followers = new Map<string, ReadonlySet<string>>()

  /** What the services of a virtual server hold. */
  function heldBy(key: string): ByAddress {
    const before = known.get(key)
    if (before !== undefined) return before
    const model = models.get(key)
    const byAddress = new Map<string, DestinationSnapshot[]>()
    for (const one of model === undefined ? [] : servicesOf(model))
      for (const destination of held.get(serviceKey(one)) ?? []) {
        const same = byAddress.get(destination.address)
        if (same === undefined) byAddress.set(destination.address, [destination])
        else same.push(destination)
      }
    known.set(key, byAddress)
    return byAddress
  }

  /** The servers of a group that have the port of each of its services. */
  function followersIn(key: string): ReadonlySet<string> {
    const before = followers.get(key)
    if (before !== undefined) return before
    const model = models.get(key)
    const servers = model?.group === undefined ? [] : model.realServers
    const found = new Set(servers.filter(({ method }) => method === 'dr' || method === 'tun').map(realServerKey))
    followers.set(key, found)
    return found
  }

  return {
    of({ service, realServer, address }) {
      // It may have another port in each service of its group.
      const portless = realServer.endsWith(':0') || followersIn(service).has(realServer)
      const destinations = (heldBy(service).get(address) ?? []).filter(
        ({ port }) => portless || realServer.endsWith(`:${port}`),
      )
      return {
        connections: destinations.reduce((sum, { activeConnections }) => sum + activeConnections, 0),
        open: destinations.some(({ weight }) => weight > 0),
      }
    },
  }
}
