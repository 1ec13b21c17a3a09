import type { Command } from './command.ts'

/** A named pipe that is told of what happens, a line each (notify_fifo and its sisters). */
export type NotifyFifo = {
  readonly path: string
  /** Whose it is; else whom scripts run as. */
  readonly user?: string
  readonly group?: string
  /** Reads it; gets the path as its last argument. */
  readonly reader?: Command
}

/** Who is told of what: `all` of everything, the others of virtual routers and of servers. */
export const fifoNames = ['all', 'vrrp', 'lvs'] as const
export type FifoName = (typeof fifoNames)[number]

export type NotifyFifos = { readonly [Name in FifoName]?: NotifyFifo }
