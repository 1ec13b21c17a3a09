/**
 * The supervisor: reads the configuration, starts the roles it calls for and starts them again when they die, hands
 * them their slices (all take a new one or none does), runs every script, and answers the control socket. It owns the
 * run directory and what is remembered between two lives of a role; it never waits for a role without a limit. Started
 * by the daemon's command line; roles know it only by its messages. What it does badly: a role that hangs without dying
 * is noticed only after fifteen seconds.
 */

export { decodeJournal, isAbout, type JournalEntry } from './journal-file.ts'
export type * from './options.ts'
export type * from './ports.ts'
export { type StartFailure, type Supervisor, startSupervisor } from './supervisor.ts'
export { type RoleLauncher, type RoleStart, type SystemOptions, systemPorts } from './system-ports.ts'
