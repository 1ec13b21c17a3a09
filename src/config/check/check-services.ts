import { serviceKey, servicesOf } from '../../model/index.ts'
import { type LoweredServer, serverTitle } from '../lower/index.ts'
import type { Report } from '../report.ts'

/** Is each service there once? The second virtual server that has it is left out; keepalived does not notice. */
export function checkServices(servers: readonly LoweredServer[], report: Report): readonly LoweredServer[] {
  const taken = new Map<string, LoweredServer>()
  return servers.filter((server) => {
    const keys = servicesOf(server.value).map(serviceKey)
    const twice = keys.find((key) => taken.has(key))
    const first = twice === undefined ? undefined : taken.get(twice)
    if (first === undefined) {
      for (const key of keys) taken.set(key, server)
      return true
    }
    const { service, group } = server.value
    const protocol = service.kind === 'fwmark' ? '' : ` ${service.protocol.toUpperCase()}`
    const which = group === undefined ? `is there twice` : `has ${twice}, which is there already`
    report.error('object', server.at, `${serverTitle(server.value)}${protocol} ${which}; the second is left out`, {
      remedy: 'join the two blocks',
      related: [{ at: first.at, message: 'first written here' }],
    })
    return false
  })
}
