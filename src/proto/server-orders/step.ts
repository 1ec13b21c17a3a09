import { assertNever, type Instant } from '../../base/index.ts'
import { isAbout, type OrderedServer, type ServerOrder, type ServerOrders, type ServerPlace } from './state.ts'

export type ServerOrderEvent =
  /** It takes the place of an earlier one about the same server in the same place. */
  | { readonly type: 'ordered'; readonly order: ServerOrder }
  /** Ends those given in these words; `weight`: that of its weight, else drain and disable. */
  | { readonly type: 'released'; readonly about: OrderedServer; readonly weight: boolean }
  /** From here on these real servers are there. */
  | { readonly type: 'configured'; readonly servers: readonly ServerPlace[] }
  | { readonly type: 'deadline-reached' }

export type EndedServerOrder = {
  readonly order: ServerOrder
  /** `deadline`: what was to be drained is disabled. */
  readonly why: 'released' | 'time-over' | 'deadline' | 'removed'
}

export type ServerOrdersStep = { readonly orders: ServerOrders; readonly ended: readonly EndedServerOrder[] }

/** What is left of the orders, and which have come to their end. */
export function stepServerOrders(orders: ServerOrders, event: ServerOrderEvent, now: Instant): ServerOrdersStep {
  switch (event.type) {
    case 'ordered': {
      const { order } = event
      return { orders: [...orders.filter((one) => !sameSubject(one, order)), order], ended: [] }
    }
    case 'released':
      return without(
        orders,
        'released',
        (one) => isWithin(one, event.about) && (one.kind === 'weight') === event.weight,
      )
    case 'configured':
      return without(orders, 'removed', (one) => !event.servers.some((server) => isAbout(one, server)))
    case 'deadline-reached':
      return deadlineReached(orders, now)
    default:
      return assertNever(event)
  }
}

function deadlineReached(orders: ServerOrders, now: Instant): ServerOrdersStep {
  const { orders: left, ended } = without(orders, 'time-over', ({ until }) => until !== undefined && until <= now)
  const late = (order: ServerOrder): boolean =>
    order.kind === 'drain' && order.deadline !== undefined && order.deadline <= now
  if (!left.some(late)) return { orders: left, ended }
  return {
    orders: left.map((order) => (late(order) ? disabled(order) : order)),
    ended: [...ended, ...left.filter(late).map((order) => ({ order, why: 'deadline' }) as const)],
  }
}

function disabled(order: ServerOrder): ServerOrder {
  if (order.kind !== 'drain') return order
  const { deadline: _, ...rest } = order
  return { ...rest, kind: 'disable' }
}

function without(
  orders: ServerOrders,
  why: EndedServerOrder['why'],
  ends: (order: ServerOrder) => boolean,
): ServerOrdersStep {
  const ended = orders.filter(ends)
  return ended.length === 0
    ? { orders, ended: [] }
    : { orders: orders.filter((one) => !ends(one)), ended: ended.map((order) => ({ order, why })) }
}

/** About the very server, in the virtual server named or, if none is, anywhere. */
const isWithin = (order: OrderedServer, { realServer, service }: OrderedServer): boolean =>
  order.realServer === realServer && (service === undefined || order.service === service)

const samePlace = (a: OrderedServer, b: OrderedServer): boolean =>
  a.realServer === b.realServer && a.service === b.service

const sameSubject = (a: ServerOrder, b: ServerOrder): boolean =>
  samePlace(a, b) && (a.kind === 'weight') === (b.kind === 'weight')
