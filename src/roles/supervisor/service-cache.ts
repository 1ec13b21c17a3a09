import type { ServiceState } from '../../forwarding/index.ts'
import { serviceKey } from '../../model/index.ts'
import type { WantedNews } from '../ipc/index.ts'

/** What is wanted of the forwarding table by the last word of the checker; undefined before it has said all of it. */
export type WantedServices = ReadonlyMap<string, ServiceState> | undefined

/** A complete list replaces what was wanted but for what it keeps, an incremental one changes the services in it. */
export function withServices(wanted: WantedServices, { complete, services, kept = [] }: WantedNews): WantedServices {
  if (!complete && wanted === undefined) return undefined
  const next = new Map(complete ? [] : wanted)
  for (const key of kept) {
    const state = wanted?.get(key)
    if (state !== undefined) next.set(key, state)
  }
  for (const state of services) next.set(serviceKey(state.service.address), state)
  return next
}
