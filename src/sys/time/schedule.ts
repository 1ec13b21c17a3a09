import { after, elapsed, type Micros } from '../../base/index.ts'
import { systemClock } from './clock.ts'

/** setTimeout takes longer ones for 1 ms. */
const LONGEST_TIMEOUT = 2_147_483_647

/**
 * Calls back once, never before `delay` has passed and as late as a millisecond or a busy loop makes it. (setTimeout counts from
 * when its loop looked at the clock last, and so is early by what has been done since, and knows nothing beyond 24 days.)
 * @returns ends it; harmless afterwards
 */
export function schedule(delay: Micros, action: () => void): () => void {
  const due = after(systemClock.now(), delay)
  const wait = () => Math.min(LONGEST_TIMEOUT, Math.ceil(elapsed(systemClock.now(), due) / 1_000))
  const look = () => {
    if (systemClock.now() >= due) return action()
    timer = setTimeout(look, wait())
  }
  let timer = setTimeout(look, wait())
  return () => clearTimeout(timer)
}
