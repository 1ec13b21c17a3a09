import type { VirtualRouter, VirtualServer } from '../../model/index.ts'
import { equal } from '../equal.ts'

/**
 * What a reload does with an object that is in both models. `keep`: nothing. `adjust`: it goes on with new values, state,
 * timers and counters survive. `restart`: it ends (as if removed) and begins anew.
 */
export type Verdict = 'keep' | 'adjust' | 'restart'

/**
 * Fields that are part of where advertisements go. A master that changed them in place would speak to nobody that knew it;
 * so it resigns and starts as a backup. Everything else can change under a running master: priority, interval, version,
 * addresses, announcements, notifications, authentication, preemption (keepalived.conf(5), "reload").
 */
const startsAnew = [
  'family',
  'interface',
  'virtualLink',
  'virtualRouterId',
  'source',
  'multicastGroup',
  'unicastPeers',
] as const satisfies readonly (keyof VirtualRouter)[]

/** For two virtual routers of the same key. */
export function reconfigureRouter(before: VirtualRouter, after: VirtualRouter): Verdict {
  if (equal(before, after)) return 'keep'
  // Only whether there are peers, and which source is used, moves sockets; a changed list is a changed destination.
  const moved = startsAnew.some((field) =>
    field === 'unicastPeers'
      ? (before.unicastPeers.length === 0) !== (after.unicastPeers.length === 0)
      : !equal(before[field], after[field]),
  )
  return moved ? 'restart' : 'adjust'
}

/** For two virtual servers of the same key: the key is the service, so nothing restarts; servers and checkers are matched inside. */
export const reconfigureServer = (before: VirtualServer, after: VirtualServer): Verdict =>
  equal(before, after) ? 'keep' : 'adjust'

/** For objects that nothing restarts. */
export const adjusted = (before: unknown, after: unknown): Verdict => (equal(before, after) ? 'keep' : 'adjust')
