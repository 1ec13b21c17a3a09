import { type Log, type LogFields, millis } from '../../base/index.ts'
import { decodeJournal, encodeEntry, type JournalEntry, type RouterChange } from './journal-file.ts'
import type { SupervisorPorts } from './ports.ts'

/** What the daemon remembers of what happened: so many entries, the latest. */
const MOST = 2_000
/** Entries that come close together are written at once. */
const gatherFor = millis(100)
/** When so much has been added to the file, it is written anew with what is remembered. */
const FILE_LIMIT = 512 * 1024

export type Journal = {
  /** A log that is written here as well, but for what is only there to find bugs. */
  readonly log: Log
  /** For those who ask here, not for the log. */
  note(message: string, fields: LogFields, change?: RouterChange): void
  /** The latest last. */
  entries(): readonly JournalEntry[]
  /** Calls back for each new entry; the result ends it. */
  follow(onEntry: (entry: JournalEntry) => void): () => void
  /** Writes what waits. */
  flush(): void
}

/** Begins with what daemons before this one have written in this boot. */
export function openJournal(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'readText' | 'replaceText' | 'appendText' | 'log' | 'bootId'>,
  path: string,
): Journal {
  const boot = ports.bootId()
  const before = ports.readText(path)
  let entries: JournalEntry[] = before.ok ? [...decodeJournal(before.value, boot)].slice(-MOST) : []
  let added = before.ok ? before.value.length : 0
  let waiting: JournalEntry[] = []
  let cancel: (() => void) | undefined
  let complained = false
  const followers = new Set<(entry: JournalEntry) => void>()

  function flush(): void {
    cancel?.()
    cancel = undefined
    if (waiting.length === 0) return
    const text = waiting.map((entry) => encodeEntry(entry, boot)).join('')
    waiting = []
    added += text.length
    const whole = added > FILE_LIMIT
    const all = whole ? entries.map((entry) => encodeEntry(entry, boot)).join('') : ''
    const written = whole ? ports.replaceText(path, all) : ports.appendText(path, text)
    if (whole) added = 0
    if (written.ok || complained) return
    complained = true
    ports.log.warn('journal cannot be kept', { reason: written.error.message })
  }

  function add(level: JournalEntry['level'], message: string, fields: LogFields, change?: RouterChange): void {
    const entry = { at: ports.clock.wall(), level, message, fields, ...(change === undefined ? {} : { change }) }
    entries.push(entry)
    // Not one by one: each time would move all of them.
    if (entries.length > MOST * 1.25) entries = entries.slice(-MOST)
    waiting.push(entry)
    cancel ??= ports.schedule(gatherFor, flush)
    for (const follower of followers) follower(entry)
  }

  function logged(to: Log, own: LogFields): Log {
    const at = (level: JournalEntry['level']) => (message: string, fields?: LogFields) => {
      to[level](message, fields)
      add(level, message, { ...own, ...fields })
    }
    return {
      debug: (message, fields) => to.debug(message, fields),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (more) => logged(to.child(more), { ...own, ...more }),
    }
  }

  return {
    log: logged(ports.log, {}),
    note: (message, fields, change) => add('info', message, fields, change),
    entries: () => entries.slice(-MOST),
    follow(onEntry) {
      followers.add(onEntry)
      return () => void followers.delete(onEntry)
    },
    flush,
  }
}
