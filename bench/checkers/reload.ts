import { FifoListener, until } from '../../test/lab/library/index.ts'
import { addressOf, configuration, PER_SERVICE, SINK, TCP_CHECK } from './configuration.ts'
import { PATIENCE, type Play } from './either-daemon.ts'
import { connectsOf, percentile } from './process-figures.ts'

export type ReloadFigures = {
  readonly services: number
  /** Seconds from SIGHUP to its end. */
  readonly times: readonly number[]
  readonly median: number
  readonly slowest: number
  /** Made during the reloads and for a while after each, and how many were due. */
  readonly connects: number
  readonly due: number
  /** Lines about servers that have not changed. */
  readonly others: number
}

const DELAY_LOOP = 600
/** Seconds after a reload in which checkers that began anew would show. */
const AFTERWARDS = 3

export async function reload({ director, servers, start, own, rounds }: Play, scale: number): Promise<ReloadFigures> {
  const count = Math.round(40_000 * scale)
  const moving = 4_321 % count
  servers.spawn('sink', [SINK, '80'])
  for (let round = 0; round <= rounds; round++) servers.spawn(`sink${round}`, [SINK, `${90 + round}`])
  const fifo = `${director.directory}/lvs.fifo`
  const listener = new FifoListener(fifo, 5)
  const lines = () => listener.text.split('\n')
  const text = (port: number) =>
    configuration(count, (i) => ({ port: i === moving ? port : 80, checker: TCP_CHECK }), {
      fifo,
      delayLoop: DELAY_LOOP,
      own,
    })
  const daemon = await start(text(90))
  try {
    // A quorum is told of once the table has its service.
    const services = Math.ceil(count / PER_SERVICE)
    await until('the table has all', () => lines().filter((line) => line.startsWith('VS ')).length >= services, {
      within: PATIENCE,
      every: 100,
      detail: () => `${lines().length - 1} lines`,
    })
    const times: number[] = []
    const connectsBefore = connectsOf(daemon.checker)
    const begun = performance.now()
    const linesBefore = lines().length
    for (let round = 1; round <= rounds; round++) {
      const left = `RS [${addressOf(moving)}]:tcp:${90 + round - 1} `
      times.push(await daemon.reload(text(90 + round), () => lines().some((line) => line.startsWith(left))))
      await new Promise((resolve) => setTimeout(resolve, AFTERWARDS * 1_000))
    }
    const length = (performance.now() - begun) / 1_000
    const told = lines().slice(linesBefore - 1, -1)
    return {
      services,
      times,
      median: percentile(times, 50),
      slowest: Math.max(...times),
      connects: connectsOf(daemon.checker) - connectsBefore,
      due: (count / DELAY_LOOP) * length,
      others: told.filter((line) => !line.includes(`[${addressOf(moving)}]`)).length,
    }
  } finally {
    listener.close()
    await daemon.stop()
  }
}
