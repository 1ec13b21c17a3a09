import { elapsed, type Instant, type Micros, micros, seconds } from '../../base/index.ts'
import type { SupervisorPorts } from './ports.ts'

/** How often a role is asked for a sign of life. */
const pingInterval: Micros = seconds(3)

/** After so many questions in a row without a word from it, a role hangs: 15 seconds. */
const pingsUnanswered = 5

export type Heartbeat = {
  /** The role has said something, whatever it was. */
  heard(): void
  stop(): void
}

/**
 * Notices a role that lives but does nothing any more (stopped, in an endless loop, stuck in the kernel).
 * @param onSilence  once, with the time of its last word; nothing is asked any more
 */
export function startHeartbeat(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule'>,
  ping: () => void,
  onSilence: (since: Instant) => void,
): Heartbeat {
  let lastWord = ports.clock.now()
  let lastTick = lastWord
  let unanswered = 0
  let cancel = ports.schedule(pingInterval, tick)

  function tick(): void {
    const now = ports.clock.now()
    // If we ourselves were held up (the host was suspended, frozen, starved), so was the role: it gets its time again.
    if (elapsed(lastTick, now) > micros(2 * pingInterval)) unanswered = 0
    lastTick = now
    if (unanswered >= pingsUnanswered) return onSilence(lastWord)
    unanswered += 1
    ping()
    cancel = ports.schedule(pingInterval, tick)
  }

  return {
    heard() {
      lastWord = ports.clock.now()
      unanswered = 0
    },
    stop: () => cancel(),
  }
}
