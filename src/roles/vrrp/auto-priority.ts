import { type Instant, type Log, type Micros, micros } from '../../base/index.ts'
import type { VrrpSettings } from '../../model/index.ts'
import { deadlineOf } from '../../proto/vrrp/index.ts'
import type { VrrpPorts } from './ports.ts'
import type { RunningRouter } from './running-router.ts'

/** max_auto_priority: real-time priority that rises while timers fire late. */
export type AutoPriority = {
  /** @param base vrrp_rt_priority, from where it rises */
  adopt(settings: VrrpSettings['autoPriority'], base: number | undefined): void
  /** A deadline was missed by so much. */
  late(by: Micros): void
}

export function openAutoPriority(ports: Pick<VrrpPorts, 'setRealTime'>, log: Log): AutoPriority {
  let settings: VrrpSettings['autoPriority']
  let current = 0
  return {
    adopt(wanted, base = 0) {
      settings = wanted
      current = Math.max(current, base)
    },
    late(by) {
      if (settings === undefined || by < settings.lateness || current >= settings.most) return
      const set = ports.setRealTime(current + 1)
      if (set.ok) {
        current++
        log.info('real-time priority is raised, because a timer was late', { priority: current, microseconds: by })
      } else {
        log.warn('real-time scheduling is not to be had', { reason: set.error.message })
        settings = undefined
      }
    },
  }
}

/** How late the latest of these is; 0: none is. */
export function lateness(routers: Iterable<Pick<RunningRouter, 'state'>>, now: Instant): Micros {
  let latest = 0
  for (const { state } of routers) latest = Math.max(latest, now - (deadlineOf(state) ?? now))
  return micros(latest)
}
