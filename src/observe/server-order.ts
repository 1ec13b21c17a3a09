import { elapsed, type Instant } from '../base/index.ts'
import type { ServerOrder } from '../proto/server-orders/index.ts'
import type { ServerOrderSnapshot } from './snapshot.ts'

/** @param at  the same moment by both clocks; `wall` is milliseconds since 1970 */
export function serverOrderSnapshot(
  order: ServerOrder,
  at: { readonly now: Instant; readonly wall: number },
): ServerOrderSnapshot {
  const { kind, by, reason, since, until } = order
  const deadline = order.kind === 'drain' ? order.deadline : undefined
  const timeOf = (then: Instant): string => new Date(at.wall + elapsed(at.now, then) / 1_000).toISOString()
  return {
    kind,
    by,
    since,
    ...(order.kind === 'weight' ? { weight: order.weight } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(until === undefined ? {} : { until: timeOf(until) }),
    ...(deadline === undefined ? {} : { deadline: timeOf(deadline) }),
  }
}
