import type { IpAddress, Result } from '../base/index.ts'
import type { ForwardingMethod, Persistence, SchedulerName, ServiceAddress } from '../model/index.ts'

/** A service as a backend is to hold it. Its key is `serviceKey(address)`. */
export type Service = {
  readonly address: ServiceAddress
  readonly scheduler: SchedulerName
  readonly persistence?: Persistence
  readonly onePacket: boolean
}

/** What a backend holds for a real or sorry server. Its key is `endpoint(destination)`. */
export type Destination = {
  readonly address: IpAddress
  /** With NAT the port packets are sent to; with direct routing and tunnels the service's own. */
  readonly port: number
  /** 0: existing connections only. */
  readonly weight: number
  readonly method: ForwardingMethod
  /** Connection limits; 0: none. */
  readonly upperThreshold: number
  readonly lowerThreshold: number
}

export type ServiceState = { readonly service: Service; readonly destinations: readonly Destination[] }
export type ForwardingState = { readonly services: readonly ServiceState[] }

/** Orders to a backend; every one is idempotent: adding what is there edits it, removing what is gone succeeds. */
export type ForwardingOp =
  | { readonly type: 'put-service'; readonly service: Service }
  | { readonly type: 'remove-service'; readonly serviceKey: string }
  | { readonly type: 'put-destination'; readonly serviceKey: string; readonly destination: Destination }
  | { readonly type: 'remove-destination'; readonly serviceKey: string; readonly destinationKey: string }

export type OpError = {
  readonly reason: 'not-found' | 'not-supported' | 'no-space' | 'system'
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

export type DestinationCounters = TrafficCounters & {
  readonly destinationKey: string
  readonly activeConnections: number
  readonly inactiveConnections: number
  readonly persistentConnections: number
}

export type ServiceCounters = TrafficCounters & {
  readonly serviceKey: string
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
  /** IPVS state names: ESTABLISHED, SYN_RECV, FIN_WAIT, …; NONE for templates. */
  readonly state: string
  /** Whole seconds until it expires. */
  readonly expiresIn: number
  readonly template: boolean
}

export type Unsupported = {
  readonly reason: 'no-privileges' | 'no-bpf' | 'no-libbpf' | 'no-ip-vs' | 'system'
  /** One sentence that names the thing and the remedy. */
  readonly message: string
}

export type BackendCapabilities = {
  readonly methods: readonly ForwardingMethod[]
  readonly schedulers: readonly SchedulerName[]
  readonly families: readonly (4 | 6)[]
  readonly protocols: readonly ('tcp' | 'udp' | 'sctp')[]
}

/** One implementation of forwarding. Both pass the contract suite in test/forwarding. */
export type ForwardingBackend = {
  readonly kind: 'ebpf' | 'ipvs'
  /** What this kernel can do; a missing feature names itself. */
  probe(): Promise<Result<BackendCapabilities, Unsupported>>
  /** Everything held now, including what we did not put there. */
  read(): Promise<ForwardingState>
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
