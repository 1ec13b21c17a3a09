import { after, type Instant, type Micros, micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { Cause, VrrpAction } from './action.ts'
import type { VrrpEvent } from './event.ts'
import { leastSkewTime, masterDownInterval, OWNER, RESIGNED } from './intervals.ts'
import type { Backup, HeardMaster, Initialize, VrrpState } from './state.ts'

export type Step = { readonly state: VrrpState; readonly actions: readonly VrrpAction[] }

const none: readonly VrrpAction[] = []

export const initialize: Initialize = { name: 'initialize' }

export const stay = (state: VrrpState): Step => ({ state, actions: none })

export const resign: readonly VrrpAction[] = [{ type: 'send-advertisement', priority: RESIGNED }]
export const letGo: readonly VrrpAction[] = [{ type: 'cease-announcing' }, { type: 'remove-addresses' }]

/**
 * Advertises, takes the addresses and tells the neighbours (RFC 9568 §6.4.2). Whoever takes the place of a living master has
 * the addresses before it says so, because at its first word the other gives them up; anyone else speaks first, so that the
 * backups behind it hear it in time.
 */
export function enterMaster(
  router: VirtualRouter,
  now: Instant,
  cause: Cause,
  { fromLiving = false }: { readonly fromLiving?: boolean } = {},
): Step {
  const hello: VrrpAction = { type: 'send-advertisement', priority: router.priority }
  const take: VrrpAction = { type: 'install-addresses' }
  return {
    state: { name: 'master', advertiseAt: after(now, router.advertisementInterval), fresh: true },
    actions: [
      ...(fromLiving ? [take, hello] : [hello, take]),
      { type: 'announce-addresses', occasion: 'entered' },
      { type: 'notify', entered: 'MASTER', cause },
    ],
  }
}

/** Backup with nobody heard yet: the interval is our own again, the timer full unless `wait` says otherwise. */
export function enterBackup(router: VirtualRouter, now: Instant, cause: Cause, wait?: Micros): Step {
  return {
    state: waiting(router, router.advertisementInterval, now, undefined, wait),
    actions: [{ type: 'notify', entered: 'BACKUP', cause }],
  }
}

/** A backup whose down timer starts at `from`. */
export function waiting(
  router: VirtualRouter,
  masterInterval: Micros,
  from: Instant,
  heard?: HeardMaster,
  wait: Micros = masterDownInterval(router, masterInterval),
): Backup {
  return { name: 'backup', masterInterval, downAt: after(from, wait), ...(heard === undefined ? {} : { heard }) }
}

export const enterFault = (reason: string): Step => ({
  state: { name: 'fault', reason },
  actions: [{ type: 'notify', entered: 'FAULT', cause: 'fault' }],
})

/** What every state that is not master answers to `stopped` and `deleted`: silence on the wire (RFC 9568 §6.4.2). */
export function end(event: Extract<VrrpEvent, { type: 'stopped' | 'deleted' }>): Step {
  return { state: initialize, actions: [endNotice(event)] }
}

export const endNotice = ({ type }: Pick<Extract<VrrpEvent, { type: 'stopped' | 'deleted' }>, 'type'>): VrrpAction =>
  type === 'stopped'
    ? { type: 'notify', entered: 'STOP', cause: 'stopped' }
    : { type: 'notify', entered: 'DELETED', cause: 'deleted' }

/** v3 adopts the interval that the master advertises (RFC 9568 §6.4.2); in v2 it equals our own or was refused. */
export const learnedInterval = (router: VirtualRouter, advertised: Micros): Micros =>
  router.version === 3 ? advertised : router.advertisementInterval

/** An owner that wishes to be master (keepalived: `state MASTER`, its default at priority 255). */
export const eagerOwner = (router: VirtualRouter): boolean =>
  router.priority === OWNER && router.initialState === 'master'

/** After a fault an eager owner waits for one advertisement, others for a full down interval (keepalived). */
export function waitAfterFault(router: VirtualRouter): Micros {
  const interval = router.advertisementInterval
  return eagerOwner(router) ? micros(interval + leastSkewTime(router, interval)) : masterDownInterval(router, interval)
}
