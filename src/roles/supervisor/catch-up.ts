import type { Instant } from '../../base/index.ts'
import type { ToForwarding, ToVrrp } from '../ipc/index.ts'

/** Takes to the forwarding role what virtual routers want fetched before they preempt, and back that it is. */
export type CatchUpRelay = {
  wanted(request: Instant, missed: boolean): void
  answered(request: Instant): void
  /** A forwarding role that may not know what is still wanted. */
  repeat(): void
}

export function createCatchUpRelay(
  toForwarding: (message: Extract<ToForwarding, { type: 'catch-up' }>) => void,
  toVrrp: (message: Extract<ToVrrp, { type: 'caught-up' }>) => void,
): CatchUpRelay {
  /** The latest; with it those before it are answered. */
  let open: Extract<ToForwarding, { type: 'catch-up' }> | undefined
  return {
    wanted(request, missed) {
      open = { type: 'catch-up', request, missed }
      toForwarding(open)
    },
    answered(request) {
      if (open !== undefined && open.request <= request) open = undefined
      toVrrp({ type: 'caught-up', request })
    },
    repeat() {
      if (open !== undefined) toForwarding(open)
    },
  }
}
