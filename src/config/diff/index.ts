/**
 * Two models to what a reload has to do: objects added, removed and changed by key, and for each one that stays whether it
 * is kept, adjusted in place or restarted; and the same as a plan for people, keyword by keyword. Pure; the supervisor and the roles act on it.
 */

export { type Changed, type Changes, type ConfigurationDiff, diff, withUnchanged } from './diff.ts'
export type { ChangedKeyword } from './lines.ts'
export { type Plan, type PlannedChange, plan, type StateOf } from './plan.ts'
export { reconfigureRouter, reconfigureServer, type Verdict } from './reconfigure.ts'
