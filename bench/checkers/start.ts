import { readdirSync } from 'node:fs'
import { until } from '../../test/lab/library/index.ts'
import { configuration, SINK, TCP_CHECK } from './configuration.ts'
import { PATIENCE, type Play } from './either-daemon.ts'
import { connectsOf, megabytesOf } from './process-figures.ts'

export type StartFigures = {
  readonly servers: number
  /** Seconds from its start until the daemon says that it runs, and until every server has been asked. */
  readonly ready: number
  readonly asked: number
  /** Connections in the busiest tenth of a second. */
  readonly burst: number
  /** Descriptors that the checker had at most. */
  readonly descriptors: number
  /** MB, once all have been asked: the checker's, and all of the daemon's. */
  readonly checkerMemory: number
  readonly memory: number
}

const DELAY_LOOP = 10
/** Milliseconds from one look to the next. */
const LOOK = 100

/** A daemon starts with 2,000 × 20 real servers. */
export async function start({ director, servers, start, own }: Play, scale: number): Promise<StartFigures> {
  const count = Math.round(40_000 * scale)
  servers.spawn('sink', [SINK, '80'])
  const fifo = `${director.directory}/lvs.fifo`
  const text = configuration(count, () => ({ port: 80, checker: TCP_CHECK }), { fifo, delayLoop: DELAY_LOOP, own })
  const from = performance.now()
  const daemon = await start(text)
  const ready = (performance.now() - from) / 1_000
  try {
    let burst = 0
    let descriptors = 0
    let before = connectsOf(daemon.checker)
    let at = performance.now()
    await until(
      'every server was asked',
      () => {
        const now = connectsOf(daemon.checker)
        burst = Math.max(burst, ((now - before) * LOOK) / (performance.now() - at))
        descriptors = Math.max(descriptors, readdirSync(`/proc/${daemon.checker}/fd`).length)
        before = now
        at = performance.now()
        return now >= count
      },
      { within: PATIENCE, every: LOOK, detail: () => `${before} of ${count}` },
    )
    const asked = (performance.now() - from) / 1_000
    const memory = daemon.processes.reduce((sum, [, pid]) => sum + megabytesOf(pid), 0)
    return { servers: count, ready, asked, burst, descriptors, checkerMemory: megabytesOf(daemon.checker), memory }
  } finally {
    await daemon.stop()
  }
}
