import { endpoint, serviceKey, type Tunnel } from '../model/index.ts'
import type { Destination, ForwardingState, Service, ServiceState, TableOp } from './backend.ts'

/**
 * The fewest orders that lead from what a backend holds to what is wanted, in an order that never leaves a service with
 * fewer live destinations than both states have: first everything that adds, then weights that become 0, then removals,
 * services last. Carried out twice, the second time there is nothing to do.
 * @param ours  whether a service that is held and not wanted is ours to remove
 */
export function plan(
  current: ForwardingState,
  wanted: ForwardingState,
  ours: (serviceKey: string) => boolean,
): readonly TableOp[] {
  const held = new Map(current.services.map((state) => [keyOf(state), state]))
  const kept = new Set(wanted.services.map(keyOf))
  return [
    ...wanted.services.flatMap((state) => serviceOps(held.get(keyOf(state)), state)),
    ...[...held.keys()]
      .filter((key) => !kept.has(key) && ours(key))
      .map((key): TableOp => ({ type: 'remove-service', serviceKey: key })),
  ]
}

function serviceOps(held: ServiceState | undefined, wanted: ServiceState): readonly TableOp[] {
  const key = keyOf(wanted)
  const before = new Map(held?.destinations.map((destination) => [endpoint(destination), destination]))
  const after = new Map(wanted.destinations.map((destination) => [endpoint(destination), destination]))
  const puts = [...after].flatMap(([at, destination]) => {
    const old = before.get(at)
    return old !== undefined && sameDestination(old, destination) ? [] : [destination]
  })
  const put = (destination: Destination): TableOp => ({ type: 'put-destination', serviceKey: key, destination })
  return [
    ...(held !== undefined && sameService(held.service, wanted.service)
      ? []
      : [{ type: 'put-service', service: wanted.service } as const]),
    ...puts.filter(({ weight }) => weight > 0).map(put),
    ...puts.filter(({ weight }) => weight === 0).map(put),
    ...[...before.keys()]
      .filter((at) => !after.has(at))
      .map((at): TableOp => ({ type: 'remove-destination', serviceKey: key, destinationKey: at })),
  ]
}

/** What a backend holds after the orders; for tests, and to know the state after a success without reading it back. */
export function applyOps(state: ForwardingState, ops: readonly TableOp[]): ForwardingState {
  const services = new Map(state.services.map((held) => [keyOf(held), held]))
  for (const op of ops) {
    switch (op.type) {
      case 'put-service': {
        const key = serviceKey(op.service.address)
        services.set(key, { service: op.service, destinations: services.get(key)?.destinations ?? [] })
        break
      }
      case 'remove-service':
        services.delete(op.serviceKey)
        break
      case 'put-destination':
      case 'remove-destination': {
        const held = services.get(op.serviceKey)
        if (held !== undefined) services.set(op.serviceKey, { ...held, destinations: destinationsAfter(held, op) })
        break
      }
    }
  }
  return { services: [...services.values()] }
}

function destinationsAfter(
  held: ServiceState,
  op: Extract<TableOp, { type: 'put-destination' | 'remove-destination' }>,
): readonly Destination[] {
  if (op.type === 'remove-destination') return held.destinations.filter((one) => endpoint(one) !== op.destinationKey)
  const at = endpoint(op.destination)
  return held.destinations.some((one) => endpoint(one) === at)
    ? held.destinations.map((one) => (endpoint(one) === at ? op.destination : one))
    : [...held.destinations, op.destination]
}

const keyOf = (state: ServiceState): string => serviceKey(state.service.address)

const sameService = (a: Service, b: Service): boolean =>
  a.scheduler === b.scheduler &&
  a.onePacket === b.onePacket &&
  a.persistence?.timeout === b.persistence?.timeout &&
  a.persistence?.prefixLength === b.persistence?.prefixLength &&
  a.persistenceEngine === b.persistenceEngine &&
  (a.tcpOptionAddress ?? false) === (b.tcpOptionAddress ?? false) &&
  sameWords(a.schedulerFlags, b.schedulerFlags) &&
  sameWords(a.localAddresses, b.localAddresses)

const sameWords = (a: readonly string[] = [], b: readonly string[] = []): boolean => a.join(' ') === b.join(' ')

const sameDestination = (a: Destination, b: Destination): boolean =>
  a.weight === b.weight &&
  a.method === b.method &&
  (a.method !== 'tun' || sameTunnel(a.tunnel, b.tunnel)) &&
  a.upperThreshold === b.upperThreshold &&
  a.lowerThreshold === b.lowerThreshold

const IPIP: Tunnel = { type: 'ipip', port: 0, checksum: 'none' }

const sameTunnel = (a: Tunnel = IPIP, b: Tunnel = IPIP): boolean =>
  a.type === b.type && a.port === b.port && a.checksum === b.checksum
