import type { ServiceState } from '../../forwarding/index.ts'
import { serviceKey } from '../../model/index.ts'
import type { ForwardingPorts } from './ports.ts'
import { type ServiceFailure, someOf } from './supported.ts'

/** Services by FULLNAT whose servers would answer to an address that is not this host's. */
export function withoutAddress(
  wanted: readonly ServiceState[],
  ports: Pick<ForwardingPorts, 'notHere'>,
): readonly ServiceFailure[] {
  return wanted.flatMap(({ service }): ServiceFailure[] => {
    const { localAddresses = [] } = service
    if (localAddresses.length === 0) return []
    const absent = ports.notHere(localAddresses)
    if (absent.length === 0) return []
    const are = absent.length === 1 ? 'local address' : 'local addresses'
    const reason = `${are} ${someOf(absent)} not on this host; add it to an interface, or take it out of the group`
    return [{ serviceKey: serviceKey(service.address), reason, final: true }]
  })
}
