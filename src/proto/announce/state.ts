import type { Instant, IpAddress } from '../../base/index.ts'
import type { AnnouncementSettings } from '../../model/index.ts'

/** What one virtual router announces on this interface, and when next. */
export type Schedule = {
  /** Its key. */
  readonly router: string
  readonly addresses: readonly IpAddress[]
  readonly settings: AnnouncementSettings
  /** The second burst after becoming master. */
  readonly secondAt?: Instant
  readonly refreshAt?: Instant
  /** The second burst after a weaker master was heard. */
  readonly lowerPrioAt?: Instant
}

/** An address with messages still to be sent; it is queued once, only its repeat count rises. */
export type Pending = { readonly router: string; readonly address: IpAddress; readonly remaining: number }

/** All announcements on one interface. */
export type AnnouncementState = {
  /** One a virtual router. An array, because hundreds of them are replaced one by one and to copy a map takes far longer. */
  readonly schedules: readonly Schedule[]
  /** In sending order. */
  readonly queue: readonly Pending[]
  /** Before when no further gratuitous ARP, or neighbour advertisement, may leave. */
  readonly arpFreeAt: Instant
  readonly naFreeAt: Instant
}
