import { elapsed, type Instant, type Log, type Micros } from '../../base/index.ts'
import type { CatchUpOutcome, ForwardingBackend } from '../../forwarding/index.ts'
import type { CatchUpSnapshot } from '../../observe/index.ts'
import { systemClock } from '../../sys/time/index.ts'

/** Fetches all connections when the backup daemon has started, and when a virtual router asks for it. */
export type CatchUpKeeper = {
  backupRuns(): void
  backupEnded(): void
  /** Answered with `done`, however it ends. @param missed  as in the message `catch-up` */
  ask(request: Instant, missed: boolean): void
  /** The last one; undefined: there was none. */
  snapshot(): CatchUpSnapshot | undefined
}

type Run = { hasBegun: boolean; request: Instant | undefined }

export function createCatchUpKeeper(
  backend: Pick<ForwardingBackend, 'catchUp'>,
  log: Log,
  done: (request: Instant) => void,
): CatchUpKeeper {
  let running: Run | undefined
  /** One more after it, for this request. */
  let next: Instant | undefined
  /** Whether all was fetched, or tried, since the backup daemon was started. */
  let isDone = false
  let last: CatchUpSnapshot | undefined

  const note = (state: CatchUpSnapshot['state'], more: Omit<CatchUpSnapshot, 'state' | 'since'> = {}) => {
    last = { state, since: new Date(systemClock.wall()).toISOString(), ...more }
  }

  /** One that is under way is called off by it. */
  function begin(request: Instant | undefined): void {
    const { catchUp } = backend
    if (catchUp === undefined) {
      if (request !== undefined) done(request)
      return
    }
    const run: Run = { hasBegun: false, request }
    const began = systemClock.now()
    running = run
    note('asking')
    void catchUp(({ from, connections }) => {
      run.hasBegun = true
      if (running === run) note('fetching', { from, connections })
    }).then((outcome) => {
      if (running !== run) return
      end(outcome, elapsed(began, systemClock.now()))
      running = undefined
      if (run.request !== undefined) done(run.request)
      if (next === undefined) return
      const after = next
      next = undefined
      begin(after)
    })
  }

  function end(outcome: CatchUpOutcome, took: Micros): void {
    switch (outcome.type) {
      case 'complete': {
        const { from, connections } = outcome
        isDone = true
        note('complete', { from, connections })
        return log.info('all connections are here', { from, connections, seconds: took / 1_000_000 })
      }
      case 'no-answer':
        isDone = true
        note('no-answer')
        return log.info('no other director hands its connections over; those that it tells of are taken')
      case 'broken':
        isDone = true
        note('broken', { reason: outcome.reason })
        return log.warn('not all connections could be fetched', { reason: outcome.reason })
      case 'called-off':
      case 'not-possible':
        last = undefined
    }
  }

  return {
    backupRuns() {
      isDone = false
      begin(running?.request)
    },
    backupEnded() {
      isDone = false
    },
    ask(request, missed) {
      if (running === undefined) {
        if (isDone && !missed) done(request)
        else begin(request)
      } else if (!missed) running.request = request
      // Whoever was asked until now may not have been heard.
      else if (running.hasBegun) next = request
      else begin(request)
    },
    snapshot: () => last,
  }
}
