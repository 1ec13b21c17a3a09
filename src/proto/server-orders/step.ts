import { assertNever, type Instant } from '../../base/index.ts'
import {
  aspectOf,
  namesOf,
  type OrderAspect,
  type OrderedServer,
  type ServerOrder,
  type ServerOrders,
  type ServerPlace,
} from './state.ts'

export type ServerOrderEvent =
  /** It takes the place of an earlier one about the same server in the same place. */
  | { readonly type: 'ordered'; readonly order: ServerOrder }
  /** Ends those of this aspect that were given in these words. */
  | { readonly type: 'released'; readonly about: OrderedServer; readonly aspect: OrderAspect }
  /** From here on these real servers are there; others may come to those virtual servers that have them listed elsewhere. */
  | { readonly type: 'configured'; readonly servers: readonly ServerPlace[]; readonly listing: readonly string[] }
  /** `drained`: the drains of which nothing is left at this moment; absent: that is not known. */
  | { readonly type: 'deadline-reached'; readonly drained?: ReadonlySet<ServerOrder> }

export type EndedServerOrder = {
  readonly order: ServerOrder
  /** `deadline`: what was to be drained is disabled. `drained`: it is, and stays so without a deadline. */
  readonly why: 'released' | 'time-over' | 'deadline' | 'drained' | 'removed'
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
      return without(orders, 'released', (one) => isWithin(one, event.about) && aspectOf(one) === event.aspect)
    case 'configured': {
      const here = whoIsMeant(event.servers)
      return without(orders, 'removed', (one) => !(here.has(one) || mayReturn(one, event.listing)))
    }
    case 'deadline-reached':
      return deadlineReached(orders, now, event.drained ?? new Set())
    default:
      return assertNever(event)
  }
}

function deadlineReached(orders: ServerOrders, now: Instant, drained: ReadonlySet<ServerOrder>): ServerOrdersStep {
  const { orders: left, ended } = without(orders, 'time-over', ({ until }) => until !== undefined && until <= now)
  const late = (order: ServerOrder): boolean => isLate(order, now)
  if (!left.some(late)) return { orders: left, ended }
  return {
    orders: left.map((order) => (late(order) ? afterDeadline(order, drained.has(order)) : order)),
    ended: [
      ...ended,
      ...left.filter(late).map((order) => ({ order, why: drained.has(order) ? 'drained' : 'deadline' }) as const),
    ],
  }
}

/** Was it to be over by now? */
export const isLate = (order: ServerOrder, now: Instant): boolean =>
  order.kind === 'drain' && order.deadline !== undefined && order.deadline <= now

/** What was drained in time stays drained; what was not is disabled. */
function afterDeadline(order: ServerOrder, drained: boolean): ServerOrder {
  if (order.kind !== 'drain') return order
  const { deadline: _, ...drain } = order
  if (drained) return drain
  const { reason, ...rest } = drain
  return { ...rest, kind: 'disable', reason: [...(reason === undefined ? [] : [reason]), NOT_DRAINED].join('; ') }
}

const NOT_DRAINED = 'not drained by its deadline'

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

/** Tells whether there is a server that an order is about. */
export function whoIsMeant(servers: readonly ServerPlace[]): { has(order: OrderedServer): boolean } {
  const names = new Set<string>()
  for (const place of servers) for (const name of namesOf(place)) names.add(name).add(`${place.service} ${name}`)
  return {
    has: ({ service, realServer }) => names.has(service === undefined ? realServer : `${service} ${realServer}`),
  }
}

/** A list may have it again, and whoever ordered something about it is not to be forgotten meanwhile. */
const mayReturn = ({ kind, service }: ServerOrder, listing: readonly string[]): boolean =>
  kind !== 'leave' && (service === undefined ? listing.length > 0 : listing.includes(service))

/** About the very server, in the virtual server named or, if none is, anywhere. */
const isWithin = (order: OrderedServer, { realServer, service }: OrderedServer): boolean =>
  order.realServer === realServer && (service === undefined || order.service === service)

const samePlace = (a: OrderedServer, b: OrderedServer): boolean =>
  a.realServer === b.realServer && a.service === b.service

const sameSubject = (a: ServerOrder, b: ServerOrder): boolean => samePlace(a, b) && aspectOf(a) === aspectOf(b)
