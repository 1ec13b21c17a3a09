import type { IpvsDestination, IpvsService } from '../../wire/ipvs/index.ts'
import { type ServiceState, serviceKey } from '../index.ts'
import type { Kernel } from './kernel.ts'
import { fromKernelDestination, fromKernelService } from './translate.ts'

/** A service of the kernel's table, as it is and in our words. */
export type Held = {
  readonly key: string
  readonly state: ServiceState
  readonly service: IpvsService
  readonly destinations: readonly IpvsDestination[]
}

/** Everything the kernel holds, ours or not, in its order: destinations newest first. */
export function readTable(kernel: Kernel): readonly Held[] {
  const services = kernel.services()
  if (!services.ok) throw new Error(services.error.message)
  const table = new Map<string, Held>()
  for (const service of services.value) {
    const named = fromKernelService(service)
    if (named === undefined) continue
    const destinations = kernel.destinations(service.identity)
    if (!destinations.ok) throw new Error(destinations.error.message)
    const key = serviceKey(named.address)
    const state = { service: named, destinations: destinations.value.map(fromKernelDestination) }
    // A table that changes while it is read may tell of a service twice.
    table.set(key, { key, state, service, destinations: destinations.value })
  }
  return [...table.values()]
}
