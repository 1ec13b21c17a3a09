import { after, type Instant, type Log, seconds } from '../../base/index.ts'
import type { IncidentSnapshot } from '../../observe/index.ts'
import type { Clock } from '../../sys/time/index.ts'

/**
 * What others did to what a master holds. `removed`: they took it away and we put it back; `claimed`: another host says that
 * it has the address; `elsewhere`: this host has it on another interface as well; `duplicate`: the kernel has detected that
 * somebody else uses it.
 */
export type IncidentKind = IncidentSnapshot['kind']

export type Incidents = {
  /** @param owners  keys of the virtual routers; none: static items, whose incidents are only told in the log */
  note(kind: IncidentKind, subject: string, owners: Iterable<string>, by?: string): void
  /** Of the virtual router with this key. */
  of(owner: string): readonly IncidentSnapshot[]
  /** It is not configured any more. */
  forget(owner: string): void
}

type Entry = {
  readonly kind: IncidentKind
  readonly subject: string
  readonly by: string | undefined
  count: number
  last: number
}

/** Those who do it are invented easily: more than so many of one virtual router are counted as `others`. */
const MOST = 64
/** One line for each kind and subject in this time. */
const SILENCE = seconds(10)

const SENTENCES: Readonly<Record<IncidentKind, string>> = {
  removed: 'was removed and is put back',
  claimed: 'another host claims a virtual address',
  elsewhere: 'virtual address is on another interface as well',
  duplicate: 'virtual address is in use elsewhere, duplicate address detection says',
}

export function openIncidents(clock: Clock, log: Log): Incidents {
  const byOwner = new Map<string, Map<string, Entry>>()
  const told = new Map<string, Instant>()

  return {
    note(kind, subject, owners, by) {
      const now = clock.now()
      const question = `${kind} ${subject}`
      if (now >= (told.get(question) ?? 0)) {
        for (const [key, until] of told) if (until <= now) told.delete(key)
        told.set(question, after(now, SILENCE))
        const message = kind === 'removed' ? `${subject} ${SENTENCES.removed}` : SENTENCES[kind]
        const fields = kind === 'removed' ? {} : { address: subject }
        log[kind === 'removed' ? 'info' : 'warn'](message, { ...fields, ...(by === undefined ? {} : { by }) })
      }
      for (const owner of owners) {
        const entries = byOwner.get(owner) ?? new Map<string, Entry>()
        byOwner.set(owner, entries)
        const key = `${question} ${by}`
        const who = entries.has(key) || entries.size < MOST ? by : 'others'
        const id = `${question} ${who}`
        const entry = entries.get(id) ?? { kind, subject, by: who, count: 0, last: 0 }
        entry.count++
        entry.last = clock.wall()
        // What happened last comes last.
        entries.delete(id)
        entries.set(id, entry)
      }
    },
    of: (owner) =>
      [...(byOwner.get(owner)?.values() ?? [])].map(({ kind, subject, by, count, last }) => ({
        kind,
        subject,
        ...(by === undefined ? {} : { by }),
        count,
        last: new Date(last).toISOString(),
      })),
    forget(owner) {
      byOwner.delete(owner)
    },
  }
}
