import type { Instant, LogFields, Micros } from '../../base/index.ts'
import type { ForwardingAsk, ServiceState, SyncDaemon } from '../../forwarding/index.ts'
import type {
  BfdSession,
  ForwardingSettings,
  InterfaceSettings,
  ListedServer,
  NameServer,
  Observed,
  ServerName,
  StaticItems,
  SyncGroup,
  SyncGroupNotifyState,
  Timeouts,
  TlsClient,
  VirtualRouter,
  VirtualServer,
  VrrpNotifyState,
  VrrpSettings,
} from '../../model/index.ts'
import type { TransitionSnapshot, VrrpSnapshot } from '../../observe/index.ts'
import type { CheckerVerdict } from '../../proto/notify/index.ts'
import type { ScriptEnd } from '../../proto/probe/index.ts'
import type { ServerOrders } from '../../proto/server-orders/index.ts'

export type RoleName = 'vrrp' | 'checker' | 'forwarding'

/**
 * Supervisor to any role. A configuration is offered, answered `ready` or `refused`, then committed or withdrawn; the
 * first offer and every reload go the same way. `stop` is followed by an orderly end of the process.
 */
export type ToRole<Slice> =
  | { readonly type: 'offer'; readonly revision: number; readonly slice: Slice }
  | { readonly type: 'commit'; readonly revision: number }
  | { readonly type: 'withdraw'; readonly revision: number }
  /** `addresses`: from the forwarding role only destinations at these, and services that have some; absent: all. */
  | { readonly type: 'snapshot-requested'; readonly id: number; readonly addresses?: readonly string[] }
  /** Answered at once by a role whose event loop turns. */
  | { readonly type: 'ping' }
  /** `leave`: addresses (-V) or the forwarding table (-I) stay in place. */
  | { readonly type: 'stop'; readonly leave: boolean }

export type FromRole<Snapshot> =
  /** The process has loaded and listens. */
  | { readonly type: 'started' }
  | { readonly type: 'ready'; readonly revision: number }
  | { readonly type: 'refused'; readonly revision: number; readonly reason: string }
  | { readonly type: 'applied'; readonly revision: number }
  /** `more`: this is a piece of it, and not the last. */
  | { readonly type: 'snapshot'; readonly id: number; readonly snapshot: Snapshot; readonly more?: true }
  | { readonly type: 'pong' }
  | {
      readonly type: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields?: LogFields
    }

export type ResumedRouter = { readonly key: string; readonly since: string }

export type VrrpSlice = {
  readonly routers: readonly VirtualRouter[]
  readonly syncGroups: readonly SyncGroup[]
  readonly bfdSessions: readonly BfdSession[]
  /** Keys of those that cannot go on as they are: they end and begin anew. */
  readonly beginAnew?: readonly string[]
  /** Absent: none. */
  readonly statics?: StaticItems
  /** What is known of scripts, files, processes and, from an earlier role, BFD by now; absent: what was said before holds. */
  readonly observed?: readonly Observed[]
  /** -V: keep addresses at stop. */
  readonly keepAddressesAtStop: boolean
  /** How long at most masters that have resigned at a stop hold on to their addresses, until another is heard; 0: not at all. */
  readonly holdOnAtStop: Micros
  /** 1 to 99. */
  readonly realTimePriority?: number
  /** Nobody has said how the role is to be scheduled: at the least real-time priority, where that may be had. */
  readonly preferRealTime?: true
  /** Counts from the first commit of the first vrrp role; one that takes another's place does not wait. */
  readonly startupDelay?: Micros
  /** Of virtual links and the firewall; absent: all as usual. */
  readonly interfaceSettings?: InterfaceSettings
  /** Of all virtual routers; absent: all as usual. */
  readonly vrrpSettings?: VrrpSettings
  readonly logDetail: boolean
  readonly runDirectory: string
  /** Those of these keys hold back from preempting while connections are fetched, and no longer than that; absent: none. */
  readonly catchUp?: { readonly keys: readonly string[]; readonly limit: Micros }
  /**
   * After the death of an earlier vrrp role: who was master then, and when it died. Each resumes as master if less than
   * its own master down interval has passed, else its addresses are removed and it starts as backup.
   */
  readonly resume?: { readonly masters: readonly ResumedRouter[]; readonly diedAt: Instant }
}

/** A virtual router that has the least priority: while it is not master, or always. */
export type Aside = { readonly key: string; readonly kind: 'until-master' | 'while-backup' | 'always' }

export type { VrrpNotifyState } from '../../model/index.ts'

export type ToVrrp =
  | ToRole<VrrpSlice>
  /** Every counter of every virtual router starts again from 0. */
  | { readonly type: 'clear-counters' }
  /** From here on exactly these stand aside for others. */
  | { readonly type: 'stand-aside'; readonly aside: readonly Aside[] }
  /** Those of these that are master resign and wait for another; each is answered with `failover-ended`. */
  | { readonly type: 'fail-over'; readonly keys: readonly string[] }
  /** News of scripts, files and processes. */
  | { readonly type: 'observed'; readonly observed: readonly Observed[] }
  /** To this `catch-up-wanted` and those before it: preemption need not wait any longer. */
  | { readonly type: 'caught-up'; readonly request: Instant }
  /** As `stop`, and nobody is waited for any longer. */
  | { readonly type: 'stop-at-once' }
  /** SIGTERM without a supervisor: `stop`, and `stop-at-once` to one that is stopping. */
  | { readonly type: 'terminated' }
/** `initialize`: it was removed, or the role is at its end. */
export type FailoverOutcome = 'backup' | 'master' | 'fault' | 'initialize'

export type FromVrrp =
  | FromRole<VrrpSnapshot>
  /** A BFD session came up or was lost. */
  | { readonly type: 'bfd-session'; readonly name: string; readonly observed: Observed }
  /** A state was entered and its addresses and announcements are done; run the scripts. */
  | {
      readonly type: 'virtual-router-state'
      readonly key: string
      readonly name: string
      readonly state: VrrpNotifyState
      readonly priority: number
      /** It was master before this process was: nothing has changed for the network, and no script is due. */
      readonly resumed?: boolean
    }
  /** As in `ToForwarding`: a virtual router has become backup, and holds back from preempting until `caught-up`. */
  | { readonly type: 'catch-up-wanted'; readonly request: Instant; readonly missed: boolean }
  /** What the virtual router is once `fail-over` has come to its end: backup if another has taken its place. */
  | { readonly type: 'failover-ended'; readonly key: string; readonly became: FailoverOutcome }
  /** How it came to that; of every change of state. */
  | { readonly type: 'virtual-router-transition'; readonly key: string; readonly transition: TransitionSnapshot }
  /** The same of a sync group, after its members'. */
  | {
      readonly type: 'sync-group-state'
      readonly name: string
      readonly state: SyncGroupNotifyState
      readonly resumed?: boolean
    }

/** What was known of a real server before the checker was restarted. */
export type HealthRecord = {
  readonly serviceKey: string
  readonly realServerKey: string
  readonly up: boolean
  /** Under alpha: no check has found it up since it was configured. */
  readonly neverUp?: true
  /** When its last slow start began, be it over or not; in the time of this boot. */
  readonly risingSince?: Instant
  /** The checkers whose last verdict was down, by the question they ask. */
  readonly failedCheckers: readonly string[]
  /** What checkers add to its weight, by the question they ask; those that add nothing are left out. */
  readonly contributions?: Readonly<Record<string, number>>
  readonly since: string
  readonly reason?: string
}

/** A track_file by its name, and the number in it. */
export type TrackedNumber = { readonly name: string; readonly value: number }

/**
 * What a role knows of thousands of servers, as JSON or a piece of it: whoever passes it on need not read it.
 * `VirtualServerSnapshot[]` of the checker, `ForwardingSnapshot` of the forwarding role.
 */
export type SnapshotText = string

/** One that is as the last commit to this role had it, by its key. */
export type UnchangedServer = { readonly unchanged: string }

export type CheckerSlice = {
  readonly virtualServers: readonly (VirtualServer | UnchangedServer)[]
  /** The director's own side of TLS. */
  readonly tlsClient?: TlsClient
  /** Carried over from an earlier checker role; empty at a cold start. */
  readonly health: readonly HealthRecord[]
  /** What the files hold that checkers track. */
  readonly files?: readonly TrackedNumber[]
  /** Names of real servers that are to be asked for; absent: none. */
  readonly serverNames?: readonly ServerName[]
  /** Whom to ask; absent: whom /etc/resolv.conf names. */
  readonly nameServers?: readonly NameServer[]
  /** What an operator has ordered, for a role that starts; absent: nothing, or what was said before holds. */
  readonly orders?: ServerOrders
}

/** What the forwarding table is to hold by now. */
export type WantedNews = {
  /** Services that are neither listed nor kept are not wanted any more (sent once after each commit). */
  readonly complete: boolean
  readonly services: readonly ServiceState[]
  /** Keys of services of which the same is wanted as before; only in what is complete. */
  readonly kept?: readonly string[]
}

export type ToChecker =
  | ToRole<CheckerSlice>
  /** What BFD sessions have come to that tell checkers. */
  | { readonly type: 'bfd-sessions'; readonly sessions: readonly { readonly name: string; readonly up: boolean }[] }
  /** What tracked files hold by now. */
  | { readonly type: 'tracked-files'; readonly files: readonly TrackedNumber[] }
  /** How one ended that was to be run; said once, and not after `end-script`. */
  | { readonly type: 'script-ended'; readonly id: number; readonly end: ScriptEnd }
  /** From here on exactly these orders stand. */
  | { readonly type: 'server-orders'; readonly orders: ServerOrders }

/** What a name has come to. `ttl`: seconds that it counts; `gone`: it is said not to exist. */
export type NameNews =
  | { readonly servers: readonly ListedServer[]; readonly ttl: number }
  | { readonly problem: string; readonly gone: boolean }

export type FromChecker =
  | FromRole<SnapshotText>
  /** Run the script of a MISC_CHECK, named by what the checker asks; answered with `script-ended`. */
  | { readonly type: 'run-script'; readonly id: number; readonly script: string }
  | { readonly type: 'end-script'; readonly id: number }
  /** Each time it has been asked for; `key` as `nameKey` has it. */
  | { readonly type: 'name-looked-up'; readonly key: string; readonly news: NameNews }
  | ({ readonly type: 'services-wanted' } & WantedNews)
  /** Every change; the supervisor keeps the latest of each for the next checker. */
  | {
      readonly type: 'real-server-health'
      readonly record: HealthRecord
      /** Scripts are to hear of it: the server went up or down. Else only what is known of it changed. */
      readonly announce: boolean
      /** The checker that has changed its mind; absent: none, or what it says now it was presumed to say. */
      readonly verdict?: CheckerVerdict
    }
  /** A server that lived is not configured any more; scripts are to hear that it went down. */
  | { readonly type: 'real-server-removed'; readonly serviceKey: string; readonly realServerKey: string }
  /** Gained or lost, or gone with its virtual server. It begins as down, so that one that holds is told of at a start. */
  | {
      readonly type: 'quorum'
      readonly serviceKey: string
      readonly up: boolean
      readonly sorryServerInUse: boolean
      /** Scripts are to hear of it. Else it was so before the checker was restarted. */
      readonly announce: boolean
    }

export type ForwardingSlice = {
  readonly backend: 'ebpf' | 'ipvs'
  /** Names this daemon's pins: two daemons on one host differ in it. */
  readonly pinDirectory: string
  /** Where it remembers which services are its own, and locks the pins. */
  readonly runDirectory: string
  /** Empty the table at start. */
  readonly flush: boolean
  /** lvs_timeouts; 0 and absent: as they are. */
  readonly timeouts?: Timeouts
  readonly settings?: ForwardingSettings
  /** lvs_sync_daemon; `sync-role` says when which of them runs. */
  readonly sync?: Omit<SyncDaemon, 'role'>
}

/** Which sync daemons are to run. */
export type SyncRole = SyncDaemon['role'] | 'both'

export type ToForwarding =
  | ToRole<ForwardingSlice>
  /** Holds until the next; before the first one it is backup. */
  | { readonly type: 'sync-role'; readonly role: SyncRole }
  /**
   * All connections are to be fetched from the master; answered with `caught-up`, however that ended.
   * @property missed  news may have been missed meanwhile; else what the start of the backup daemon has fetched, or fetches, will do
   */
  | { readonly type: 'catch-up'; readonly request: Instant; readonly missed: boolean }
  /** Somebody works on the table by hand; answered in parts. */
  | { readonly type: 'asked'; readonly id: number; readonly ask: ForwardingAsk }
  | ({
      readonly type: 'services-wanted'
      /** Numbers these messages upwards from 1. */
      readonly order: number
    } & WantedNews)
export type FromForwarding =
  | FromRole<SnapshotText>
  /** To the latest request; those before it are answered with it. */
  | { readonly type: 'caught-up'; readonly request: Instant }
  /** Lists come in pieces, `more` but for the last. */
  | { readonly type: 'answer'; readonly id: number; readonly part: unknown; readonly more: boolean }
  /**
   * What has been applied up to this order, and after each retry: what could not be (empty: all done). A failure that is
   * not `final` is retried by the role itself.
   */
  | {
      readonly type: 'services-applied'
      readonly order: number
      readonly failures: readonly { readonly serviceKey: string; readonly reason: string; readonly final?: true }[]
    }
