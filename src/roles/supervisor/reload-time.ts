import { micros, millis } from '../../base/index.ts'
import type { DaemonSettings } from '../../model/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** A point in time written in a file; without a date it is one of each day. */
export type ReloadTime = { readonly at: number; readonly daily: boolean }

/**
 * `HH:MM:SS`, `YY-MM-DD HH:MM:SS` or `YYYY-MM-DD HH:MM:SS`, in local time, or with a Z in UTC. A time of day that has passed
 * means tomorrow's; undefined: it is none of these, or a date that has passed.
 * @param now milliseconds since 1970
 */
export function readReloadTime(text: string, now: number): ReloadTime | undefined {
  const found = /^\s*(?:(\d{2}|\d{4})-(\d{2})-(\d{2})\s+)?(\d{2}):(\d{2}):(\d{2})\s*(Z?)\s*$/.exec(text)
  if (found === null) return undefined
  const [, year, month = '', day = '', hour, minute, second, zone] = found
  const [h, m, s] = [Number(hour), Number(minute), Number(second)]
  if (h > 23 || m > 59 || s > 59) return undefined
  const utc = zone === 'Z'
  if (year !== undefined) {
    const fields = [
      year.length === 2 ? 2000 + Number(year) : Number(year),
      Number(month) - 1,
      Number(day),
      h,
      m,
      s,
    ] as const
    const at = utc ? Date.UTC(...fields) : new Date(...fields).getTime()
    const back = new Date(at)
    const isDay = (utc ? back.getUTCDate() : back.getDate()) === Number(day) && Number(month) <= 12
    return isDay && at > now ? { at, daily: false } : undefined
  }
  const today = new Date(now)
  const at = (later: number): number =>
    utc
      ? Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + later, h, m, s)
      : new Date(today.getFullYear(), today.getMonth(), today.getDate() + later, h, m, s).getTime()
  return { at: at(0) > now ? at(0) : at(1), daily: true }
}

/** Timers do not count further, and clocks are set. */
const LONGEST_WAIT = 3_600_000
/** What a writer does in several steps counts as one. */
const GATHER = millis(100)

/** Reloads at the time that a file holds (reload_time_file, reload_repeat). */
export type ReloadTimer = {
  adopt(settings: Pick<DaemonSettings, 'reloadTimeFile' | 'reloadRepeat'>): void
  stop(): void
}

export function createReloadTimer(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'readText' | 'removeFile' | 'watchFile' | 'log'>,
  reload: () => void,
): ReloadTimer {
  let watched: string | undefined
  let repeats = false
  let unwatch = () => {}
  let cancel = () => {}
  let told: string | undefined

  function look(path: string): void {
    cancel()
    const text = ports.readText(path)
    const time = text.ok ? readReloadTime(text.value, ports.clock.wall()) : undefined
    if (text.ok && text.value !== told) {
      told = text.value
      if (time === undefined)
        ports.log.warn('no time for a reload', { file: path, text: text.value.slice(0, 40).trim() })
      else ports.log.info('a reload will follow', { at: new Date(time.at).toISOString() })
    }
    if (!text.ok) told = undefined
    if (time !== undefined) wait(path, time)
  }

  function wait(path: string, time: ReloadTime): void {
    const left = time.at - ports.clock.wall()
    if (left <= 0) return due(path, time)
    cancel = ports.schedule(micros(Math.min(left, LONGEST_WAIT) * 1_000), () => wait(path, time))
  }

  function due(path: string, time: ReloadTime): void {
    if (!(time.daily && repeats)) ports.removeFile(path)
    ports.log.info('it is time for a reload', { file: path })
    reload()
    if (time.daily && repeats) look(path)
  }

  return {
    adopt({ reloadTimeFile, reloadRepeat }) {
      repeats = reloadRepeat === true
      if (reloadTimeFile === watched) return
      unwatch()
      cancel()
      told = undefined
      unwatch = () => {}
      watched = reloadTimeFile
      if (watched === undefined) return
      const path = watched
      unwatch = ports.watchFile(path, () => {
        cancel()
        cancel = ports.schedule(GATHER, () => look(path))
      })
      look(path)
    },
    stop() {
      unwatch()
      cancel()
    },
  }
}
