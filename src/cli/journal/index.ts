/** `holdfast log`: what the daemon remembers of what happened, and how points in time are written and read. */

export { duration, pastTime, pointInTime } from './points-in-time.ts'
export { type JournalOptions, showJournal } from './show-journal.ts'
