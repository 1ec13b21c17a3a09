import type { Family, IpAddress, Micros, Result } from '../base/index.ts'
import type {
  ForwardingMethod,
  Persistence,
  SchedulerFlag,
  SchedulerName,
  ServiceAddress,
  Tunnel,
} from '../model/index.ts'
import type { IpvsSettings, Timeouts } from './settings.ts'

export type { Timeouts } from './settings.ts'

/** A service as a backend is to hold it. Its key is `serviceKey(address)`. */
export type Service = {
  readonly address: ServiceAddress
  readonly scheduler: SchedulerName
  /** None and absent are the same; in the order flag-1, flag-2, flag-3. */
  readonly schedulerFlags?: readonly SchedulerFlag[]
  readonly persistence?: Persistence
  /** Name of a persistence engine (`sip`); the kernel's IPVS only. */
  readonly persistenceEngine?: string
  readonly onePacket: boolean
  /** FULLNAT: source addresses towards the destinations; embedded core only. */
  readonly localAddresses?: readonly IpAddress[]
  /** FULLNAT: tell servers the client's address in a TCP option (TOA); embedded core only. */
  readonly tcpOptionAddress?: boolean
}

/** What a backend holds for a real or sorry server. Its key is `endpoint(destination)`. */
export type Destination = {
  readonly address: IpAddress
  /** With NAT the port packets are sent to; with direct routing and tunnels the service's own. */
  readonly port: number
  /** 0: existing connections only. */
  readonly weight: number
  readonly method: ForwardingMethod
  /** TUN: the outer headers; absent: ipip. */
  readonly tunnel?: Tunnel
  /** Connection limits; 0: none. */
  readonly upperThreshold: number
  readonly lowerThreshold: number
}

export type ServiceState = { readonly service: Service; readonly destinations: readonly Destination[] }
export type ForwardingState = { readonly services: readonly ServiceState[] }

/** A connection sync daemon (lvs_sync_daemon, ipvsadm --start-daemon). */
export type SyncDaemon = {
  readonly role: 'master' | 'backup'
  readonly interface: string
  /** 0–255. */
  readonly syncId: number
  /** 0 or absent: not known, the backend's default. */
  readonly maxLength?: number
  readonly group?: IpAddress
  readonly port?: number
  readonly ttl?: number
  /** As in `ConnectionSync`; never among those that a backend tells to run. */
  readonly keys?: readonly string[]
  /** All connections may be fetched and handed over, with the port for it and how long that may take; absent: not. */
  readonly catchUp?: { readonly port: number; readonly limit: Micros }
}

/** How far all connections have been fetched from another director. */
export type CatchUpProgress = { readonly from: IpAddress; readonly connections: number }

/** How that ended. */
export type CatchUpOutcome =
  | { readonly type: 'complete'; readonly from: IpAddress; readonly connections: number }
  /** Nobody answered who can: keepalived, a kernel, a Holdfast with another key, or there is no master. */
  | { readonly type: 'no-answer' }
  /** The last attempt broke off for this reason, in words; what had come by then is in the table. */
  | { readonly type: 'broken'; readonly reason: string }
  /** The backup daemon was stopped meanwhile. */
  | { readonly type: 'called-off' }
  /** No backup daemon runs that could, or it is not to. */
  | { readonly type: 'not-possible' }

/** Orders to a backend; every one is idempotent: adding what is there edits it, removing what is gone succeeds. */
export type TableOp =
  | { readonly type: 'put-service'; readonly service: Service }
  | { readonly type: 'remove-service'; readonly serviceKey: string }
  | { readonly type: 'put-destination'; readonly serviceKey: string; readonly destination: Destination }
  | { readonly type: 'remove-destination'; readonly serviceKey: string; readonly destinationKey: string }

/** Orders about forwarding as a whole. */
export type ControlOp =
  /** Counters to zero; without a key all of them. */
  | { readonly type: 'zero-counters'; readonly serviceKey?: string }
  /** 0 keeps a value. */
  | { readonly type: 'set-timeouts'; readonly timeouts: Timeouts }
  /** Only the settings named change. */
  | { readonly type: 'set-settings'; readonly settings: Partial<IpvsSettings> }
  | { readonly type: 'start-sync-daemon'; readonly daemon: SyncDaemon }
  | { readonly type: 'stop-sync-daemon'; readonly role: SyncDaemon['role'] }

export type ForwardingOp = TableOp | ControlOp

export type OpError = {
  readonly reason: 'not-found' | 'not-supported' | 'no-space' | 'invalid' | 'system'
  /** What the kernel said, where it was the kernel: `EINVAL`, `ENOENT`. */
  readonly code?: string
  /** One sentence that names the thing and the remedy. */
  readonly message: string
}
export type OpResult = Result<void, OpError>

/** Totals since the service or destination was made. */
export type TrafficCounters = {
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
}

/** Per second, as IPVS's estimator smooths them: every 2 s a quarter of the way to what was just measured. */
export type TrafficRates = {
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
}

export type DestinationCounters = TrafficCounters & {
  readonly destinationKey: string
  readonly activeConnections: number
  readonly inactiveConnections: number
  readonly persistentConnections: number
  readonly rates: TrafficRates
}

export type ServiceCounters = TrafficCounters & {
  readonly serviceKey: string
  readonly rates: TrafficRates
  readonly destinations: readonly DestinationCounters[]
}

export type Connection = {
  readonly serviceKey: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly client: IpAddress
  readonly clientPort: number
  readonly virtual: IpAddress
  readonly virtualPort: number
  readonly destination: IpAddress
  readonly destinationPort: number
  /** IPVS state names: ESTABLISHED, SYN_RECV, FIN_WAIT, …; NONE or ASSURED for templates. */
  readonly state: string
  /** Whole seconds until it expires. */
  readonly expiresIn: number
  readonly template: boolean
  /** A template of a service by firewall mark: it holds for every protocol, `virtual` is 0.0.0.0 or ::. */
  readonly mark?: number
  /** FULLNAT: what the server sees as the client. */
  readonly local?: IpAddress
  readonly localPort?: number
  readonly method: ForwardingMethod | 'bypass' | 'local'
  /** Received from another director. */
  readonly synced: boolean
  readonly persistenceEngine?: { readonly name: string; readonly data: string }
}

export type Unsupported = {
  readonly reason: 'no-privileges' | 'no-bpf' | 'no-libbpf' | 'no-ip-vs' | 'system'
  /** One sentence that names the thing and the remedy. */
  readonly message: string
}

export type BackendCapabilities = {
  readonly methods: readonly ForwardingMethod[]
  readonly schedulers: readonly SchedulerName[]
  readonly families: readonly Family[]
  readonly protocols: readonly ('tcp' | 'udp' | 'sctp')[]
  readonly tunnels: readonly Tunnel['type'][]
  readonly firewallMarks: boolean
}

/** What `ipvsadm -L` says first. */
export type BackendInfo = {
  /** IPVS's: `1.2.1`. */
  readonly version: string
  /** Connections the table has room for (kernel: its hash buckets). */
  readonly connectionTableSize: number
}

/** One implementation of forwarding. Both pass the contract suite in test/forwarding. */
export type ForwardingBackend = {
  readonly kind: 'ebpf' | 'ipvs'
  /** What this kernel can do; a missing feature names itself. */
  probe(): Promise<Result<BackendCapabilities, Unsupported>>
  /** Everything held now, including what we did not put there. */
  read(): Promise<ForwardingState>
  info(): Promise<BackendInfo>
  timeouts(): Promise<Timeouts>
  /** All that this backend has; `model/ipvs-settings.ts` says which and what they mean. */
  settings(): Promise<Partial<IpvsSettings>>
  /** Running sync daemons, master first. */
  syncDaemons(): Promise<readonly SyncDaemon[]>
  /** What sync daemons of ours have told and heard, by name; absent or undefined: none runs, or they are the kernel's. */
  syncCounters?(): Promise<Readonly<Record<string, number>> | undefined>
  /** Fetches all connections from the director that is master; one that is under way is called off by it. Absent: this backend has no way to. */
  catchUp?(onProgress: (progress: CatchUpProgress) => void): Promise<CatchUpOutcome>
  /**
   * Sees to what these orders have to wait for, while all others are carried out; resolves when they need not wait any more, be
   * it because they cannot be carried out. Undefined or absent: they need not.
   */
  readies?(ops: readonly ForwardingOp[]): Promise<void> | undefined
  /** Applies in order; one result an op, never an exception for what the kernel refuses. */
  apply(ops: readonly ForwardingOp[]): Promise<readonly OpResult[]>
  counters(): Promise<readonly ServiceCounters[]>
  /** Why packets left the program, by name; all of them, zero or not. */
  exits(): Promise<Readonly<Record<string, number>>>
  /** Connections and templates, at most `limit`. */
  connections(limit: number): Promise<readonly Connection[]>
  /** `services-in-place`: traffic goes on without us. `nothing`: detach and remove everything. */
  close(leave: 'services-in-place' | 'nothing'): Promise<void>
}
