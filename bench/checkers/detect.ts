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

type Name = keyof typeof daemons

/**
 * Both daemons at the same time, each on a director of its own, check the same servers; lot after lot of these ends, so that each
 * server does at another moment between two of its checks, and both have the same moments.
 * @param lots  of twenty servers each
 */
export async function detect(
  directors: Readonly<Record<Name, Host>>,
  servers: Host,
  lots: number,
): Promise<Readonly<Record<Name, DetectFigures>>> {
  const size = 20
  const sinks = Array.from({ length: lots }, (_, lot) => servers.spawn(`lot${lot}`, [SINK, `${FIRST_PORT + lot}`]))
  const ended = new Map<number, number>()
  const watched = {
    Holdfast: await watch('Holdfast', directors.Holdfast, lots * size, ended),
    keepalived: await watch('keepalived', directors.keepalived, lots * size, ended),
  }
  const both = [watched.Holdfast, watched.keepalived]
  try {
    // Each has been asked at its own time by then, however slow the machine is.
    await until(
      'both have asked every server again and again',
      () => both.every(({ asked }) => asked() > ROUNDS_BEFORE * size * lots),
      {
        within: 600_000,
        every: 500,
        detail: () => both.map(({ asked }) => asked()).join(' and '),
      },
    )
    for (const [lot, sink] of sinks.entries()) {
      ended.set(FIRST_PORT + lot, nowMillis())
      await sink.stop('SIGKILL')
      await pause(APART * 1_000)
    }
    await until('all servers that ended are removed', () => both.every(({ times }) => times.length >= lots * size), {
      within: 120_000,
      detail: () => both.map(({ times }) => times.length).join(' and '),
    })
    return { Holdfast: figuresOf(watched.Holdfast.times), keepalived: figuresOf(watched.keepalived.times) }
  } finally {
    for (const { stop } of both) await stop()
  }
}

/** Starts one of the two and notes for each server that ended how long it was kept. */
async function watch(name: Name, host: Host, count: number, ended: ReadonlyMap<number, number>) {
  const fifo = `${host.directory}/lvs.fifo`
  const of = (i: number) => ({ port: FIRST_PORT + Math.floor(i / 20), checker: STRICT_TCP_CHECK })
  execFileSync('mkfifo', [fifo])
  // It sleeps until there is something: what measures must not take the time from what is measured.
  const reader = host.spawn('fifo', ['cat', fifo])
  const times: number[] = []
  reader.onLine(({ at, text }) => {
    const port = /^RS \[[^\]]+\]:tcp:(\d+) .*DOWN$/.exec(text)?.[1]
    const since = ended.get(Number(port))
    if (since !== undefined) times.push((at - since) / 1_000)
  })
  const text = configuration(count, of, { fifo, delayLoop: DELAY_LOOP, own: daemons[name].own })
  const daemon = await daemons[name].start(host, text)
  const begun = connectsOf(daemon.checker)
  const asked = () => connectsOf(daemon.checker) - begun
  const stop = async () => {
    await daemon.stop()
    await reader.end()
  }
  return { times, asked, stop }
}

const figuresOf = (times: readonly number[]): DetectFigures => ({
  p50: percentile(times, 50),
  p99: percentile(times, 99),
  last: Math.max(...times),
  samples: times.length,
})
