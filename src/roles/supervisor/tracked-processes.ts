import { elapsed, type Instant, micros, openRareLines, seconds } from '../../base/index.ts'
import { type Observed, type TrackProcess, trackKey } from '../../model/index.ts'
import type { CountedProcess } from '../../observe/index.ts'
import {
  type Census,
  countOf,
  emptyCensus,
  initialQuorum,
  needsArguments,
  type ProcessQuorum,
  quorumHolds,
  stepCensus,
  stepQuorum,
  takeCensus,
} from '../../proto/track-process/index.ts'
import type { ProcessNews } from '../../sys/netlink/index.ts'
import { tellOfLostNews } from './lost-news.ts'
import type { SupervisorPorts } from './ports.ts'
import { sameButForWeight } from './same-tracker.ts'

/** Where the kernel tells nothing, all processes are looked at so often. */
const POLL = seconds(1)

/** Processes that are counted, by the kernel's word or by looking. */
export type TrackedProcesses = {
  /**
   * From here on exactly these; those that are unchanged go on.
   * @param receiveBuffer  of news of processes, bytes; undefined: ours. It counts where none were tracked before
   */
  adopt(tracks: readonly TrackProcess[], receiveBuffer: number | undefined): void
  observed(): readonly Observed[]
  counted(): readonly CountedProcess[]
  stop(): void
}

type Tracked = { readonly track: TrackProcess; quorum: ProcessQuorum }

export function trackProcesses(
  ports: Pick<SupervisorPorts, 'processes' | 'clock' | 'schedule' | 'log'>,
  tell: (observed: readonly Observed[]) => void,
): TrackedProcesses {
  const { clock, log, processes } = ports
  let tracked: readonly Tracked[] = []
  let tracks: readonly TrackProcess[] = []
  let withArguments = false
  let census: Census = emptyCensus
  let watch: { close(): void } | undefined
  let cancelPoll: (() => void) | undefined
  let cancelDelay: (() => void) | undefined
  let cancelLines: (() => void) | undefined
  const lines = openRareLines()
  let complained = false
  const lostNews = tellOfLostNews(ports, 'news of processes was lost; all are looked at again')

  function begin(receiveBuffer: number | undefined): void {
    if (watch !== undefined || cancelPoll !== undefined) return
    const watched = processes.watch(hear, receiveBuffer)
    if (watched.ok) {
      watch = watched.value
      return
    }
    if (!complained)
      log.warn('processes are counted once a second, and not as they come and go', { reason: watched.error.message })
    complained = true
    poll()
  }

  function poll(): void {
    cancelPoll = ports.schedule(POLL, () => {
      look()
      recount()
      poll()
    })
  }

  function end(): void {
    lostNews.stop()
    lines.flush()
    cancelLines?.()
    cancelLines = undefined
    watch?.close()
    watch = undefined
    cancelPoll?.()
    cancelPoll = undefined
    cancelDelay?.()
    cancelDelay = undefined
  }

  function hear(news: ProcessNews): void {
    const before = census
    switch (news.type) {
      case 'forked':
        census = stepCensus(tracks, census, news.pid, { parent: news.parent })
        break
      case 'changed':
        census = stepCensus(tracks, census, news.pid, { found: processes.describe(news.pid, withArguments) })
        break
      case 'exited':
        census = stepCensus(tracks, census, news.pid, { found: undefined })
        break
      case 'lost':
        lostNews.lost()
        look()
        break
    }
    if (census !== before) recount()
  }

  function look(): void {
    census = takeCensus(
      tracks,
      processes.ids().flatMap((pid) => {
        const found = processes.describe(pid, withArguments)
        return found === undefined ? [] : [[pid, found] as const]
      }),
    )
  }

  function recount(): void {
    const now = clock.now()
    const changed: Tracked[] = []
    for (const one of tracked) {
      const { holds } = one.quorum
      one.quorum = stepQuorum(one.track, one.quorum, countOf(census, one.track.name), now)
      if (one.quorum.holds === holds) continue
      lines.say(one.track.name, now, (more) => tellOf(one.track.name, more))
      changed.push(one)
    }
    awaitDelays(now)
    awaitLines(now)
    if (changed.length > 0) tell(changed.map(observedOf))
  }

  function tellOf(name: string, more: { readonly leftOut?: number }): void {
    const one = tracked.find(({ track }) => track.name === name)
    if (one === undefined) return
    const fields = { name, processes: one.quorum.count, ...more }
    if (one.quorum.holds) log.info('tracked process has its quorum', fields)
    else log.warn('tracked process lost its quorum', { ...fields, reason: reasonOf(one) })
  }

  /** A process that is started and ends hundreds of times a second. */
  function awaitLines(now: Instant): void {
    const next = lines.deadline()
    if (next === undefined || cancelLines !== undefined) return
    cancelLines = ports.schedule(micros(Math.max(0, elapsed(now, next))), () => {
      cancelLines = undefined
      lines.run(clock.now())
      awaitLines(clock.now())
    })
  }

  function awaitDelays(now: Instant): void {
    cancelDelay?.()
    cancelDelay = undefined
    const next = tracked.reduce<Instant | undefined>((least, { quorum: { changesAt } }) => {
      if (changesAt === undefined) return least
      return least === undefined || changesAt < least ? changesAt : least
    }, undefined)
    if (next !== undefined) cancelDelay = ports.schedule(micros(Math.max(0, elapsed(now, next))), recount)
  }

  return {
    adopt(wanted, receiveBuffer) {
      const known = new Map(tracked.map((one) => [one.track.name, one]))
      tracks = wanted
      withArguments = needsArguments(wanted)
      if (wanted.length === 0) {
        end()
        tracked = []
        census = emptyCensus
        return
      }
      // News first: what happens while all are looked at is told besides.
      begin(receiveBuffer)
      look()
      tracked = wanted.map((track) => {
        const before = known.get(track.name)
        const count = countOf(census, track.name)
        if (before === undefined) return { track, quorum: initialQuorum(track, count) }
        const same = sameButForWeight(before.track, track)
        return { track, quorum: same ? before.quorum : { count, holds: quorumHolds(track, count) } }
      })
      recount()
      tell(tracked.map(observedOf))
    },
    observed: () => tracked.map(observedOf),
    counted: () => tracked.map(({ track, quorum }) => ({ track, ...quorum })),
    stop() {
      end()
      tracked = []
    },
  }
}

const observedOf = (one: Tracked): Observed => ({
  key: trackKey({ kind: 'process', name: one.track.name }),
  observation: one.quorum.holds ? { type: 'good' } : { type: 'bad', reason: reasonOf(one) },
})

function reasonOf({ track: { quorum, most }, quorum: { count } }: Tracked): string {
  const times = count === 0 ? 'does not run' : count === 1 ? 'runs once' : `runs ${count} times`
  if (count < quorum) return `${times}, and ${quorum} ${quorum === 1 ? 'is' : 'are'} needed`
  return most === 0 ? `${times}, and must not` : `${times}, and ${most} may`
}
