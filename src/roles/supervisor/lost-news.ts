import { seconds } from '../../base/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** As what is wrong with a peer's advertisements: at most one line in so long. */
const PAUSE = seconds(10)

/** Tells of news that was lost: at once, then every ten seconds as long as more is. */
export type LostNews = {
  lost(): void
  /** What has not been told yet is told. */
  stop(): void
}

/** @param message  what it means; how often it happened since the last line comes with it, as `times` */
export function tellOfLostNews(
  { log, schedule }: Pick<SupervisorPorts, 'log' | 'schedule'>,
  message: string,
): LostNews {
  let times = 0
  let cancel: (() => void) | undefined

  function tell(): void {
    if (times > 0) log.warn(message, { times })
    times = 0
  }

  function pause(): void {
    cancel = schedule(PAUSE, () => {
      cancel = undefined
      if (times === 0) return
      tell()
      pause()
    })
  }

  return {
    lost() {
      times += 1
      if (cancel !== undefined) return
      tell()
      pause()
    },
    stop() {
      cancel?.()
      cancel = undefined
      tell()
    },
  }
}
