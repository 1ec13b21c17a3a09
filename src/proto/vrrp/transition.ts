import { after, type Instant, type Micros, micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { Cause, VrrpAction } from './action.ts'
import type { VrrpEvent } from './event.ts'
import { leastSkewTime, masterDownInterval, OWNER } from './intervals.ts'
import type { Backup, HeardMaster, Initialize, VrrpState } from './state.ts'

export type Step = { readonly state: VrrpState; readonly actions: readonly VrrpAction[] }

const none: readonly VrrpAction[] = []

export const initialize: Initialize = { name: 'initialize' }

export const stay = (state: VrrpState): Step => ({ state, actions: none })

/** Advertises first, then takes the addresses, then tells the neighbours (RFC 9568 §6.4.2). */
export function enterMaster(router: VirtualRouter, now: Instant, cause: Cause): Step {
  return {
    state: { name: 'master', advertiseAt: after(now, router.advertisementInterval), fresh: true },
    actions: [
      { type: 'send-advertisement', priority: router.priority },
      { type: 'install-addresses' },
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

/** A backup whose down timer starts at `now`. */
export function waiting(
  router: VirtualRouter,
  masterInterval: Micros,
  now: Instant,
  heard?: HeardMaster,
  wait: Micros = masterDownInterval(router, masterInterval),
): Backup {
  return { name: 'backup', masterInterval, downAt: after(now, wait), ...(heard === undefined ? {} : { heard }) }
}

export const enterFault = (reason: string): Step => ({
  state: { name: 'fault', reason },
  actions: [{ type: 'notify', entered: 'FAULT', cause: 'fault' }],
})

/** What every state that is not master answers to `stopped` and `deleted`: silence on the wire (RFC 9568 §6.4.2). */
export function end(event: Extract<VrrpEvent, { type: 'stopped' | 'deleted' }>): Step {
  return { state: initialize, actions: [endNotice(event)] }
}

export const endNotice = (event: Extract<VrrpEvent, { type: 'stopped' | 'deleted' }>): VrrpAction =>
  event.type === 'stopped'
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
