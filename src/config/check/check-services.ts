import { type LoweredServer, serviceTitle } from '../lower/index.ts'
import type { Report } from '../report.ts'

/** Is each service there once? The second is left out; keepalived does not notice. */
export function checkServices(servers: readonly LoweredServer[], report: Report): readonly LoweredServer[] {
  const taken = new Map<string, LoweredServer>()
  return servers.filter((server) => {
    const first = taken.get(server.value.key)
    if (first === undefined) {
      taken.set(server.value.key, server)
      return true
    }
    const { service } = server.value
    const protocol = service.kind === 'fwmark' ? '' : ` ${service.protocol.toUpperCase()}`
    report.error('object', server.at, `${serviceTitle(service)}${protocol} is there twice; the second is left out`, {
      remedy: 'join the two blocks',
      related: [{ at: first.at, message: 'first written here' }],
    })
    return false
  })
}
