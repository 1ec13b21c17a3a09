import type { ServiceState } from '../../forwarding/index.ts'
import { serviceKey } from '../../model/index.ts'
import type { ForwardingPorts } from './ports.ts'
import { type ServiceFailure, someOf } from './supported.ts'

/** Services by FULLNAT whose servers would answer to an address that is not this host's; the host is asked once for all of them. */
export function withoutAddress(
  services: readonly ServiceState[],
  ports: Pick<ForwardingPorts, 'notHere'>,
): readonly ServiceFailure[] {
  const named = services.filter(({ service }) => (service.localAddresses ?? []).length > 0)
  if (named.length === 0) return []
  const notHere = new Set(ports.notHere([...new Set(named.flatMap(({ service }) => service.localAddresses ?? []))]))
  return named.flatMap(({ service }): ServiceFailure[] => {
    const absent = (service.localAddresses ?? []).filter((address) => notHere.has(address))
    if (absent.length === 0) return []
    const are = absent.length === 1 ? 'local address' : 'local addresses'
    const reason = `${are} ${someOf(absent)} not on this host; add it to an interface, or take it out of the group`
    return [{ serviceKey: serviceKey(service.address), reason, final: true }]
  })
}
