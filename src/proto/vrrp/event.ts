import type { Instant, IpAddress, Micros } from '../../base/index.ts'
import type { VirtualRouter } from '../../model/index.ts'

/** An advertisement that passed `validate`; one that did not never becomes an event. */
export type AdvertisementReceived = {
  readonly type: 'advertisement-received'
  /** 0: its sender resigns. */
  readonly priority: number
  /** As advertised. */
  readonly interval: Micros
  readonly source: IpAddress
  /** The address we send from: it breaks a tie of priorities. */
  readonly self: IpAddress
  /** When it came, not after now: a down timer that it starts began then. Absent: now. */
  readonly arrivedAt?: Instant
  /** A weaker master is let be for the time being: what its place needs is being fetched from it. */
  readonly held?: boolean
}

/** Facts. */
export type VrrpEvent =
  /** `faultReason`: it may not run yet. `held`: it may not begin as master, for its sync group's sake or before it has fetched what that needs. */
  | { readonly type: 'started'; readonly faultReason?: string; readonly held?: boolean }
  /** Takes up again what a process that has just ended was master of, its addresses still in place. */
  | { readonly type: 'resumed-as-master' }
  /** `held`: others of its sync group do not want to be master, so it may not become master either. */
  | { readonly type: 'deadline-reached'; readonly held?: boolean }
  /** Another virtual router of its sync group became master, or gave way as master. */
  | { readonly type: 'group-became-master' }
  | { readonly type: 'group-became-backup' }
  | AdvertisementReceived
  /** Somebody wants another router to be master. */
  | { readonly type: 'failover-ordered' }
  /** Interface down, no source address: in words, for the user. */
  | { readonly type: 'fault-found'; readonly reason: string }
  | { readonly type: 'fault-cleared' }
  /** The step's router is the new one. */
  | { readonly type: 'reconfigured'; readonly before: VirtualRouter }
  /**
   * `keepAddresses`: they stay on the interface (-V). `within`: how long at most a master that has resigned holds on to them
   * until another is heard; 0: not at all. `alone`: no other has been heard so far, so there may be none.
   */
  | { readonly type: 'stopped'; readonly keepAddresses: boolean; readonly within: Micros; readonly alone: boolean }
  /** It is not in the configuration any more. */
  | { readonly type: 'deleted' }
