import type { BackendCapabilities, ServiceState } from '../../forwarding/index.ts'
import { endpoint, serviceKey } from '../../model/index.ts'

/** `final`: trying again is of no use, the backend cannot do it. */
export type ServiceFailure = { readonly serviceKey: string; readonly reason: string; readonly final?: true }

export type Supported = {
  /** What the backend can be asked for: services as wanted, without the destinations it cannot hold. */
  readonly services: readonly ServiceState[]
  readonly failures: readonly ServiceFailure[]
}

/** Separates what a backend can do from what it cannot. A destination it cannot hold costs only that destination. */
export function supportedPart(wanted: readonly ServiceState[], can: BackendCapabilities): Supported {
  const services: ServiceState[] = []
  const failures: ServiceFailure[] = []
  for (const state of wanted) {
    const key = serviceKey(state.service.address)
    const reason = reasonAgainst(state, can)
    if (reason !== undefined) {
      failures.push({ serviceKey: key, reason, final: true })
      continue
    }
    const destinations = state.destinations.filter(({ method }) => can.methods.includes(method))
    services.push({ ...state, destinations })
    const left = state.destinations.find(({ method }) => !can.methods.includes(method))
    if (left !== undefined) {
      failures.push({
        serviceKey: key,
        reason: `${endpoint(left)}: lb_kind ${left.method.toUpperCase()} is not supported; there are ${list(can.methods).toUpperCase()}`,
        final: true,
      })
    }
  }
  return { services, failures }
}

function reasonAgainst({ service }: ServiceState, can: BackendCapabilities): string | undefined {
  const { address, scheduler } = service
  const family = address.kind === 'fwmark' ? address.family : address.address.includes(':') ? 6 : 4
  if (address.kind === 'fwmark') return 'services by firewall mark are not supported; name an address and a port'
  if (!can.families.includes(family)) return `IPv${family} is not supported yet for forwarding`
  if (!can.protocols.includes(address.protocol)) {
    return `protocol ${address.protocol} is not supported; there are ${list(can.protocols)}`
  }
  if (!can.schedulers.includes(scheduler)) {
    return `lb_algo ${scheduler} is not supported; there are ${list(can.schedulers)}`
  }
  return undefined
}

const list = (names: readonly string[]): string => names.join(', ')
