import { assertNever, type Instant, micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { VrrpEvent } from './event.ts'
import { leastSkewTime } from './intervals.ts'
import type { Fault, Initialize, VrrpState } from './state.ts'
import { stepBackup } from './step-backup.ts'
import { stepMaster } from './step-master.ts'
import { eagerOwner, end, enterBackup, enterFault, enterMaster, type Step, stay, waitAfterFault } from './transition.ts'

/**
 * One event in the life of one virtual router (RFC 9568 §6.4, RFC 3768 §6.4; keepalived's departures are named where they
 * are). Total: an event that a state has no use for changes nothing.
 * @param router as configured; for `reconfigured` as it is from here on
 */
export function step(router: VirtualRouter, state: VrrpState, event: VrrpEvent, now: Instant): Step {
  switch (state.name) {
    case 'initialize':
      return stepInitialize(router, state, event, now)
    case 'backup':
      return stepBackup(router, state, event, now)
    case 'master':
      return stepMaster(router, state, event, now)
    case 'fault':
      return stepFault(router, state, event, now)
    default:
      return assertNever(state)
  }
}

/** One event before the protocol runs (RFC 9568 §6.4.1). */
function stepInitialize(router: VirtualRouter, state: Initialize, event: VrrpEvent, now: Instant): Step {
  switch (event.type) {
    case 'started':
      if (event.faultReason !== undefined) return enterFault(event.faultReason)
      if (eagerOwner(router) && event.held !== true) return enterMaster(router, now, 'started')
      return enterBackup(router, now, 'started', waitAtStart(router))
    case 'resumed-as-master':
      return enterMaster(router, now, 'resumed')
    case 'deadline-reached':
    case 'failover-ordered':
    case 'group-became-master':
    case 'group-became-backup':
    case 'advertisement-received':
    case 'fault-found':
    case 'fault-cleared':
    case 'reconfigured':
    case 'stopped':
    case 'deleted':
      return stay(state)
    default:
      return assertNever(event)
  }
}

/** One event while the virtual router may not run: nothing is heard, nothing is sent (keepalived's FAULT). */
function stepFault(router: VirtualRouter, state: Fault, event: VrrpEvent, now: Instant): Step {
  switch (event.type) {
    case 'fault-cleared':
      return enterBackup(router, now, 'fault-cleared', waitAfterFault(router))
    case 'fault-found':
      return stay({ name: 'fault', reason: event.reason })
    case 'stopped':
    case 'deleted':
      return end(event)
    case 'started':
    case 'resumed-as-master':
    case 'deadline-reached':
    case 'failover-ordered':
    case 'group-became-master':
    case 'group-became-backup':
    case 'advertisement-received':
    case 'reconfigured':
      return stay(state)
    default:
      return assertNever(event)
  }
}

/**
 * `state MASTER` without owning the addresses: backup first, and master unless one is heard within one interval and the
 * least skew (keepalived); undefined: a full down interval.
 */
function waitAtStart(router: VirtualRouter) {
  if (router.initialState !== 'master') return undefined
  const interval = router.advertisementInterval
  return micros(interval + leastSkewTime(router, interval))
}
