/**
 * The daemon's log: one fixed sentence plus fields an entry, to any of the sinks: a terminal, the journal, JSON lines
 * (pino), syslog. Entries are written at once and in order. Roles do not come here: they hand theirs to the supervisor.
 */

export * from './entry.ts'
export * from './open-log.ts'
export * from './text.ts'
