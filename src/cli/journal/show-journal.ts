import process from 'node:process'
import { consoleLine, type LogEntry } from '../../sys/log/index.ts'
import { askDaemon, complain } from '../daemon-request.ts'
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
  return asked.ok ? 0 : complain(asked.error)
}

const jsonLine = ({ at, level, message, fields }: LogEntry): string =>
  JSON.stringify({ at: new Date(at).toISOString(), level, message, ...fields })
