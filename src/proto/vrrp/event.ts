import type { IpAddress, Micros } from '../../base/index.ts'
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
}

/** Facts. */
export type VrrpEvent =
  /** `faultReason`: it may not run yet. */
  | { readonly type: 'started'; readonly faultReason?: string }
  /** Takes up again what a process that has just ended was master of, its addresses still in place. */
  | { readonly type: 'resumed-as-master' }
  | { readonly type: 'deadline-reached' }
  | AdvertisementReceived
  /** Interface down, no source address: in words, for the user. */
  | { readonly type: 'fault-found'; readonly reason: string }
  | { readonly type: 'fault-cleared' }
  /** The step's router is the new one. */
  | { readonly type: 'reconfigured'; readonly before: VirtualRouter }
  /** `keepAddresses`: they stay on the interface (-V). */
  | { readonly type: 'stopped'; readonly keepAddresses: boolean }
  /** It is not in the configuration any more. */
  | { readonly type: 'deleted' }
