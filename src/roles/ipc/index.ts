/**
 * What roles say to each other: one message union a pair of processes, and the channel they travel on. Roles import
 * this folder and not each other.
 */

export type * from './channel.ts'
export * from './list-text.ts'
export * from './memory-channel.ts'
export type * from './messages.ts'
export type * from './traffic.ts'
