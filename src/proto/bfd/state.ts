import { type Instant, type Micros, micros } from '../../base/index.ts'
import type { BfdSession } from '../../model/index.ts'
import type { BfdStateName } from '../../wire/bfd/index.ts'
import type { BfdDiagnostic } from './diagnostic.ts'

/** What the neighbour said last, or what is assumed before (RFC 5880 §6.8.1). */
export type Remote = {
  readonly state: BfdStateName
  readonly diagnostic: BfdDiagnostic
  /** 0: nothing was heard for a detection time. */
  readonly discriminator: number
  readonly minTransmit: Micros
  readonly minReceive: Micros
  readonly multiplier: number
  readonly demand: boolean
}

/** An interval of ours: what the neighbour is told, and what we go by until it has confirmed a change (§6.8.3). */
export type Interval = { readonly told: Micros; readonly used: Micros }

export type BfdState = {
  readonly name: BfdStateName
  readonly diagnostic: BfdDiagnostic
  readonly discriminator: number
  readonly remote: Remote
  readonly transmit: Interval
  readonly receive: Interval
  /** Our intervals wait for a final. */
  readonly polling: boolean
  /** The next periodic packet; absent: none is sent. */
  readonly sendAt?: Instant
  /** Init and up: the end of the detection time. Down: when what was learned is forgotten. */
  readonly lapsesAt?: Instant
}

export const unheard: Remote = {
  state: 'down',
  diagnostic: 0,
  discriminator: 0,
  minTransmit: micros(0),
  minReceive: micros(1),
  multiplier: 0,
  demand: false,
}

/** Before `enabled`: it neither speaks nor listens. */
export const initialBfd = (session: BfdSession, discriminator: number): BfdState => ({
  name: 'admin-down',
  diagnostic: 0,
  discriminator,
  remote: unheard,
  transmit: { told: session.idleTransmit, used: session.idleTransmit },
  receive: { told: session.minReceive, used: session.minReceive },
  polling: false,
})

export function bfdDeadline({ sendAt, lapsesAt }: BfdState): Instant | undefined {
  if (sendAt === undefined || lapsesAt === undefined) return sendAt ?? lapsesAt
  return sendAt < lapsesAt ? sendAt : lapsesAt
}
