import { type Micros, micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'

/** The priority of whoever owns the addresses (RFC 9568 §5.2.4). */
export const OWNER = 255
/** Of the one that goes last. */
export const LEAST_PRIORITY = 1
/** The priority of a master that resigns. */
export const RESIGNED = 0

/** What the timers need to know of a virtual router. */
export type TimedRouter = Pick<VirtualRouter, 'version' | 'priority' | 'advertisementInterval' | 'downTimerAdverts'>

/**
 * How long a backup holds back so that a stronger one goes first: (256 - priority) / 256 of the master's interval in v3
 * (RFC 9568 §6.1), of one second in v2 whatever the interval (RFC 3768 §6.1). Whole microseconds, cut off, as keepalived.
 */
export function skewTime(router: TimedRouter, masterInterval: Micros): Micros {
  return skewOf(router, masterInterval, 256 - router.priority)
}

/** The skew of priority 255, the least there is. */
export function leastSkewTime(router: TimedRouter, masterInterval: Micros): Micros {
  return skewOf(router, masterInterval, 1)
}

/** Silence after which the master is taken for dead: down_timer_adverts (3 in the RFCs) of its intervals and the skew. */
export function masterDownInterval(router: TimedRouter, masterInterval: Micros): Micros {
  return micros(router.downTimerAdverts * masterInterval + skewTime(router, masterInterval))
}

/** Silence of a master in which no backup can have taken its place, whatever the backup's priority. */
export const resumableFor = ({ downTimerAdverts, advertisementInterval }: TimedRouter): Micros =>
  micros(downTimerAdverts * advertisementInterval)

/** After a resignation: the weakest of backups has advertised once. */
export function successionTime(router: TimedRouter): Micros {
  const { advertisementInterval: interval } = router
  return micros(skewTime({ ...router, priority: LEAST_PRIORITY }, interval) + leastSkewTime(router, interval))
}

/** The same, and it has advertised twice: one of its advertisements may be lost. */
export const sureSuccessionTime = (router: TimedRouter): Micros =>
  micros(successionTime(router) + router.advertisementInterval)

function skewOf(router: TimedRouter, masterInterval: Micros, parts: number): Micros {
  return micros(Math.floor((parts * (router.version === 3 ? masterInterval : 1_000_000)) / 256))
}
