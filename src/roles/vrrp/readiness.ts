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

/** From a timer's moment until this code runs it takes 70 to 200 µs; a backup that is ready waits for its moment itself. */
const LINGERS = micros(300)
/** Between the last rehearsal and that: what came meanwhile is heard. */
const LISTENS = micros(200)

type Waiting = Pick<RunningRouter, 'state' | 'readyFor'>

/** When it wants the alarm to ring. */
export function wakingTime({ state, readyFor }: Waiting): Instant | undefined {
  if (state.name !== 'backup') return deadlineOf(state)
  return before(state.downAt, readyFor === state.downAt ? LINGERS : BEFORE)
}

/** Whether its time is up so soon that no timer is worth while. */
export const isImminent = ({ state, readyFor }: Waiting, now: Instant): boolean =>
  state.name === 'backup' && readyFor === state.downAt && now < state.downAt && elapsed(now, state.downAt) <= LINGERS

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
