import type { Instant } from '../../base/index.ts'
import type { OpenTimer } from '../../sys/time/index.ts'

/** The role's one timer: whoever has a deadline says so, and it rings for the earliest. */
export type Alarm = {
  /** It rings at this moment or before; undefined asks for nothing. */
  wakeBy(at: Instant | undefined): void
  /** Forgets what was asked for. */
  silence(): void
  close(): void
}

/**
 * @param onRing nothing is armed any more: what is still to come has to be asked for again. Rings that come early, when a
 *   deadline has moved away, are harmless.
 */
export function openAlarm(openTimer: OpenTimer, onRing: () => void): Alarm {
  let armed: Instant | undefined
  let closed = false
  const timer = openTimer(() => {
    armed = undefined
    if (!closed) onRing()
  })
  return {
    wakeBy(at) {
      if (at === undefined || closed || (armed !== undefined && armed <= at)) return
      armed = at
      timer.arm(at)
    },
    silence() {
      armed = undefined
      timer.arm(undefined)
    },
    close() {
      closed = true
      timer.close()
    },
  }
}
