import { after, assertNever, type Instant, micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { VrrpAction } from './action.ts'
import type { VrrpEvent } from './event.ts'
import { RESIGNED, successionTime, sureSuccessionTime } from './intervals.ts'
import type { Master } from './state.ts'
import { endNotice, initialize, letGo, resign, type Step, stay } from './transition.ts'

type Stopped = Extract<VrrpEvent, { type: 'stopped' }>

/**
 * A master is told to stop. It resigns, and from then on is silent; its addresses stay until another has taken its place, so
 * that they are nobody's at no time. Where none comes, they go when the weakest backup must have spoken.
 */
export function leave(router: VirtualRouter, state: Master, event: Stopped, now: Instant): Step {
  const word = state.yielding === undefined ? resign : []
  if (event.keepAddresses)
    return { state: initialize, actions: [...word, { type: 'cease-announcing' }, endNotice(event)] }
  const wait = patience(router, event)
  if (wait === 0) return { state: initialize, actions: [...word, ...letGo, endNotice(event)] }
  const silence: VrrpAction = { type: 'cease-announcing' }
  return {
    state: { name: 'master', advertiseAt: after(now, wait), yielding: 'at-stop' },
    actions: [...word, silence],
  }
}

function patience(router: VirtualRouter, { within, alone }: Stopped) {
  const hasAddresses = router.addresses.length + router.excludedAddresses.length > 0
  const enough = alone ? successionTime(router) : sureSuccessionTime(router)
  return micros(hasAddresses ? Math.min(within, enough) : 0)
}

/** One event in the life of a master that has resigned and is at its end. */
export function stepLeaving(state: Master, event: VrrpEvent, now: Instant): Step {
  switch (event.type) {
    case 'advertisement-received':
      return event.priority === RESIGNED || event.source === event.self ? stay(state) : gone
    case 'deadline-reached':
      return now < state.advertiseAt ? stay(state) : gone
    case 'stopped':
      return event.within === 0 ? gone : stay(state)
    case 'fault-found':
    case 'deleted':
      return gone
    case 'started':
    case 'resumed-as-master':
    case 'failover-ordered':
    case 'fault-cleared':
    case 'group-became-master':
    case 'group-became-backup':
    case 'reconfigured':
      return stay(state)
    default:
      return assertNever(event)
  }
}

const gone: Step = { state: initialize, actions: [...letGo, endNotice({ type: 'stopped' })] }
