import { elapsed, type Instant, type IpAddress, type Log, seconds } from '../../base/index.ts'
import type { RunningRouter } from './running-router.ts'

/** However often the state changes. */
export const PAUSE = seconds(10)

/** One warning for each kind in the time of one state, and in any ten seconds, whatever the peer does. */
export function complain(
  log: Log,
  { router, complained, complainedAt }: RunningRouter,
  now: Instant,
  kind: string,
  message: string,
  reason: string,
  source?: IpAddress,
): void {
  const last = complainedAt.get(kind)
  if (complained.has(kind) || (last !== undefined && elapsed(last, now) < PAUSE)) return
  complained.add(kind)
  complainedAt.set(kind, now)
  log.warn(message, { router: router.name, reason, ...(source === undefined ? {} : { source }) })
}
