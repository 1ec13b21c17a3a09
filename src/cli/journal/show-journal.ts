import { resolve } from 'node:path'
import process from 'node:process'
import { decodeJournal, isAbout, type JournalEntry } from '../../roles/supervisor/index.ts'
import { bootId, readText } from '../../sys/files/index.ts'
import { consoleLine, type LogEntry } from '../../sys/log/index.ts'
import { askDaemon, complain, controlPath, notRunning } from '../daemon-request.ts'
import { pastTime } from './points-in-time.ts'

export type JournalOptions = {
  readonly follow?: true
  readonly since?: string
  readonly json?: true
  readonly runDir: string
}

/** `holdfast log [NAME]`: the exit code. */
export async function showJournal(name: string | undefined, options: JournalOptions): Promise<number> {
  const since = options.since === undefined ? undefined : pastTime(options.since, Date.now())
  if (since?.ok === false) return complain(since.error)
  // A reader that has seen enough (`| head`) is no failure, and Ctrl-C is how following ends.
  process.stdout.on('error', () => process.exit(0))
  if (options.follow) process.once('SIGINT', () => process.exit(0))
  const request = {
    request: 'log',
    follow: options.follow === true,
    ...(name === undefined ? {} : { name }),
    ...(since === undefined ? {} : { since: since.value }),
  }
  const asked = await askDaemon(
    options.runDir,
    request,
    ({ entries, more }) => {
      for (const entry of entries as readonly LogEntry[])
        process.stdout.write(options.json ? `${jsonLine(entry)}\n` : `${consoleLine(entry)}\n`)
      return more === true ? 'more' : 'enough'
    },
    // Nothing may happen for days.
    options.follow ? 0 : 60_000,
  )
  if (asked.ok) return 0
  const isAbsent = asked.error === notRunning(controlPath(options.runDir))
  const left = options.follow || !isAbsent ? undefined : leftJournal(options.runDir)
  if (left === undefined) return complain(asked.error)
  process.stderr.write(`holdfast: ${asked.error}; this is what the last daemon has left\n`)
  for (const entry of left)
    if ((name === undefined || isAbout(entry, name)) && (since === undefined || entry.at >= since.value))
      process.stdout.write(options.json ? `${jsonLine(entry)}\n` : `${consoleLine(entry)}\n`)
  return 0
}

/** Of a daemon that does not run any more, in this boot. */
function leftJournal(runDirectory: string): readonly JournalEntry[] | undefined {
  const text = readText(`${resolve(runDirectory)}/journal`)
  return text.ok ? decodeJournal(text.value, bootId()) : undefined
}

const jsonLine = ({ at, level, message, fields }: LogEntry): string =>
  JSON.stringify({ at: new Date(at).toISOString(), level, message, ...fields })
