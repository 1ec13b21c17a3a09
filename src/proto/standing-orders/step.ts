import { assertNever, type Instant } from '../../base/index.ts'
import type { StandingOrder, StandingOrders } from './state.ts'

export type StandingOrderEvent =
  /** It takes the place of an earlier one about the same virtual router. */
  | { readonly type: 'ordered'; readonly order: StandingOrder }
  /** `all`: maintenance too. */
  | { readonly type: 'released'; readonly keys: readonly string[] | 'all' }
  | { readonly type: 'maintenance-ended' }
  /** A virtual router has become master. */
  | { readonly type: 'became-master'; readonly key: string }
  /** One that was told to fail over has found nobody to take its place. */
  | { readonly type: 'found-nobody'; readonly key: string }
  /** From here on these virtual routers are there. */
  | { readonly type: 'configured'; readonly keys: readonly string[] }
  | { readonly type: 'deadline-reached' }

export type Ended = {
  readonly order: StandingOrder
  readonly why: 'released' | 'time-over' | 'nobody-else' | 'removed'
}

export type StandingOrdersStep = { readonly orders: StandingOrders; readonly ended: readonly Ended[] }

/** What is left of the orders, and which have come to their end. */
export function stepStandingOrders(
  orders: StandingOrders,
  event: StandingOrderEvent,
  now: Instant,
): StandingOrdersStep {
  switch (event.type) {
    case 'ordered':
      return { orders: [...orders.filter((one) => placeOf(one) !== placeOf(event.order)), event.order], ended: [] }
    case 'released': {
      const { keys } = event
      return without(
        orders,
        'released',
        (one) => keys === 'all' || (one.kind !== 'maintenance' && keys.includes(one.key)),
      )
    }
    case 'maintenance-ended':
      return without(orders, 'released', ({ kind }) => kind === 'maintenance')
    case 'became-master':
    case 'found-nobody':
      return without(orders, 'nobody-else', (one) => one.kind === 'failover' && one.key === event.key)
    case 'configured':
      return without(orders, 'removed', (one) => one.kind !== 'maintenance' && !event.keys.includes(one.key))
    case 'deadline-reached':
      return without(orders, 'time-over', ({ until }) => until !== undefined && until <= now)
    default:
      return assertNever(event)
  }
}

const placeOf = (order: StandingOrder): string => (order.kind === 'maintenance' ? '' : order.key)

function without(
  orders: StandingOrders,
  why: Ended['why'],
  ends: (order: StandingOrder) => boolean,
): StandingOrdersStep {
  const ended = orders.filter(ends).map((order) => ({ order, why }))
  return ended.length === 0 ? { orders, ended } : { orders: orders.filter((order) => !ends(order)), ended }
}
