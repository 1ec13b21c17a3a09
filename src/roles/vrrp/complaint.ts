import type { IpAddress, Log } from '../../base/index.ts'
import type { RunningRouter } from './running-router.ts'

/** One warning for each kind in the time of one state, whatever the peer does. */
export function complain(
  log: Log,
  { router, complained }: RunningRouter,
  kind: string,
  message: string,
  reason: string,
  source?: IpAddress,
): void {
  if (complained.has(kind)) return
  complained.add(kind)
  log.warn(message, { router: router.name, reason, ...(source === undefined ? {} : { source }) })
}
