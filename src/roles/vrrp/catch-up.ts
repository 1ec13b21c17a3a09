/**
 * Before a virtual router preempts, forwarding fetches the master's connections: from when it becomes backup until that is done,
 * or for so long, a weaker master is followed. A master that dies is replaced at once all the same.
 */
import { after, elapsed, type Instant, type Log } from '../../base/index.ts'
import type { VirtualRouterSnapshot } from '../../observe/index.ts'
import type { VrrpEvent, VrrpState } from '../../proto/vrrp/index.ts'
import type { Clock } from '../../sys/time/index.ts'
import type { FromVrrp, VrrpSlice } from '../ipc/index.ts'
import type { RunningRouter } from './running-router.ts'

export type CatchUp = NonNullable<VrrpSlice['catchUp']>

/** Asked for at this time, and waited for until then. */
export type Fetching = { readonly request: Instant; readonly until: Instant }

export type CatchUpRequest = Pick<Extract<FromVrrp, { type: 'catch-up-wanted' }>, 'request' | 'missed'>

/** After a change of state: what forwarding is to be asked, if anything. */
export function wantsCatchUp(
  catchUp: CatchUp | undefined,
  one: RunningRouter,
  before: VrrpState,
  now: Instant,
): CatchUpRequest | undefined {
  if (one.state.name === before.name) return undefined
  one.fetching = undefined
  if (one.state.name !== 'backup' || catchUp?.keys.includes(one.key) !== true) return undefined
  one.fetching = { request: now, until: after(now, catchUp.limit) }
  // A fault may have been that the others were not heard; and a master has heard nobody.
  return { request: now, missed: before.name !== 'initialize' }
}

/** The same event, with whether a weaker master is let be. */
export function heldBack(catchUp: CatchUp | undefined, one: RunningRouter, event: VrrpEvent, now: Instant): VrrpEvent {
  if (event.type === 'started') return catchUp?.keys.includes(one.key) === true ? { ...event, held: true } : event
  if (event.type !== 'advertisement-received' || one.fetching === undefined || catchUp === undefined) return event
  return now < one.fetching.until ? { ...event, held: true } : event
}

/** Forwarding has done what it could for this request. */
export function caughtUp(running: Iterable<RunningRouter>, request: Instant, log: Log): void {
  for (const one of running) {
    if (one.fetching === undefined || one.fetching.request > request) continue
    one.fetching = undefined
    log.info('virtual router need not wait for connections', { router: one.router.name })
  }
}

export function fetchingOf(
  { fetching }: RunningRouter,
  clock: Pick<Clock, 'now' | 'wall'>,
): Pick<VirtualRouterSnapshot, 'fetchingUntil'> {
  const now = clock.now()
  if (fetching === undefined || fetching.until <= now) return {}
  return { fetchingUntil: new Date(clock.wall() + elapsed(now, fetching.until) / 1_000).toISOString() }
}
