import { after, elapsed, type Instant, type Micros, micros } from '../../base/index.ts'
import { deadlineOf } from '../../proto/vrrp/index.ts'
import type { Clock } from '../../sys/time/index.ts'
import type { RunningRouter } from './running-router.ts'

/** How long before a backup's time is up it begins to go through its takeover. */
const BEFORE = micros(4_000)
/** What the first time may take. */
const TAKES = micros(1_000)
/** More do not make it quicker, and make the compiler take it up. A clock that stands still ends it too. */
const TIMES = 8
/** Hundreds of virtual routers whose times are up together are one code. */
const PAUSE = micros(100_000)

/** From a timer's moment until this code runs it takes 70 to 200 µs; who is to act waits for the moment itself. */
const LINGERS = micros(300)
/** What masters may take of each second by that at most: two with 10 ms between advertisements, twenty with 100. */
const MOST = micros(60_000)
/** Between the last rehearsal and that: what came meanwhile is heard. */
const LISTENS = micros(200)

type Waiting = Pick<RunningRouter, 'state' | 'readyFor'>

/** Whether masters wait for their turns themselves. With many a wait of one would delay the others, and cost too much. */
export function mayLinger(routers: Iterable<Pick<RunningRouter, 'state' | 'router'>>): boolean {
  let ofASecond = 0
  for (const { state, router } of routers) {
    if (state.name === 'master') ofASecond += (LINGERS * 1_000_000) / router.advertisementInterval
    if (ofASecond > MOST) return false
  }
  return true
}

/**
 * When it wants the alarm to ring.
 * @param lingers  whether masters wait for their turns themselves
 */
export function wakingTime({ state, readyFor }: Waiting, lingers: boolean): Instant | undefined {
  if (state.name === 'master' && lingers) return before(state.advertiseAt, LINGERS)
  if (state.name !== 'backup') return deadlineOf(state)
  return before(state.downAt, readyFor === state.downAt ? LINGERS : BEFORE)
}

/** Whether its time is up so soon that no timer is worth while. */
export function isImminent({ state, readyFor }: Waiting, now: Instant, lingers: boolean): boolean {
  const waits = state.name === 'backup' ? readyFor === state.downAt : state.name === 'master' && lingers
  const deadline = waits ? deadlineOf(state) : undefined
  return deadline !== undefined && now < deadline && elapsed(now, deadline) <= LINGERS
}

/** The first of those whose time is up so soon. */
export function imminentDeadline(routers: Iterable<Waiting>, now: Instant, lingers: boolean): Instant | undefined {
  let first: Instant | undefined
  for (const one of routers) {
    const deadline = isImminent(one, now, lingers) ? deadlineOf(one.state) : undefined
    if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline
  }
  return first
}

const before = (at: Instant, length: Micros): Instant => after(at, micros(-length))

/** Has backups go through their takeover when it is about to come. */
export type Readiness = {
  /** To be called of each whose deadline is not reached. */
  look(one: RunningRouter, now: Instant): void
  /** Goes through the takeover of one of those, while there is time to. */
  run(now: Instant): void
}

/** @param rehearse what was not used for hours has left the processor's caches: run at once, it takes several times as long */
export function openReadiness(clock: Pick<Clock, 'now'>, rehearse: (one: RunningRouter) => void): Readiness {
  let nearest: RunningRouter | undefined
  let rehearsedAt: Instant | undefined
  return {
    look(one, now) {
      const { state, readyFor } = one
      if (state.name !== 'backup' || readyFor === state.downAt || before(state.downAt, BEFORE) > now) return
      one.readyFor = state.downAt
      nearest = one
    },
    run(now) {
      const one = nearest
      nearest = undefined
      if (one?.state.name !== 'backup' || (rehearsedAt !== undefined && elapsed(rehearsedAt, now) < PAUSE)) return
      rehearsedAt = now
      const { downAt } = one.state
      // Again and again until just before: each time is quicker, and nothing else gets into the caches meanwhile.
      let took: number = TAKES
      let at = clock.now()
      for (let times = 0; times < TIMES && elapsed(at, downAt) > took + LISTENS + LINGERS; times++) {
        rehearse(one)
        const before = at
        at = clock.now()
        took = 2 * elapsed(before, at)
      }
    },
  }
}
