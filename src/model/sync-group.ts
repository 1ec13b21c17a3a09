import type { Command } from './command.ts'
import type { Track } from './tracker.ts'

/** What scripts are told that a sync group entered. */
export type SyncGroupNotifyState = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP'

export type SyncGroupNotifications = {
  readonly master?: Command
  readonly backup?: Command
  readonly fault?: Command
  readonly stop?: Command
  /** Called after each of the others with `GROUP name STATE 0`. */
  readonly any?: Command
}

/** One vrrp_sync_group: virtual routers that change state together. */
export type SyncGroup = {
  readonly name: string
  /** Names of virtual routers of this configuration, each in one group at most. */
  readonly members: readonly string[]
  /** What every member tracks. */
  readonly tracks: readonly Track[]
  /** The weights of what members track count (sync_group_tracking_weight); else they do not. */
  readonly trackingWeight: boolean
  /** Mail is sent of its changes. */
  readonly smtpAlert?: true
  readonly notify: SyncGroupNotifications
}
