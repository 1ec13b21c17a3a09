import { writeSync } from 'node:fs'
import process from 'node:process'
import type { Log } from '../../base/index.ts'
import { openDatagramSender } from '../notify/index.ts'
import { type Level, type LogSink, logTo } from './entry.ts'
import { consoleLine, journalLine, syslogLine } from './text.ts'

export type LogOptions = {
  readonly least: Level
  /** `console`: lines with the time; `journal`: lines with a priority; `json`: one object a line; all on standard error. */
  readonly stderr?: 'console' | 'journal' | 'json'
  /** Facility number for /dev/log. */
  readonly syslog?: number
  readonly program: string
}

/** A log whose writer may get another name. */
export type NamedLog = Log & { rename(program: string): void }

/** Opens the sinks asked for. JSON loads pino only then. */
export async function openLog(options: LogOptions): Promise<NamedLog> {
  const sinks: LogSink[] = []
  let { program } = options
  if (options.stderr === 'json') sinks.push(await jsonSink(() => program))
  else if (options.stderr !== undefined) {
    const line = options.stderr === 'journal' ? journalLine : consoleLine
    sinks.push((entry) => writeStderr(`${line(entry)}\n`))
  }
  if (options.syslog !== undefined) sinks.push(syslogSink(options.syslog, () => `${program}[${process.pid}]`))
  return {
    ...logTo(sinks, options.least),
    rename(name) {
      program = name
    },
  }
}

async function jsonSink(program: () => string): Promise<LogSink> {
  const { pino } = await import('pino')
  const base = { pid: process.pid }
  const logger = pino({ level: 'debug', timestamp: false, base }, { write: writeStderr })
  return ({ level, message, fields, at }) => logger[level]({ name: program(), time: at, ...fields }, message)
}

function syslogSink(facility: number, tag: () => string): LogSink {
  const sender = openDatagramSender('/dev/log')
  return (entry) => void sender?.send(syslogLine(entry, facility, tag()))
}

/** At once, so that the last words before a crash are there; a reader that is gone or does not read loses them. */
function writeStderr(text: string): void {
  try {
    writeSync(2, text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EPIPE' && code !== 'EAGAIN' && code !== 'EIO' && code !== 'EBADF') throw error
  }
}
