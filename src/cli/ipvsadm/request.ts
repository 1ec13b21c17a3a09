import type { Destination, Service, SyncDaemon, Timeouts } from '../../forwarding/index.ts'
import type { ServiceAddress } from '../../model/index.ts'

export type ListForm = 'plain' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'tun-info'

/** What one command line asks for, everything defaulted. */
export type Request =
  | { readonly type: 'add-service' | 'edit-service'; readonly service: Service }
  | { readonly type: 'delete-service'; readonly service: ServiceAddress }
  | { readonly type: 'flush' }
  | { readonly type: 'add-server' | 'edit-server'; readonly service: ServiceAddress; readonly server: Destination }
  | { readonly type: 'delete-server'; readonly service: ServiceAddress; readonly server: Destination }
  | {
      readonly type: 'list'
      readonly form: ListForm
      /** Only this one; absent: all, after a line about IPVS. */
      readonly service?: ServiceAddress
      readonly numeric: boolean
      readonly exact: boolean
      readonly sorted: boolean
    }
  | { readonly type: 'list-connections'; readonly numeric: boolean; readonly engines: boolean }
  | { readonly type: 'list-timeouts' | 'list-daemons' | 'list-exits' }
  | { readonly type: 'save'; readonly numeric: boolean }
  | { readonly type: 'restore' }
  /** Without a service: all counters. */
  | { readonly type: 'zero'; readonly service?: ServiceAddress }
  | { readonly type: 'set-timeouts'; readonly timeouts: Timeouts }
  | { readonly type: 'start-daemon'; readonly daemon: SyncDaemon }
  | { readonly type: 'stop-daemon'; readonly role: SyncDaemon['role'] }
  | { readonly type: 'help' | 'version' }

/** The end of a command line that cannot be carried out. */
export type Refusal = {
  /** 2: ipvsadm's own checks; 255: popt's, and a request that makes no sense. */
  readonly exitCode: 2 | 255
  /** Without the last line feed. */
  readonly message: string
  /** In restore input: the lines after it are not read. */
  readonly ends: boolean
}
