import { execFileSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { type Host, nowMillis, until } from '../../test/lab/library/index.ts'
import { configuration, SINK, STRICT_TCP_CHECK } from './configuration.ts'
import { daemons } from './either-daemon.ts'
import { connectsOf, percentile } from './process-figures.ts'

export type DetectFigures = {
  /** Seconds from the end of a server to its removal. */
  readonly p50: number
  readonly p99: number
  readonly last: number
  readonly samples: number
}

const DELAY_LOOP = 5
const FIRST_PORT = 100
/** The first of all is spread over one delay_loop, and code that runs for the first time is slow. */
const ROUNDS_BEFORE = 3
/** Seconds from the end of one lot of servers to that of the next. */
const APART = 1.37
/**
 * Each lot ends so many times, each time another such part of delay_loop later: when the checks of a server happen to come
 * then decides how long one stop takes to be seen, and over all of them it decides nothing.
 */
const PHASES = 4
const SIZE = 20

type Name = keyof typeof daemons

/**
 * Both daemons at the same time, each on a director of its own, check the same servers; lot after lot of these ends and, once all
 * are removed, begins anew.
 * @param lots  of twenty servers each
 */
export async function detect(
  directors: Readonly<Record<Name, Host>>,
  servers: Host,
  lots: number,
): Promise<Readonly<Record<Name, DetectFigures>>> {
  const begin = () =>
    Array.from({ length: lots }, (_, lot) => servers.spawn(`lot${lot}`, [SINK, `${FIRST_PORT + lot}`]))
  let sinks = begin()
  const ended = new Map<number, number>()
  const watched = {
    Holdfast: await watch('Holdfast', directors.Holdfast, lots * SIZE, ended),
    keepalived: await watch('keepalived', directors.keepalived, lots * SIZE, ended),
  }
  const both = [watched.Holdfast, watched.keepalived]
  const allHave = (what: string, isSo: (one: (typeof both)[number]) => boolean, seen: () => readonly number[]) =>
    until(what, () => both.every(isSo), { within: 600_000, every: 500, detail: () => seen().join(' and ') })
  const removed = () => both.map(({ down }) => down.size)
  try {
    // Each has been asked at its own time by then, however slow the machine is.
    await allHave(
      'both have asked every server again and again',
      ({ asked }) => asked() > ROUNDS_BEFORE * SIZE * lots,
      () => both.map(({ asked }) => asked()),
    )
    const first = nowMillis()
    for (let phase = 0; phase < PHASES; phase++) {
      if (phase > 0) sinks = begin()
      await allHave('all servers are up', ({ down }) => down.size === 0, removed)
      const since = inPhase(first, phase)
      for (const [lot, sink] of sinks.entries()) {
        await pause(since + lot * APART * 1_000 - nowMillis())
        ended.set(FIRST_PORT + lot, nowMillis())
        await sink.stop('SIGKILL')
      }
      await allHave('all servers that ended are removed', ({ down }) => down.size === lots * SIZE, removed)
    }
    return { Holdfast: figuresOf(watched.Holdfast.times), keepalived: figuresOf(watched.keepalived.times) }
  } finally {
    for (const { stop } of both) await stop()
  }
}

/** The next moment that is so many of the PHASES into a delay_loop counted from `first`, in milliseconds. */
function inPhase(first: number, phase: number): number {
  const period = DELAY_LOOP * 1_000
  const from = first + (phase * period) / PHASES
  return from + Math.ceil(Math.max(0, nowMillis() - from) / period) * period
}

/** Starts one of the two and notes for each server that ended how long it was kept. */
async function watch(name: Name, host: Host, count: number, ended: ReadonlyMap<number, number>) {
  const fifo = `${host.directory}/lvs.fifo`
  const of = (i: number) => ({ port: FIRST_PORT + Math.floor(i / SIZE), checker: STRICT_TCP_CHECK })
  execFileSync('mkfifo', [fifo])
  // It sleeps until there is something: what measures must not take the time from what is measured.
  const reader = host.spawn('fifo', ['cat', fifo])
  const times: number[] = []
  const down = new Set<string>()
  reader.onLine(({ at, text }) => {
    const [, server = '', port, state] = /^RS (\[[^\]]+\]:tcp:(\d+)) .*(UP|DOWN)$/.exec(text) ?? []
    if (state === 'UP') down.delete(server)
    const since = ended.get(Number(port))
    if (state !== 'DOWN' || since === undefined) return
    down.add(server)
    times.push((at - since) / 1_000)
  })
  const text = configuration(count, of, { fifo, delayLoop: DELAY_LOOP, own: daemons[name].own })
  const daemon = await daemons[name].start(host, text)
  const begun = connectsOf(daemon.checker)
  const asked = () => connectsOf(daemon.checker) - begun
  const stop = async () => {
    await daemon.stop()
    await reader.end()
  }
  return { times, down, asked, stop }
}

const figuresOf = (times: readonly number[]): DetectFigures => ({
  p50: percentile(times, 50),
  p99: percentile(times, 99),
  last: Math.max(...times),
  samples: times.length,
})
