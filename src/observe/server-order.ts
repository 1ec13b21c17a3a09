import { assertNever, elapsed, type Instant } from '../base/index.ts'
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

/** What it has done to the server. */
function ordered({ kind, weight }: ServerOrderSnapshot): string {
  switch (kind) {
    case 'drain':
      return 'drained'
    case 'disable':
      return 'disabled'
    case 'weight':
      return `given weight ${weight}`
    case 'leave':
      return 'on its way out, removed'
    default:
      return assertNever(kind)
  }
}

/**
 * `drained by alice since …: new disks`.
 * @param at  how a point in time is said
 */
export function serverOrderWords(order: ServerOrderSnapshot, at: (iso: string) => string = (iso) => iso): string {
  const { by, reason, since, until, deadline } = order
  const end = until === undefined ? '' : ` until ${at(until)}`
  const late = deadline === undefined ? '' : `, disabled at ${at(deadline)} if not drained`
  return `${ordered(order)} by ${by} since ${at(since)}${end}${late}${reason === undefined ? '' : `: ${reason}`}`
}
