import type { ServiceState } from '../../forwarding/index.ts'
import { serviceKey } from '../../model/index.ts'
import type { WantedNews } from '../ipc/index.ts'

/** What is wanted of the forwarding table by the last word of the checker. */
export type WantedServices = {
  /** A complete list replaces what was wanted but for what it keeps, an incremental one changes the services in it. */
  take(news: WantedNews): void
  /** The checker has said all of it once. */
  known(): boolean
  /** Undefined before that. */
  all(): readonly ServiceState[] | undefined
}

export function keepWantedServices(): WantedServices {
  let wanted: Map<string, ServiceState> | undefined
  return {
    take({ complete, services, kept = [] }) {
      const before = wanted
      if (complete) wanted = new Map()
      if (wanted === undefined) return
      for (const key of kept) {
        const state = before?.get(key)
        if (state !== undefined) wanted.set(key, state)
      }
      for (const state of services) wanted.set(serviceKey(state.service.address), state)
    },
    known: () => wanted !== undefined,
    all: () => (wanted === undefined ? undefined : [...wanted.values()]),
  }
}
