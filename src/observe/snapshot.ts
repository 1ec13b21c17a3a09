import type { IpAddress } from '../base/index.ts'

/** Something that a virtual router tracks, and what was found of it. */
export type TrackedSnapshot = {
  readonly kind: string
  readonly name: string
  /** 0: a fault instead of a weight. */
  readonly weight: number
  readonly reverse: boolean
  /** A number: what a file holds. `ignored`: a script that may not be run; it counts for nothing. */
  readonly found: 'good' | 'bad' | 'unknown' | 'ignored' | number
  /** What is bad about it, in words. */
  readonly reason?: string
}

/** One change of a virtual router's state: what happened, what it was taken for, what was done. */
export type TransitionSnapshot = {
  /** ISO 8601. */
  readonly at: string
  readonly from: string
  readonly to: string
  /** The event's name: `deadline-reached`, `advertisement-received`, `fault-found` … */
  readonly event: string
  /** Why the event meant this change: `master-silent`, `stronger-master`, `fault` … */
  readonly cause: string
  /** The same in words. */
  readonly because: string
  /** In their order, each with the seconds from the event until it was done. */
  readonly consequences: readonly { readonly what: string; readonly after: number }[]
}

/** What an operator has ordered about who is master, and until when it stands at most. */
export type OrderSnapshot = {
  readonly kind: 'failover' | 'hold' | 'maintenance'
  readonly by: string
  readonly reason?: string
  /** ISO 8601. */
  readonly since: string
  readonly until?: string
}

/** Somebody whose advertisements are refused. */
export type RejectedSnapshot = {
  readonly source: IpAddress
  /** Of the last one. */
  readonly reason: string
  readonly count: number
  /** ISO 8601. */
  readonly last: string
}

/** What somebody did to an address, a route or a rule of a master. */
export type IncidentSnapshot = {
  /**
   * `removed`: taken away and put back; `claimed`: another host says that it has the address; `elsewhere`: this host has it on
   * another interface as well; `duplicate`: the kernel's duplicate address detection found somebody else with it.
   */
  readonly kind: 'removed' | 'claimed' | 'elsewhere' | 'duplicate'
  readonly subject: string
  /** A hardware address, or an interface; absent: nobody can tell. */
  readonly by?: string
  readonly count: number
  readonly last: string
}

/** What `holdfast status --json` shows of one virtual router. Times are ISO 8601, lengths are seconds. */
export type VirtualRouterSnapshot = {
  readonly name: string
  readonly interface: string
  /** The interface of use_vmac or use_ipvlan above it; absent: there is none. */
  readonly virtualLink?: string
  readonly family: 4 | 6
  readonly version: 2 | 3
  readonly virtualRouterId: number
  readonly state: 'initialize' | 'backup' | 'master' | 'fault'
  readonly since: string
  /** Why it is in fault, in words; absent otherwise. */
  readonly faultReason?: string
  /** Absent: it is in none. */
  readonly syncGroup?: string
  /** It stands aside for others because of this. */
  readonly order?: OrderSnapshot
  /** What counts for it, its sync group's trackers included; absent: it tracks nothing. */
  readonly tracked?: readonly TrackedSnapshot[]
  readonly basePriority: number
  readonly effectivePriority: number
  /** False: a master of a lower priority is let be (nopreempt). */
  readonly preempt?: boolean
  /** It holds back from preempting, until then at most, while connections are fetched from the master; absent: it does not. */
  readonly fetchingUntil?: string
  /** When its timer runs out: the master down timer of a backup, a master's next advertisement; absent: none runs. */
  readonly timerAt?: string
  readonly advertisementInterval: number
  /** The interval learned from the master while backup. */
  readonly masterInterval: number
  /** Source of the last accepted advertisement, or our own source while master. */
  readonly masterAddress?: IpAddress
  readonly masterPriority?: number
  /** Where its advertisements leave from; absent: from nowhere at this time. */
  readonly source?: IpAddress
  readonly addresses: readonly string[]
  /** Absent: nothing happened. */
  readonly incidents?: readonly IncidentSnapshot[]
  readonly advertisementsSent: number
  readonly advertisementsReceived: number
  readonly priorityZeroSent: number
  readonly priorityZeroReceived: number
  readonly becameMaster: number
  readonly releasedMaster: number
  /** Rejected advertisements by reason; only reasons seen. */
  readonly drops: Readonly<Record<string, number>>
  /** Accepted ones that say otherwise than our configuration, by what it is, `address-list` or `interval`; absent: none did. */
  readonly remarks?: Readonly<Record<string, number>>
  /**
   * Messages on its interface, in its family, that were for no virtual router of ours: `virtual-router-id`, or `length`
   * when too short to say for whom. Other virtual routers on the segment make these in good order. Absent when none came.
   */
  readonly unclaimed?: Readonly<Record<string, number>>
  /** The last advertisement that was accepted; absent: none since the role was started. */
  readonly lastHeard?: { readonly source: IpAddress; readonly priority: number; readonly at: string }
  /** Whose advertisements were refused, the latest last, 16 at most; absent: nobody's. */
  readonly rejected?: readonly RejectedSnapshot[]
  /** Its changes of state, the latest last, 16 at most; only where they are asked for. */
  readonly history?: readonly TransitionSnapshot[]
}

/** One BFD session. Lengths are seconds. */
export type BfdSessionSnapshot = {
  readonly name: string
  readonly neighbour: IpAddress
  readonly source?: IpAddress
  /** On which it is, where one of them is link-local. */
  readonly interface?: string
  readonly multihop: boolean
  readonly passive: boolean
  readonly state: 'admin-down' | 'down' | 'init' | 'up'
  readonly since: string
  /** Why it was last lost, in words; absent: it was not. */
  readonly diagnostic?: string
  /** What trackers take it for; absent: not known yet. */
  readonly path?: 'good' | 'bad'
  readonly discriminator: number
  readonly sourcePort: number
  /** What the neighbour is told. */
  readonly multiplier: number
  readonly minTransmit: number
  readonly minReceive: number
  /** From packet to packet, jitter aside; absent: none are sent. */
  readonly transmitInterval?: number
  /** So long without a packet, and it is down; absent until one came. */
  readonly detectionTime?: number
  /** What the neighbour said last; absent: nothing lately. */
  readonly remote?: {
    readonly state: 'admin-down' | 'down' | 'init' | 'up'
    readonly diagnostic?: string
    readonly discriminator: number
    readonly multiplier: number
    readonly minTransmit: number
    readonly minReceive: number
  }
  readonly packetsSent: number
  readonly packetsReceived: number
  /** Packets of the neighbour that were refused, by reason; only reasons seen. */
  readonly drops: Readonly<Record<string, number>>
  /** Packets to its port that the kernel kept back: of who is no neighbour, or for want of room. Absent: none. */
  readonly unclaimed?: number
  /** Why it cannot speak or hear, in words. */
  readonly failure?: string
}

/** What the vrrp role tells of itself. */
export type VrrpSnapshot = {
  readonly virtualRouters: readonly VirtualRouterSnapshot[]
  readonly bfdSessions: readonly BfdSessionSnapshot[]
}

export type CheckerSnapshot = {
  readonly kind: string
  readonly up: boolean
  /** ISO 8601; absent before the first probe ended. */
  readonly lastProbe?: string
  /** The named outcome of the last probe. */
  readonly lastOutcome?: string
  /** In words: what was expected and what came. */
  readonly detail?: string
}

/** What an operator has ordered about a real server. */
export type ServerOrderSnapshot = {
  /** `leave`: the configuration has it no more, and it goes when nothing is left of it. */
  readonly kind: 'drain' | 'disable' | 'weight' | 'leave'
  /** The one that was set; only of a weight. */
  readonly weight?: number
  readonly by: string
  readonly reason?: string
  /** ISO 8601. */
  readonly since: string
  /** It ends by itself then. */
  readonly until?: string
  /** Drained servers are disabled then. */
  readonly deadline?: string
}

/** It stands for the case that the server is listed again. */
export type AbsentServerOrderSnapshot = ServerOrderSnapshot & {
  /** `10.0.0.1:80`, or an address. */
  readonly realServer: string
  /** The key of the virtual server; absent: all. */
  readonly virtualServer?: string
}

export type RealServerSnapshot = {
  readonly address: IpAddress
  readonly port: number
  readonly state: 'up' | 'down' | 'unknown'
  /** As configured. */
  readonly weight: number
  /** Of whom the DNS says that it is an address; absent: it was written or listed as an address. */
  readonly hostName?: string
  /** With what checkers and an operator make of it; absent: as configured. */
  readonly effectiveWeight?: number
  /** Drained or disabled, and a weight by hand; absent: nothing was ordered. */
  readonly orders?: readonly ServerOrderSnapshot[]
  /** What it has of its weight so far; absent: all of it (slow_start). */
  readonly rampedWeight?: number
  /** Found down, it serves all the same, because too few others live (panic_threshold). */
  readonly kept?: true
  readonly since: string
  /** Why it is down; absent otherwise. */
  readonly reason?: string
  readonly checkers: readonly CheckerSnapshot[]
}

/** A file, or a name in the DNS, that lists real servers. */
export type ServerSourceSnapshot = (
  | {
      readonly file: string
      /** As many of them are not of the family of the virtual servers that name the file; absent: none. */
      readonly leftOut?: number
    }
  | {
      readonly name: string
      readonly records: 'A' | 'AAAA' | 'SRV'
      /** When it was answered for last, be it with a failure; absent: not yet. */
      readonly askedAt?: string
    }
) & {
  /** How many are known of it. */
  readonly servers: number
  /** Why these are not what it lists now; absent: they are. */
  readonly problem?: string
}

export type VirtualServerSnapshot = {
  /** Of its service, or the first of its group. */
  readonly key: string
  /** By virtual_server_group: its name and the keys of its other services. */
  readonly group?: { readonly name: string; readonly others: readonly string[] }
  readonly scheduler: string
  readonly quorum: 'up' | 'down'
  readonly sorryServerInUse: boolean
  /** Its servers are not checked, because no address of it is on this host (ha_suspend). */
  readonly suspended?: true
  readonly realServers: readonly RealServerSnapshot[]
}

/** Per second, smoothed over some seconds. */
export type RatesSnapshot = {
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
}

/** One destination in the forwarding table, with its weight there and its counters. */
export type DestinationSnapshot = {
  readonly address: IpAddress
  readonly port: number
  readonly method: string
  /** The outer headers of a tunnel; absent with tun: ipip. */
  readonly tunnel?: { readonly type: string; readonly port: number; readonly checksum: string }
  readonly weight: number
  /** Connection limits; absent: none. */
  readonly upperThreshold?: number
  readonly lowerThreshold?: number
  readonly activeConnections: number
  readonly inactiveConnections: number
  readonly persistentConnections: number
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
  readonly rates: RatesSnapshot
}

export type ServiceSnapshot = {
  readonly key: string
  readonly scheduler: string
  /** flag-1, flag-2, flag-3; absent: none. */
  readonly schedulerFlags?: readonly string[]
  readonly persistenceTimeout?: number
  /** Clients are grouped by so many leading bits; absent without persistence. */
  readonly persistencePrefixLength?: number
  readonly persistenceEngine?: string
  readonly onePacket?: true
  /** FULLNAT: what servers see as the client; absent: none. */
  readonly localAddresses?: readonly IpAddress[]
  /** FULLNAT: servers are told the client in a TCP option. */
  readonly tcpOptionAddress?: true
  /** Totals, what removed destinations carried included. */
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
  readonly rates: RatesSnapshot
  /** What of it could not be put into the table, in words; absent when all of it is there. */
  readonly failure?: string
  readonly destinations: readonly DestinationSnapshot[]
}

export type ForwardingSnapshot = {
  readonly backend: 'ebpf' | 'ipvs'
  /** What there is room for, and the connections and templates that destinations hold of it. */
  readonly connectionTable: { readonly size: number; readonly connections: number }
  /** Seconds. */
  readonly timeouts: { readonly tcp: number; readonly tcpFin: number; readonly udp: number }
  /** All that the backend has, by the names of lvs_settings. */
  readonly settings: Readonly<Record<string, number>>
  readonly services: readonly ServiceSnapshot[]
  /** Why packets left the forwarding program, every reason by its name. */
  readonly exits: Readonly<Record<string, number>>
  /** Sync daemons; absent: none runs. */
  readonly sync?: SyncSnapshot
}

export type SyncSnapshot = {
  readonly daemons: readonly {
    readonly role: 'master' | 'backup'
    readonly interface: string
    readonly syncId: number
  }[]
  /** Of the embedded core's, by name; the kernel's do not tell. */
  readonly counters?: Readonly<Record<string, number>>
  /** How all connections were last fetched from another director; absent: they were not. */
  readonly catchUp?: CatchUpSnapshot
}

export type CatchUpSnapshot = {
  /** `no-answer`: nobody hands them over. `broken`: for this reason. */
  readonly state: 'asking' | 'fetching' | 'complete' | 'no-answer' | 'broken'
  readonly since: string
  readonly from?: IpAddress
  /** So many have come. */
  readonly connections?: number
  readonly reason?: string
}

export type RoleSnapshot = {
  readonly role: string
  readonly pid?: number
  /** `busy`: it runs, and has not answered in time; what it knows is missing. */
  readonly state: 'running' | 'busy' | 'starting' | 'waiting' | 'stopped'
  readonly restarts: number
}

/** Where notifications go that may have to wait, and what did not get there since the daemon was started. */
export type DeliverySnapshot = {
  /** The path of a FIFO, or `mail`. */
  readonly to: string
  readonly waiting: number
  /** Given up. */
  readonly lost: number
}

/** The whole of `holdfast status --json`. */
export type DaemonSnapshot = {
  readonly version: string
  readonly pid: number
  readonly startedAt: string
  readonly configurationFile: string
  readonly configurationLoadedAt: string
  /** Why the last reload was refused; absent when it was applied. */
  readonly lastReloadError?: string
  readonly roles: readonly RoleSnapshot[]
  /** Absent: neither FIFOs nor mail are configured, nor have been. */
  readonly deliveries?: readonly DeliverySnapshot[]
  /** Absent: all real servers are in the configuration. */
  readonly serverSources?: readonly ServerSourceSnapshot[]
  /** Orders about real servers that no list has just now; absent: there is none. */
  readonly absentServerOrders?: readonly AbsentServerOrderSnapshot[]
  readonly virtualRouters: readonly VirtualRouterSnapshot[]
  readonly bfdSessions: readonly BfdSessionSnapshot[]
  readonly virtualServers: readonly VirtualServerSnapshot[]
  readonly forwarding?: ForwardingSnapshot
}
