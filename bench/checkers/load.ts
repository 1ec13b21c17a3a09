import { FifoListener, until } from '../../test/lab/library/index.ts'
import { configuration, HTTP_GET, SINK, STRICT_TCP_CHECK, TCP_CHECK } from './configuration.ts'
import type { Play } from './either-daemon.ts'
import { connectsOf, cpuOf, megabytesOf, percentile } from './process-figures.ts'

export type LoadFigures = {
  readonly tcp: number
  readonly http: number
  /** Seconds of the checker's processor time. */
  readonly checkCost: number
  /** Checks that were made, of those due. */
  readonly checksDone: number
  /** Of one processor: the checker's, and all of the daemon's. */
  readonly checkerLoad: number
  readonly load: number
  /** The checker's, in MB. */
  readonly memoryBefore: number
  readonly memoryAfter: number
  readonly falseDowns: number
  /** Seconds from the end of a server to its removal. */
  readonly removalP50: number
  readonly removalP99: number
  readonly removalLast: number
}

const DELAY_LOOP = 5

export async function load(
  { director, servers, start, own }: Play,
  seconds: number,
  scale: number,
): Promise<LoadFigures> {
  const tcp = Math.round(10_000 * scale)
  const http = Math.round(2_000 * scale)
  const stopping = Math.round(1_000 * scale)
  await servers.nginx({ listen: ['80'], body: 'fine' })
  servers.spawn('sink', [SINK, '81'])
  const ending = servers.spawn('ending', [SINK, '82'])
  const fifo = `${director.directory}/lvs.fifo`
  const text = configuration(
    tcp + http,
    (i) =>
      i < stopping
        ? { port: 82, checker: STRICT_TCP_CHECK }
        : i < tcp
          ? { port: 81, checker: TCP_CHECK }
          : { port: 80, checker: HTTP_GET },
    { fifo, delayLoop: DELAY_LOOP, own },
  )
  const listener = new FifoListener(fifo, 5)
  const downs = () => listener.text.split('\n').filter((line) => line.startsWith('RS ') && line.endsWith('DOWN')).length
  const daemon = await start(text)
  try {
    const begun = connectsOf(daemon.checker)
    await until('every server was asked', () => connectsOf(daemon.checker) - begun > 2 * (tcp + http), {
      within: 300_000,
      every: 500,
    })
    const memoryBefore = megabytesOf(daemon.checker)
    const cpuBefore = daemon.processes.map(([, pid]) => cpuOf(pid))
    const checkerBefore = cpuOf(daemon.checker)
    const connectsBefore = connectsOf(daemon.checker)
    const from = performance.now()
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    const length = (performance.now() - from) / 1_000
    const checkerTime = cpuOf(daemon.checker) - checkerBefore
    const allTime = daemon.processes.reduce((sum, [, pid], i) => sum + cpuOf(pid) - (cpuBefore[i] ?? 0), 0)
    const checks = connectsOf(daemon.checker) - connectsBefore
    const memoryAfter = megabytesOf(daemon.checker)
    const falseDowns = downs()

    const stopped = performance.now()
    const times: number[] = []
    await ending.stop('SIGKILL')
    await until(
      'those that stopped have left the table',
      () => {
        const now = downs() - falseDowns
        while (times.length < now) times.push((performance.now() - stopped) / 1_000)
        return times.length >= stopping
      },
      { within: 120_000, every: 5, detail: () => `${times.length} of ${stopping}` },
    )
    return {
      tcp,
      http,
      checkCost: checkerTime / checks,
      checksDone: checks / (((tcp + http) / DELAY_LOOP) * length),
      checkerLoad: checkerTime / length,
      load: allTime / length,
      memoryBefore,
      memoryAfter,
      falseDowns,
      removalP50: percentile(times, 50),
      removalP99: percentile(times, 99),
      removalLast: times.at(-1) ?? Number.NaN,
    }
  } finally {
    listener.close()
    await daemon.stop()
  }
}
