import type { Instant, Log } from '../../base/index.ts'
import { type NameServer, nameKey, type ServerName } from '../../model/index.ts'
import { nextLookup } from '../../proto/lookup/index.ts'
import type { CheckerSlice, NameNews } from '../ipc/index.ts'
import { DeadlineQueue, NOWHERE } from './deadline-queue.ts'
import type { CheckerPorts } from './ports.ts'
import { ProbeSlots } from './probe-slots.ts'

/** As many names are asked for at a time. */
const LOOKUPS_AT_A_TIME = 16

type NameRun = {
  readonly of: ServerName
  /** Ends the lookup under way, or takes it out of the queue. */
  cancel?: () => void
  place: number
}

/** The names of real servers, each asked for whenever its last answer has expired. */
export type Names = {
  /** From here on exactly these are asked for; what is new, at once. */
  adopt(slice: Pick<CheckerSlice, 'serverNames' | 'nameServers'>): void
  /** Asks for those that are due. */
  advance(now: Instant): void
  /** When one is due next. */
  readonly earliest: Instant | undefined
}

/**
 * @param tell       called each time a name has been asked for
 * @param onPlanned  the earliest deadline may be another now
 */
export function createNames(
  { clock, lookUp }: Pick<CheckerPorts, 'clock' | 'lookUp'>,
  log: Log,
  tell: (key: string, news: NameNews) => void,
  onPlanned: () => void,
): Names {
  const runs = new Map<string, NameRun>()
  const deadlines = new DeadlineQueue<NameRun>()
  const slots = new ProbeSlots(LOOKUPS_AT_A_TIME)
  let nameServers: readonly NameServer[] | undefined

  function start(run: NameRun): void {
    const abort = new AbortController()
    const slot = slots.run(async () => {
      const found = await lookUp(run.of, nameServers, abort.signal)
      if (abort.signal.aborted) return
      delete run.cancel
      if (!found.ok) log.debug('name was not found', { name: run.of.name, reason: found.error.message })
      tell(
        nameKey(run.of),
        found.ok ? found.value : { problem: found.error.message, gone: found.error.reason === 'nxdomain' },
      )
      deadlines.set(run, nextLookup(run.of, found.ok ? found.value.ttl : undefined, clock.now()))
      onPlanned()
    })
    run.cancel = () => {
      slot.cancel()
      abort.abort()
    }
  }

  function stop(run: NameRun): void {
    run.cancel?.()
    deadlines.delete(run)
  }

  return {
    adopt(slice) {
      const othersAsked = JSON.stringify(slice.nameServers) !== JSON.stringify(nameServers)
      nameServers = slice.nameServers
      const wanted = new Map((slice.serverNames ?? []).map((of) => [nameKey(of), of]))
      for (const [key, run] of runs) {
        if (!othersAsked && JSON.stringify(wanted.get(key)) === JSON.stringify(run.of)) continue
        stop(run)
        runs.delete(key)
      }
      for (const [key, of] of wanted) {
        if (runs.has(key)) continue
        const run: NameRun = { of, place: NOWHERE }
        runs.set(key, run)
        start(run)
      }
    },
    advance(now) {
      for (let due = deadlines.takeDue(now); due !== undefined; due = deadlines.takeDue(now)) start(due)
    },
    get earliest() {
      return deadlines.earliest
    },
  }
}
