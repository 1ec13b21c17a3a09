import type { Instant } from '../../base/index.ts'
import type { Notification } from './notifications.ts'

/** Notifications of one change of a service, and what they wait for. */
export type Held = {
  readonly serviceKey: string
  readonly notifications: readonly Notification[]
  /** The order to the forwarding table that the change led to. */
  readonly order: number
  /** Waiting ends here, whatever the table holds. */
  readonly until: Instant
}

/** What was ordered of the forwarding table, what it answered, and who waits for an answer. */
export type NotifyState = {
  /** The last complete order, which concerns every service. */
  readonly completeOrder: number
  /** The last order that named a service, where that came after the complete one and is not answered. */
  readonly orders: ReadonlyMap<string, number>
  /** The last order that the table's keeper has answered. */
  readonly answered: number
  /** Services that by that answer are not yet as ordered: their keeper tries again. */
  readonly unfinished: ReadonlySet<string>
  /** In the order of the changes. */
  readonly held: readonly Held[]
}

export const initialNotify: NotifyState = {
  completeOrder: 0,
  orders: new Map(),
  answered: 0,
  unfinished: new Set(),
  held: [],
}

/** When `deadline-reached` is due; undefined: nothing waits. */
export const notifyDeadline = (state: NotifyState): Instant | undefined => state.held[0]?.until
