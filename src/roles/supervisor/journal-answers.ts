import type { Journal } from './journal.ts'
import { isAbout, type JournalEntry } from './journal-file.ts'
import type { ControlClient } from './ports.ts'

export type JournalQuestion = { readonly since?: number; readonly name?: string; readonly follow: boolean }

/** Entries in one line to a client. */
const PIECE = 200

/** Sends what is asked for in pieces, `more` but for the last; one that follows and reads too slowly is let go. */
export function showJournal(
  client: ControlClient,
  journal: Pick<Journal, 'entries' | 'follow'>,
  { since = Number.NEGATIVE_INFINITY, name, follow }: JournalQuestion,
): void {
  const isWanted = (entry: JournalEntry) => entry.at >= since && (name === undefined || isAbout(entry, name))
  const entries = journal.entries().filter(isWanted)
  for (let start = 0; ; start += PIECE) {
    const more = start + PIECE < entries.length
    client.send({ type: 'log', entries: entries.slice(start, start + PIECE), more: more || follow })
    if (!more) break
  }
  if (!follow) return
  const end = journal.follow((entry) => {
    if (!isWanted(entry) || client.send({ type: 'log', entries: [entry], more: true })) return
    end()
    client.close()
  })
  client.onClosed(end)
}
