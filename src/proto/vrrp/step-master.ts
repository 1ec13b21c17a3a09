import {
  after,
  assertNever,
  compareAddresses,
  elapsed,
  type Instant,
  instant,
  type Micros,
  micros,
} from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'
import type { Cause, VrrpAction } from './action.ts'
import type { AdvertisementReceived, VrrpEvent } from './event.ts'
import { OWNER, RESIGNED, skewTime, sureSuccessionTime } from './intervals.ts'
import type { Master, OwnerConflict, VrrpState } from './state.ts'
import { leave, stepLeaving } from './step-leaving.ts'
import {
  endNotice,
  enterFault,
  initialize,
  learnedInterval,
  letGo,
  resign,
  type Step,
  stay,
  waiting,
} from './transition.ts'

/** One event in the Master state (RFC 9568 §6.4.3). */
export function stepMaster(router: VirtualRouter, state: Master, event: VrrpEvent, now: Instant): Step {
  if (state.yielding === 'at-stop') return stepLeaving(state, event, now)
  switch (event.type) {
    case 'deadline-reached':
      return now < state.advertiseAt ? stay(state) : takeTurn(router, state, now)
    case 'advertisement-received':
      return hear(router, state, event, now)
    case 'failover-ordered':
      if (state.yielding !== undefined) return stay(state)
      return {
        // Its addresses stay meanwhile, so that they are nobody's at no time, also where there is no other.
        state: { name: 'master', advertiseAt: after(now, sureSuccessionTime(router)), yielding: 'by-order' },
        actions: resign,
      }
    case 'reconfigured':
      return adjust(router, event.before, state, now)
    case 'fault-found': {
      const { state: next, actions } = enterFault(event.reason)
      return { state: next, actions: [...resign, ...letGo, ...actions] }
    }
    case 'group-became-backup': {
      // keepalived says nothing here, and a master of the others is missed only after a whole down interval.
      const notice: VrrpAction = { type: 'notify', entered: 'BACKUP', cause: 'sync-group' }
      return { state: waiting(router, router.advertisementInterval, now), actions: [...resign, ...letGo, notice] }
    }
    case 'stopped':
      return leave(router, state, event, now)
    case 'deleted':
      return { state: initialize, actions: [...resign, ...letGo, endNotice(event)] }
    case 'started':
    case 'resumed-as-master':
    case 'fault-cleared':
    case 'group-became-master':
      return stay(state)
    default:
      return assertNever(event)
  }
}

/** The timer is armed anew only by what sends: advertisements that come in cannot keep a master silent. */
function advertise(
  router: VirtualRouter,
  state: Master,
  now: Instant,
  advertiseAt: Instant = after(now, router.advertisementInterval),
  more: readonly VrrpAction[] = [],
): Step {
  const conflict = state.conflict === undefined ? {} : { conflict: counted(router, state.conflict, now) }
  const { answeredAt } = state
  const held = answeredAt !== undefined && now < after(answeredAt, pauseBetweenAnswers(router)) ? { answeredAt } : {}
  return {
    state: { name: 'master', advertiseAt, ...held, ...conflict },
    actions: [{ type: 'send-advertisement', priority: router.priority }, ...more],
  }
}

/**
 * After a silence in which a backup must have taken its place it tells the neighbours again whose the addresses are: this
 * process did not run, or not in time, and nobody has been heard who would keep them.
 */
function takeTurn(router: VirtualRouter, state: Master, now: Instant): Step {
  const { advertiseAt, answeredAt, owesAnnouncement } = state
  if (isReplaced(router, elapsed(advertiseAt, now))) {
    const notice: VrrpAction = { type: 'notify', entered: 'BACKUP', cause: 'overslept' }
    return { state: waiting(router, router.advertisementInterval, now), actions: [...letGo, notice] }
  }
  const silence = elapsed(advertiseAt, now) + router.advertisementInterval
  const missed = silence > router.downTimerAdverts * router.advertisementInterval
  const told: readonly VrrpAction[] = missed
    ? [{ type: 'install-addresses' }, { type: 'announce-addresses', occasion: 'entered' }]
    : owesAnnouncement
      ? [announceToWeaker]
      : []
  // The turn may be an answer that was held back: it holds back the next one too.
  const answering = answeredAt === undefined ? state : { ...state, answeredAt: now }
  return advertise(router, answering, now, nextTurn(router, state, now), told)
}

/** timer_expired_backup: whether a backup of that priority has missed us for a whole down interval (keepalived). */
function isReplaced(router: VirtualRouter, late: Micros): boolean {
  const { oversleptPriority: priority, advertisementInterval: interval } = router
  return priority !== undefined && late >= 2 * interval + skewTime({ ...router, priority }, interval)
}

/** What one interval may be shorter than the configured one, to make up for a late turn. */
const CATCH_UP = micros(100)

/**
 * One interval after the moment of this turn, so that lateness does not add up, and yet never much sooner than an interval from
 * now: whoever counts the gaps sees one long one after a late turn, not a long and a short one.
 */
function nextTurn(router: VirtualRouter, state: Master, now: Instant): Instant {
  const next = after(state.advertiseAt, router.advertisementInterval)
  const soonest = after(now, micros(router.advertisementInterval - CATCH_UP))
  return instant(Math.max(next, soonest))
}

function hear(router: VirtualRouter, state: Master, event: AdvertisementReceived, now: Instant): Step {
  const { priority, source, self } = event
  if (state.yielding !== undefined)
    return priority === RESIGNED || source === self ? stay(state) : giveWay(router, event, now, false, 'failover')
  if (priority === RESIGNED) return answer(router, state, now)
  const order = priority === router.priority ? compareAddresses(source, self) : priority - router.priority
  // Our own message come back, or another host with our address: neither can be argued with.
  if (order === 0) return stay(state)
  // Between two owners a last word would count as one more sign that the other does not give way, and both would.
  const isRival = priority === OWNER && router.priority === OWNER
  if (order > 0) return giveWay(router, event, now, router.higherPrioSendAdvert && !isRival)
  const conflict = priority === OWNER ? conflictWith(state.conflict, event, now) : undefined
  if (conflict?.yieldAt !== undefined && now >= conflict.yieldAt) return giveWay(router, event, now, false)
  return answer(router, conflict === undefined ? withoutConflict(state) : { ...state, conflict }, now, 'weaker-master')
}

const withoutConflict = ({ conflict: _, ...state }: Master): Master => state

/**
 * RFC 9568 §6.4.3 answers at once, a resignation and a weaker one, so that the weaker one gives way now. RFC 3768 and 5798 stay
 * silent towards weaker ones (keepalived: lower_prio_no_advert), with one weakness where intervals differ: weak backups that
 * have learned a short interval from each other time out before a slow master's next turn, over and over, as long as it does
 * not answer. What comes within a tenth of the interval after an answer is answered by the end of it: nobody can make a
 * master send, announce and notify as often as he likes.
 */
function answer(router: VirtualRouter, state: Master, now: Instant, to?: 'weaker-master'): Step {
  const silent = to !== undefined && router.lowerPrioNoAdvert
  const { answeredAt, advertiseAt, fresh } = state
  const notice: VrrpAction = { type: 'notify', entered: 'MASTER_RX_LOWER_PRI', cause: 'weaker-master' }
  // Its turn is overdue: it did not run, and what it has missed may have more to say. The turn itself is the answer.
  if (now > advertiseAt)
    return to === undefined ? stay(state) : { state: { ...state, owesAnnouncement: true }, actions: [notice] }
  if (answeredAt !== undefined) {
    const again = after(answeredAt, pauseBetweenAnswers(router))
    const owes: Pick<Master, 'owesAnnouncement'> = to === undefined ? {} : { owesAnnouncement: true }
    const sooner = silent || advertiseAt <= again ? {} : { advertiseAt: again }
    if (now < again) return stay({ ...state, ...sooner, ...owes })
  }
  const told = to === undefined ? [] : fresh ? [announceToWeaker] : [announceToWeaker, notice]
  const answered: Master = { ...state, answeredAt: now }
  if (silent) return { state: answered, actions: told }
  const { state: next, actions } = advertise(router, answered, now, undefined, told)
  return { state: fresh && next.name === 'master' ? { ...next, fresh } : next, actions }
}

const announceToWeaker: VrrpAction = { type: 'announce-addresses', occasion: 'weaker-master' }

const pauseBetweenAnswers = ({ advertisementInterval }: VirtualRouter) => micros(Math.floor(advertisementInterval / 10))

function giveWay(
  router: VirtualRouter,
  event: AdvertisementReceived,
  now: Instant,
  withLastWord: boolean,
  why?: Cause,
): Step {
  const { priority, source, arrivedAt = now } = event
  const next: VrrpState = waiting(router, learnedInterval(router, event.interval), arrivedAt, { source, priority })
  // higher_prio_send_advert: one more, so that the other learns that there were two and tells the neighbours again who is
  // right (keepalived). After a healed partition nothing else would.
  const last: readonly VrrpAction[] = withLastWord ? [{ type: 'send-advertisement', priority: router.priority }] : []
  const cause = why ?? (router.priority === OWNER && priority === OWNER ? 'rival-owner' : 'stronger-master')
  return { state: next, actions: [...last, ...letGo, { type: 'notify', entered: 'BACKUP', cause }] }
}

/**
 * Two owners of the same addresses: the lower address gives way by the tie-break. If it does not, the higher one gives
 * way in its place, once it has sent two more advertisements and 1.2 of the longer interval has passed (keepalived).
 */
function conflictWith(before: OwnerConflict | undefined, event: AdvertisementReceived, now: Instant): OwnerConflict {
  const { source, interval } = event
  const stale = before === undefined || before.rival !== source || elapsed(before.heardAt, now) > 3 * interval
  if (stale) return { rival: source, rivalInterval: interval, heardAt: now, sent: 0 }
  return { ...before, rivalInterval: interval, heardAt: now }
}

function counted(router: VirtualRouter, conflict: OwnerConflict, now: Instant): OwnerConflict {
  const sent = conflict.sent + 1
  if (sent < 2 || conflict.yieldAt !== undefined) return { ...conflict, sent }
  const wait = micros(1.2 * Math.max(router.advertisementInterval, conflict.rivalInterval))
  return { ...conflict, sent, yieldAt: after(now, wait) }
}

/**
 * A master stays master. A new interval is told at once, because backups time us by the one they know; a new priority
 * goes with the next advertisement (RFC 9568 §5.2.4).
 */
function adjust(router: VirtualRouter, before: VirtualRouter, state: Master, now: Instant): Step {
  const sync: readonly VrrpAction[] = [{ type: 'install-addresses' }]
  const sameTimes = router.advertisementInterval === before.advertisementInterval && router.version === before.version
  return sameTimes || state.yielding !== undefined
    ? { state, actions: sync }
    : advertise(router, state, now, undefined, sync)
}
