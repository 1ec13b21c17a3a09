import { after, assertNever, type Instant, micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { AdvertisementReceived, VrrpEvent } from './event.ts'
import { leastSkewTime, masterDownInterval, OWNER, RESIGNED, skewTime } from './intervals.ts'
import type { Backup } from './state.ts'
import { end, enterFault, enterMaster, learnedInterval, type Step, stay, waiting } from './transition.ts'

/** One event in the Backup state (RFC 9568 §6.4.2). */
export function stepBackup(router: VirtualRouter, state: Backup, event: VrrpEvent, now: Instant): Step {
  switch (event.type) {
    case 'deadline-reached':
      if (now < state.downAt) return stay(state)
      if (event.held === true) return stay({ ...state, wishes: true, downAt: after(now, wishAgain(router, state)) })
      return enterMaster(
        router,
        now,
        state.heard?.priority === RESIGNED ? 'master-resigned' : 'master-silent',
        rivalOf(state, now),
      )
    case 'advertisement-received':
      return hear(router, state, event, now)
    case 'group-became-master':
      return enterMaster(router, now, 'sync-group', rivalOf(state, now))
    case 'reconfigured':
      return stay(shifted(event.before, router, state))
    case 'fault-found':
      return enterFault(event.reason)
    case 'stopped':
    case 'deleted':
      return end(event)
    case 'failover-ordered':
    case 'started':
    case 'resumed-as-master':
    case 'fault-cleared':
    case 'group-became-backup':
      return stay(state)
    default:
      return assertNever(event)
  }
}

function hear(router: VirtualRouter, state: Backup, event: AdvertisementReceived, now: Instant): Step {
  const { priority, source, arrivedAt = now } = event
  // A resignation: wait only the skew, so that the best backup goes first. It counts once, and only from the master that is
  // followed: RFC 9568 §6.4.2 takes it from anybody, and so from a forger, who could put the takeover off with it as well.
  if (priority === RESIGNED) {
    if (state.heard?.source !== source || state.heard.priority === RESIGNED) return stay(state)
    const skew = skewTime(router, state.masterInterval)
    return stay({ ...state, downAt: after(arrivedAt, skew), heard: { source, priority } })
  }
  const interval = learnedInterval(router, event.interval)
  const followed = waiting(router, interval, arrivedAt, { source, priority })
  if (priority >= router.priority || !preempts(router)) return stay(followed)
  // While preempt_delay runs it is followed like any other (keepalived); afterwards the timer may run out.
  const preemptAt = router.preemptDelay === 0 ? undefined : (state.preemptAt ?? after(now, router.preemptDelay))
  const waits = event.held === true || (preemptAt !== undefined && now < preemptAt)
  // A weaker master is not answered: letting the timer run out is what preempts it.
  if (waits) return stay({ ...followed, ...(preemptAt === undefined ? {} : { preemptAt }) })
  return stay({ ...state, weakerUntil: after(now, micros(2 * event.interval)) })
}

const rivalOf = ({ weakerUntil }: Backup, now: Instant) => ({
  fromLiving: weakerUntil !== undefined && now <= weakerUntil,
})

/** One interval and the least skew; what it waits for is the others, not this timer (keepalived). */
const wishAgain = (router: VirtualRouter, { masterInterval }: Backup) =>
  micros(masterInterval + leastSkewTime(router, masterInterval))

/** An owner preempts whatever nopreempt says (RFC 9568 §6.1). */
const preempts = (router: VirtualRouter): boolean => router.preempt || router.priority === OWNER

/**
 * The running timer moves by what the down interval changed, it does not start again (keepalived). An interval learned
 * from a master stays.
 */
function shifted(before: VirtualRouter, router: VirtualRouter, state: Backup): Backup {
  const learned = router.version === 3 && before.version === 3 && state.heard !== undefined
  const masterInterval = learned ? state.masterInterval : router.advertisementInterval
  const change = masterDownInterval(router, masterInterval) - masterDownInterval(before, state.masterInterval)
  return { ...state, masterInterval, downAt: after(state.downAt, micros(change)) }
}
