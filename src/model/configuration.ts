import type { Micros } from '../base/index.ts'
import type { Command } from './command.ts'
import type { ForwardingSettings, Timeouts } from './ipvs-settings.ts'
import type { SyncGroup } from './sync-group.ts'
import type { TrackFile, TrackScript } from './tracker.ts'
import type { VirtualRouter } from './virtual-router.ts'
import type { VirtualServer } from './virtual-server.ts'

/** SMTP settings; accepted and kept, mail is not sent yet. */
export type MailSettings = {
  readonly recipients: readonly string[]
  readonly from?: string
  readonly server?: string
  readonly port: number
  readonly heloName?: string
  readonly connectTimeout: Micros
}

export type GlobalDefs = {
  readonly routerId: string
  readonly mail: MailSettings
  readonly scriptUser?: { readonly user: string; readonly group?: string }
  readonly enableScriptSecurity: boolean
  readonly startupScript?: Command
  readonly shutdownScript?: Command
  /** Where USR1 writes its dump; the default is TMP/keepalived.data. */
  readonly stateDumpFile?: string
  /** How long the supervisor waits for roles at stop. */
  readonly childWaitTime: Micros
  /** Real-time priority of the vrrp role (SCHED_RR, 1–99); absent: ordinary scheduling. */
  readonly vrrpRtPriority?: number
  /** Virtual routers begin so long after the daemon's start; absent: at once. */
  readonly vrrpStartupDelay?: Micros
  readonly lvsFlush: boolean
  readonly lvsFlushOnStop: boolean
  /** lvs_timeouts; 0 leaves one as it is. */
  readonly lvsTimeouts?: Timeouts
  readonly lvsSettings?: ForwardingSettings
}

/** A whole validated configuration: immutable values only, so it can be compared, sent and printed. */
export type Configuration = {
  readonly global: GlobalDefs
  readonly virtualRouters: readonly VirtualRouter[]
  readonly syncGroups: readonly SyncGroup[]
  /** Those that something tracks. */
  readonly trackScripts: readonly TrackScript[]
  readonly trackFiles: readonly TrackFile[]
  readonly virtualServers: readonly VirtualServer[]
}
