import type { IpAddress, Micros } from '../base/index.ts'
import type { BfdSession } from './bfd-session.ts'
import type { Command } from './command.ts'
import type { ConnectionSync } from './connection-sync.ts'
import type { DaemonSettings } from './daemon-settings.ts'
import type { ForwardingSettings, Timeouts } from './ipvs-settings.ts'
import type { KeptLine } from './kept-line.ts'
import type { NotifyFifos } from './notify-fifo.ts'
import type { ServerName } from './server-source.ts'
import type { StaticItems } from './static-items.ts'
import type { SyncGroup } from './sync-group.ts'
import type { TlsClient } from './tls-client.ts'
import type { TrackFile, TrackProcess, TrackScript } from './tracker.ts'
import type { InterfaceSettings } from './virtual-link.ts'
import type { VirtualRouter } from './virtual-router.ts'
import type { VirtualServer } from './virtual-server.ts'
import type { VrrpSettings } from './vrrp-settings.ts'

/** Where name servers listen. */
export const DNS_PORT = 53

export type NameServer = {
  readonly address: IpAddress
  /** 1–65535. */
  readonly port: number
}

/** Where mail goes; none is sent without recipients or a server. */
export type MailSettings = {
  readonly recipients: readonly string[]
  readonly from?: string
  readonly server?: string
  readonly port: number
  readonly heloName?: string
  /** Of connecting, and of each answer. */
  readonly connectTimeout: Micros
  /** no_email_faults: none is sent of FAULT. */
  readonly withoutFaults?: true
  /** no_checker_emails: one of a real server is sent when the server changes, not when one of its checkers does. */
  readonly withoutCheckers?: true
}

export type GlobalDefs = {
  readonly routerId: string
  readonly mail: MailSettings
  readonly scriptUser?: Pick<Command, 'group' | 'supplementaryGroups'> & { readonly user: string }
  /** set_supplementary_groups: scripts have all groups of their user. */
  readonly supplementaryGroups?: true
  readonly enableScriptSecurity: boolean
  readonly startupScript?: Command
  readonly shutdownScript?: Command
  /** Then they are killed; absent: after ten seconds. */
  readonly startupScriptTimeout?: Micros
  readonly shutdownScriptTimeout?: Micros
  readonly fifos?: NotifyFifos
  /** The states of what a reload does not change are written to the FIFOs again. */
  readonly fifoStatesOnReload?: true
  /** rs_init_notifies: what real servers are at the start is told of too. */
  readonly realServerInitNotifies?: true
  /** Where USR1 writes its dump; the default is TMP/keepalived.data. */
  readonly stateDumpFile?: string
  /** How long the supervisor waits for roles at stop. */
  readonly childWaitTime: Micros
  /** Real-time priority of the vrrp role (SCHED_RR, 1–99); absent: ordinary scheduling. */
  readonly vrrpRtPriority?: number
  /** Virtual routers begin so long after the daemon's start; absent: at once. */
  readonly vrrpStartupDelay?: Micros
  /** Of what the vrrp role makes on the host; absent: all as usual. */
  readonly interfaceSettings?: InterfaceSettings
  readonly vrrpSettings?: VrrpSettings
  /** Of its processes and files; absent: all as usual. */
  readonly daemon?: DaemonSettings
  /** The network namespace that everything runs in (`ip netns`); absent: where the daemon was started. */
  readonly netNamespace?: string
  /** That of the forwarding role; empty: where the daemon was started; absent: with the others. */
  readonly netNamespaceIpvs?: string
  /** Of checkers that speak TLS; absent: nothing to show, and nobody trusted in particular. */
  readonly tlsClient?: TlsClient
  /** Who is asked for the names of real servers, in this order; absent: whom /etc/resolv.conf names. */
  readonly nameServers?: readonly NameServer[]
  readonly lvsFlush: boolean
  readonly lvsFlushOnStop: boolean
  /** lvs_timeouts; 0 leaves one as it is. */
  readonly lvsTimeouts?: Timeouts
  readonly lvsSettings?: ForwardingSettings
  readonly connectionSync?: ConnectionSync
  /** Lines of global_defs, and of the top level, that have no effect; absent: none. */
  readonly kept?: readonly KeptLine[]
  readonly keptAtTop?: readonly KeptLine[]
}

/** A whole validated configuration: immutable values only, so it can be compared, sent and printed. */
export type Configuration = {
  readonly global: GlobalDefs
  readonly virtualRouters: readonly VirtualRouter[]
  readonly syncGroups: readonly SyncGroup[]
  /** Absent: there are none. */
  readonly statics?: StaticItems
  /** Those that something tracks. */
  readonly trackScripts: readonly TrackScript[]
  readonly trackFiles: readonly TrackFile[]
  readonly trackProcesses: readonly TrackProcess[]
  readonly bfdSessions: readonly BfdSession[]
  readonly virtualServers: readonly VirtualServer[]
  /** Names that somebody is to ask for; absent: none, or the servers are still to be filled in. */
  readonly serverNames?: readonly ServerName[]
}
