import { type Configuration, serviceKey, servicesOf } from '../../model/index.ts'
import type { ForwardingSnapshot } from '../../observe/index.ts'
import type { Remaining } from './server-orders.ts'

/** What is left of real servers, as the forwarding role tells. */
export function remainingIn({ services }: ForwardingSnapshot, { virtualServers }: Configuration): Remaining {
  const held = new Map(services.map((service) => [service.key, service.destinations]))
  const models = new Map(virtualServers.map((server) => [server.key, server]))
  return {
    of({ service, realServer, address }) {
      const model = models.get(service)
      // One without a port of its own has another in each service of its group.
      const portless = realServer.endsWith(':0')
      const destinations = (model === undefined ? [] : servicesOf(model))
        .flatMap((one) => held.get(serviceKey(one)) ?? [])
        .filter((one) => one.address === address && (portless || realServer.endsWith(`:${one.port}`)))
      return {
        connections: destinations.reduce((sum, { activeConnections }) => sum + activeConnections, 0),
        open: destinations.some(({ weight }) => weight > 0),
      }
    },
  }
}
