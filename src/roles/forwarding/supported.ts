import { type Family, familyOf } from '../../base/index.ts'
import type { BackendCapabilities, Destination, Service, ServiceState } from '../../forwarding/index.ts'
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
    const reason = reasonAgainst(state.service, can)
    if (reason !== undefined) {
      failures.push({ serviceKey: key, reason, final: true })
      continue
    }
    const left = new Map<string, Destination[]>()
    const destinations = state.destinations.filter((destination) => {
      const against = reasonAgainstDestination(destination, can)
      if (against === undefined) return true
      left.set(against, [...(left.get(against) ?? []), destination])
      return false
    })
    services.push({ ...state, destinations })
    for (const [against, all] of left)
      failures.push({ serviceKey: key, reason: `${someOf(all.map(endpoint))}: ${against}`, final: true })
  }
  return { services, failures }
}

function reasonAgainst({ address, scheduler }: Service, can: BackendCapabilities): string | undefined {
  const family = address.kind === 'fwmark' ? address.family : familyOf(address.address)
  if (address.kind === 'fwmark' && !can.firewallMarks)
    return 'services by firewall mark are not supported; name an address and a port'
  if (!can.families.includes(family)) return againstFamily(family, can)
  if (address.kind === 'address' && !can.protocols.includes(address.protocol))
    return `protocol ${address.protocol} is not supported; there are ${list(can.protocols)}`
  if (!can.schedulers.includes(scheduler))
    return `lb_algo ${scheduler} is not supported; there are ${list(can.schedulers)}`
  return undefined
}

function reasonAgainstDestination(of: Destination, can: BackendCapabilities): string | undefined {
  const { method, tunnel } = of
  const family = familyOf(of.address)
  if (!can.families.includes(family)) return againstFamily(family, can)
  if (!can.methods.includes(method))
    return `lb_kind ${methodName(method)} is not supported; there are ${list(can.methods.map(methodName))}`
  const type = tunnel?.type ?? 'ipip'
  if (method === 'tun' && !can.tunnels.includes(type))
    return `TUN type ${type} is not supported; there are ${list(can.tunnels)}`
  return undefined
}

const againstFamily = (family: Family, can: BackendCapabilities): string =>
  `IPv${family} is not supported for forwarding; there are ${list(can.families.map((one) => `IPv${one}`))}`

/** As lb_kind has it. */
const methodName = (method: Destination['method']): string => (method === 'fullnat' ? 'FNAT' : method.toUpperCase())

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))

const MOST_NAMED = 3

/** The first of many names, and how many more there are. */
export const someOf = (names: readonly string[]): string =>
  names.length <= MOST_NAMED
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMED).join(', ')} and ${names.length - MOST_NAMED} more`
