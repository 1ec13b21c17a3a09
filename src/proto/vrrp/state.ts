import type { Instant, IpAddress, Micros } from '../../base/index.ts'

/** The master a backup follows, as its last accepted advertisement showed it. */
export type HeardMaster = { readonly source: IpAddress; readonly priority: number }

export type Initialize = { readonly name: 'initialize' }

export type Fault = { readonly name: 'fault'; readonly reason: string }

export type Backup = {
  readonly name: 'backup'
  /** The master's advertisement interval: learned in v3, our own in v2 and until a master is heard. */
  readonly masterInterval: Micros
  readonly downAt: Instant
  /** While preempt_delay runs, and until a stronger master is heard: when a weaker one stops being accepted. */
  readonly preemptAt?: Instant
  readonly heard?: HeardMaster
  /** A weaker master, which is not followed, was heard so lately that it lives: until then. */
  readonly weakerUntil?: Instant
  /** Its timer ran out and it would be master, were it not for others of its sync group; until it follows a master. */
  readonly wishes?: true
}

/** Another address owner that stays master although ours has the higher address. */
export type OwnerConflict = {
  readonly rival: IpAddress
  readonly rivalInterval: Micros
  readonly heardAt: Instant
  /** Advertisements we have sent since it was first heard. */
  readonly sent: number
  /** From when on hearing it again makes us give way. */
  readonly yieldAt?: Instant
}

export type Master = {
  readonly name: 'master'
  readonly advertiseAt: Instant
  /** Until its first turn: whose place it took may still say a last word. */
  readonly fresh?: true
  /** When a resignation or a weaker one was last answered, while that holds further answers back. */
  readonly answeredAt?: Instant
  /** A weaker one was heard meanwhile: with the answer that is held back the addresses are announced again. */
  readonly owesAnnouncement?: true
  readonly conflict?: OwnerConflict
  /** It has resigned and holds on until another is heard as master; at `advertiseAt`, for there is no other, it goes on or ends. */
  readonly yielding?: 'by-order' | 'at-stop'
}

/** One virtual router (RFC 9568 §6.4; fault is keepalived's: it may not run, for a reason outside the protocol). */
export type VrrpState = Initialize | Fault | Backup | Master

/** When the state wants a `deadline-reached`; undefined: never. */
export function deadlineOf(state: VrrpState): Instant | undefined {
  if (state.name === 'backup') return state.downAt
  return state.name === 'master' ? state.advertiseAt : undefined
}
