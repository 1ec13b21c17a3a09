import { after, elapsed, type Instant, micros, millis } from '../../base/index.ts'
import type { HealthRecord } from '../ipc/index.ts'
import { decodeHealth, encodeHealth, healthKey, healthRefresh } from './health-file.ts'
import type { SupervisorPorts } from './ports.ts'

/** Changes that come close together are written once, */
const gatherFor = millis(100)
/** and so late at most, if they do not end. */
const gatherAtMost = millis(1_000)

export type KeptHealth = {
  /** What a daemon that ended without stopping knew. */
  readonly known: readonly HealthRecord[]
  /** What is known of one server has changed. */
  changed(record: HealthRecord): void
  /** There are others now. */
  replaced(): void
  /** After an orderly stop nothing is to be believed. */
  remove(): void
}

/**
 * Health on disk, so that a supervisor that was killed is followed by one that knows which servers are down. Changes are added
 * to the file, for there may be tens of thousands of servers; every `healthRefresh` it is written anew.
 * @param all  asked when the file is written anew
 */
export function keepHealth(
  ports: Pick<
    SupervisorPorts,
    'clock' | 'schedule' | 'readText' | 'replaceText' | 'appendText' | 'removeFile' | 'bootId' | 'log'
  >,
  path: string,
  all: () => readonly HealthRecord[],
): KeptHealth {
  const boot = ports.bootId()
  const text = ports.readText(path)
  /** Since the last writing, by server. */
  const changes = new Map<string, HealthRecord>()
  let cancel: (() => void) | undefined
  /** When the first change came that is not written yet. */
  let waitsSince: Instant | undefined
  /** From then on all is written, not only what has changed. */
  let wholeFrom = ports.clock.now()
  let removed = false

  function write(): void {
    if (removed) return
    waitsSince = undefined
    const whole = ports.clock.now() >= wholeFrom
    const line = encodeHealth(whole ? all() : [...changes.values()], boot, ports.clock.wall())
    changes.clear()
    const written = whole ? ports.replaceText(path, line) : ports.appendText(path, line)
    if (!written.ok) ports.log.warn('health cannot be kept', { reason: written.error.message })
    const now = ports.clock.now()
    if (whole) wholeFrom = after(now, millis(healthRefresh))
    // A piece of it may be there.
    if (!written.ok) wholeFrom = now
    const next = written.ok ? Math.max(0, elapsed(now, wholeFrom)) : millis(healthRefresh)
    cancel = ports.schedule(micros(next), write)
  }

  function writeSoon(): void {
    const now = ports.clock.now()
    waitsSince ??= now
    const left = Math.max(0, gatherAtMost - elapsed(waitsSince, now))
    cancel?.()
    cancel = ports.schedule(micros(Math.min(gatherFor, left)), write)
  }

  return {
    known: text.ok ? decodeHealth(text.value, boot, ports.clock.wall()) : [],
    changed(record) {
      changes.set(healthKey(record), record)
      writeSoon()
    },
    replaced() {
      wholeFrom = ports.clock.now()
      writeSoon()
    },
    remove() {
      removed = true
      cancel?.()
      ports.removeFile(path)
    },
  }
}
