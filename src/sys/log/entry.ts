import type { Log, LogFields } from '../../base/index.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'

export type LogEntry = {
  readonly level: Level
  readonly message: string
  readonly fields: LogFields
  /** Milliseconds since 1970. */
  readonly at: number
}

export type LogSink = (entry: LogEntry) => void

export const severity: Readonly<Record<Level, number>> = { debug: 7, info: 6, warn: 4, error: 3 }

/** A log over sinks; entries below `least` are not made. Fields of the entry beat those of the log. */
export function logTo(sinks: readonly LogSink[], least: Level, fields: LogFields = {}): Log {
  const entry = (level: Level) => (message: string, more?: LogFields) => {
    if (severity[level] > severity[least]) return
    const made: LogEntry = { level, message, fields: { ...fields, ...more }, at: Date.now() }
    for (const sink of sinks) sink(made)
  }
  return {
    debug: entry('debug'),
    info: entry('info'),
    warn: entry('warn'),
    error: entry('error'),
    child: (more) => logTo(sinks, least, { ...fields, ...more }),
  }
}
