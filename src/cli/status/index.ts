/** `holdfast status`: a snapshot of the running daemon, once or again and again, for people or programs. */

export { type StatusOptions, showStatus } from './show-status.ts'
