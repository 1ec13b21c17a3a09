import { after, elapsed, type Instant, micros, millis } from '../../base/index.ts'
import type { HealthRecord } from '../ipc/index.ts'
import { decodeHealth, encodeHealth, healthRefresh } from './health-file.ts'
import type { SupervisorPorts } from './ports.ts'

/** Changes that come close together are written once, */
const gatherFor = millis(100)
/** and so late at most, if they do not end. */
const gatherAtMost = millis(1_000)
/** Of thousands of servers it takes its time: then the next is further off, so that no more than a twentieth of a processor writes. */
const restAfter = 19

export type KeptHealth = {
  /** What a daemon that ended without stopping knew. */
  readonly known: readonly HealthRecord[]
  /** @param records  asked when they are written: of thousands of servers that change together each says so */
  changed(records: () => readonly HealthRecord[]): void
  /** After an orderly stop nothing is to be believed. */
  remove(): void
}

/** Health on disk, so that a supervisor that was killed is followed by one that knows which servers are down. */
export function keepHealth(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'readText' | 'replaceText' | 'removeFile' | 'bootId' | 'log'>,
  path: string,
): KeptHealth {
  const boot = ports.bootId()
  const text = ports.readText(path)
  let records: () => readonly HealthRecord[] = () => []
  let cancel: (() => void) | undefined
  /** When the first change came that is not written yet. */
  let waitsSince: Instant | undefined
  /** Before that it is not written again, unless it must be. */
  let notBefore = ports.clock.now()
  let removed = false

  function write(): void {
    if (removed) return
    waitsSince = undefined
    const begun = ports.clock.now()
    const written = ports.replaceText(path, encodeHealth(records(), boot, ports.clock.wall()))
    if (!written.ok) ports.log.warn('health cannot be kept', { reason: written.error.message })
    const ended = ports.clock.now()
    notBefore = after(ended, micros(restAfter * elapsed(begun, ended)))
    cancel = ports.schedule(millis(healthRefresh), write)
  }

  return {
    known: text.ok ? decodeHealth(text.value, boot, ports.clock.wall()) : [],
    changed(now) {
      records = now
      const time = ports.clock.now()
      waitsSince ??= time
      const left = micros(gatherAtMost - elapsed(waitsSince, time))
      cancel?.()
      const quiet = Math.max(gatherFor, elapsed(time, notBefore))
      cancel = ports.schedule(micros(Math.min(quiet, Math.max(0, left))), write)
    },
    remove() {
      removed = true
      cancel?.()
      ports.removeFile(path)
    },
  }
}
