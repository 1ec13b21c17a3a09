import type { Instant } from '../../base/index.ts'

/** Who wanted it, and why. */
export type OrderedBy = {
  readonly by: string
  readonly reason?: string
  /** ISO 8601, for people. */
  readonly since: string
  /** It ends by itself then. */
  readonly until?: Instant
}

/**
 * - `failover`: it gave up its place and does not take it back while another has it. It ends when nobody else is there.
 * - `hold`: it stays what it is as long as that is possible: a master is one until it gives way, a backup does not preempt.
 * - `maintenance`: all of the host gives way to whoever else is there, also once it had to be master again.
 */
export type StandingOrder =
  | (OrderedBy & { readonly kind: 'failover' | 'hold'; readonly key: string })
  | (OrderedBy & { readonly kind: 'maintenance' })

/** At most one a virtual router, and one of maintenance. */
export type StandingOrders = readonly StandingOrder[]

/**
 * Until when a virtual router stands aside, that is, has the least priority there is: `until-master` and `while-backup`
 * while it is not master, `always` as master too.
 */
export type Aside = { readonly key: string; readonly kind: 'until-master' | 'while-backup' | 'always' }

/** Keys of virtual routers that are bound by the orders; maintenance binds all that are there. */
export function asideOf(orders: StandingOrders, keys: readonly string[]): readonly Aside[] {
  if (orders.some(({ kind }) => kind === 'maintenance')) return keys.map((key) => ({ key, kind: 'always' }))
  return orders.flatMap((order): readonly Aside[] => {
    if (order.kind === 'maintenance') return []
    return [{ key: order.key, kind: order.kind === 'failover' ? 'until-master' : 'while-backup' }]
  })
}

/** The order that binds this virtual router. */
export const orderFor = (orders: StandingOrders, key: string): StandingOrder | undefined =>
  orders.find(({ kind }) => kind === 'maintenance') ??
  orders.find((order) => order.kind !== 'maintenance' && order.key === key)

/** When the next of them ends by itself; undefined: none does. */
export const deadlineOf = (orders: StandingOrders): Instant | undefined =>
  orders.reduce<Instant | undefined>(
    (first, { until }) => (until !== undefined && (first === undefined || until < first) ? until : first),
    undefined,
  )
