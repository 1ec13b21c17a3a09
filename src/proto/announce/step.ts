import {
  after,
  assertNever,
  familyOf,
  type Instant,
  type IpAddress,
  instant,
  type Micros,
  micros,
} from '../../base/index.ts'
import type { AnnouncementSettings } from '../../model/index.ts'
import type { AnnouncementAction } from './action.ts'
import type { AnnouncementEvent } from './event.ts'
import type { AnnouncementState, Pending, Schedule } from './state.ts'

export type AnnouncementStep = {
  readonly state: AnnouncementState
  readonly actions: readonly AnnouncementAction[]
}

export const silent: AnnouncementState = {
  schedules: [],
  queue: [],
  arpFreeAt: instant(0),
  naFreeAt: instant(0),
}

/** One event on one interface: what falls due is queued, and what the spacing allows is sent. */
export function stepAnnouncements(state: AnnouncementState, event: AnnouncementEvent, now: Instant): AnnouncementStep {
  switch (event.type) {
    case 'master-entered': {
      const { router, addresses, settings } = event
      const schedule: Schedule = {
        router,
        addresses,
        settings,
        ...(settings.masterDelay > 0 ? { secondAt: after(now, settings.masterDelay) } : {}),
        ...refreshFrom(settings, now),
      }
      return send(queued(scheduled(state, schedule), router, addresses, settings.masterRepeat), now)
    }
    case 'addresses-changed': {
      const { router, addresses, added, settings } = event
      const { refreshAt, ...rest } = scheduleOf(state, router) ?? { router, addresses, settings }
      const refresh = settings.masterRefresh === rest.settings.masterRefresh && refreshAt !== undefined
      const schedule: Schedule = {
        ...rest,
        addresses,
        settings,
        ...(refresh ? { refreshAt } : refreshFrom(settings, now)),
      }
      const kept = dropped(scheduled(state, schedule), router, addresses)
      return send(queued(kept, router, added, settings.masterRepeat), now)
    }
    case 'weaker-master-heard': {
      const schedule = scheduleOf(state, event.router)
      if (schedule === undefined || schedule.settings.lowerPrioRepeat === 0) return { state, actions: [] }
      const { addresses, settings } = schedule
      const next: Schedule =
        settings.lowerPrioDelay > 0 ? { ...schedule, lowerPrioAt: after(now, settings.lowerPrioDelay) } : schedule
      return send(queued(scheduled(state, next), event.router, addresses, settings.lowerPrioRepeat), now)
    }
    case 'master-left': {
      const schedules = state.schedules.filter(({ router }) => router !== event.router)
      return { state: dropped({ ...state, schedules }, event.router, []), actions: [] }
    }
    case 'deadline-reached':
      return send(due(state, now), now)
    default:
      return assertNever(event)
  }
}

/** The earliest moment at which something falls due or may leave; undefined: never. */
export function announcementDeadline(state: AnnouncementState): Instant | undefined {
  let earliest: Instant | undefined
  const consider = (at: Instant | undefined) => {
    if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at
  }
  for (const { secondAt, refreshAt, lowerPrioAt } of state.schedules) {
    consider(secondAt)
    consider(refreshAt)
    consider(lowerPrioAt)
  }
  for (const { address } of state.queue) consider(familyOf(address) === 4 ? state.arpFreeAt : state.naFreeAt)
  return earliest
}

const refreshFrom = (settings: AnnouncementSettings, now: Instant): Pick<Schedule, 'refreshAt'> =>
  settings.masterRefresh > 0 ? { refreshAt: after(now, settings.masterRefresh) } : {}

const scheduleOf = ({ schedules }: AnnouncementState, router: string): Schedule | undefined =>
  schedules.find((one) => one.router === router)

function scheduled(state: AnnouncementState, schedule: Schedule): AnnouncementState {
  const others = state.schedules.filter(({ router }) => router !== schedule.router)
  others.push(schedule)
  return { ...state, schedules: others }
}

function queued(
  state: AnnouncementState,
  router: string,
  addresses: readonly IpAddress[],
  repeat: number,
): AnnouncementState {
  const fresh = new Set(addresses)
  const queue: Pending[] = state.queue.map((pending) => {
    if (pending.router !== router || !fresh.delete(pending.address)) return pending
    return { ...pending, remaining: Math.max(pending.remaining, repeat) }
  })
  for (const address of fresh) queue.push({ router, address, remaining: repeat })
  return { ...state, queue }
}

/** Without what `router` has queued for any other address. */
function dropped(state: AnnouncementState, router: string, keep: readonly IpAddress[]): AnnouncementState {
  return { ...state, queue: state.queue.filter((one) => one.router !== router || keep.includes(one.address)) }
}

function due(state: AnnouncementState, now: Instant): AnnouncementState {
  let next = state
  for (const schedule of state.schedules) {
    const { router, addresses, settings, secondAt, refreshAt, lowerPrioAt, ...rest } = schedule
    const passed = (at: Instant | undefined): boolean => at !== undefined && at <= now
    const repeat = Math.max(
      passed(secondAt) ? settings.masterRepeat : 0,
      passed(lowerPrioAt) ? settings.lowerPrioRepeat : 0,
      passed(refreshAt) ? settings.masterRefreshRepeat : 0,
    )
    if (repeat === 0) continue
    const left: Schedule = {
      ...rest,
      router,
      addresses,
      settings,
      ...(secondAt === undefined || passed(secondAt) ? {} : { secondAt }),
      ...(lowerPrioAt === undefined || passed(lowerPrioAt) ? {} : { lowerPrioAt }),
      ...(passed(refreshAt) ? refreshFrom(settings, now) : refreshAt === undefined ? {} : { refreshAt }),
    }
    next = queued(scheduled(next, left), router, addresses, repeat)
  }
  return next
}

/** Sends round by round, each address once a round (keepalived), until the queue is empty or a gap has to pass. */
function send(state: AnnouncementState, now: Instant): AnnouncementStep {
  const actions: AnnouncementAction[] = []
  let { arpFreeAt, naFreeAt } = state
  let queue = state.queue
  for (let sent = true; sent && queue.length > 0; ) {
    sent = false
    const later: Pending[] = []
    const again: Pending[] = []
    for (const pending of queue) {
      const { router, address, remaining } = pending
      const isArp = familyOf(address) === 4
      if ((isArp ? arpFreeAt : naFreeAt) > now) {
        later.push(pending)
        continue
      }
      actions.push({ type: 'announce', address })
      sent = true
      const gap = gapOf(scheduleOf(state, router)?.settings, isArp)
      if (gap > 0 && isArp) arpFreeAt = after(now, gap)
      else if (gap > 0) naFreeAt = after(now, gap)
      if (remaining > 1) again.push({ router, address, remaining: remaining - 1 })
    }
    queue = [...later, ...again]
  }
  return { state: { ...state, queue, arpFreeAt, naFreeAt }, actions }
}

const gapOf = (settings: AnnouncementSettings | undefined, isArp: boolean): Micros =>
  settings === undefined ? micros(0) : isArp ? settings.garpInterval : settings.gnaInterval
