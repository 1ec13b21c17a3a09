import type { Instant } from '../../base/index.ts'

/** Whom an order is about. */
export type OrderedServer = {
  /** `10.0.0.1:80`, or an address, which is its servers on every port. */
  readonly realServer: string
  /** The key of a virtual server; absent: all that have it. */
  readonly service?: string
}

type Ordered = OrderedServer & {
  readonly by: string
  readonly reason?: string
  /** ISO 8601, for people. */
  readonly since: string
  /** It ends by itself then. */
  readonly until?: Instant
}

/**
 * - `drain`: no new connections, those there are go on; after `deadline` it is disabled.
 * - `disable`: not in the table, whatever its checks say.
 * - `weight`: this weight instead of the configured one.
 */
export type ServerOrder =
  | (Ordered & {
      readonly kind: 'drain'
      readonly deadline?: Instant
      /** The configuration has it no more: it stays until it is drained (reload --graceful). */
      readonly leaving?: true
    })
  | (Ordered & { readonly kind: 'disable'; readonly leaving?: true })
  | (Ordered & { readonly kind: 'weight'; readonly weight: number })

/** In the order they were given. Of one server in one place there is at most one weight, and one of the others. */
export type ServerOrders = readonly ServerOrder[]

/** A real server where it stands. */
export type ServerPlace = {
  readonly service: string
  readonly address: string
  /** `10.0.0.1:80` */
  readonly realServer: string
}

/** Is this server meant? */
export const isAbout = (order: OrderedServer, { service, address, realServer }: ServerPlace): boolean =>
  (order.service === undefined || order.service === service) &&
  (order.realServer === realServer || order.realServer === address)

/** The orders that bind one real server. */
export type BindingOrders = {
  readonly service?: Extract<ServerOrder, { readonly kind: 'drain' | 'disable' }>
  readonly weight?: Extract<ServerOrder, { readonly kind: 'weight' }>
}

/** Of several about one server the narrower binds: in one virtual server before everywhere, one port before all. */
export function bindingOrders(orders: ServerOrders, place: ServerPlace): BindingOrders {
  let service: BindingOrders['service']
  let weight: BindingOrders['weight']
  for (const order of orders) {
    if (!isAbout(order, place)) continue
    if (order.kind === 'weight') {
      if (weight === undefined || narrowness(order) >= narrowness(weight)) weight = order
    } else if (service === undefined || narrowness(order) >= narrowness(service)) service = order
  }
  return { ...(service === undefined ? {} : { service }), ...(weight === undefined ? {} : { weight }) }
}

const narrowness = ({ service, realServer }: ServerOrder): number =>
  (service === undefined ? 0 : 2) + (isEndpoint(realServer) ? 1 : 0)

/** `10.0.0.1:80` and `[2001:db8::1]:80`, not an address alone. */
const isEndpoint = (text: string): boolean => /^(?:[\d.]+|\[.*\]):\d+$/.test(text)

/** When the next of them ends or changes by itself; undefined: none does. */
export function nextDeadline(orders: ServerOrders): Instant | undefined {
  let first: Instant | undefined
  for (const order of orders)
    for (const at of [order.until, order.kind === 'drain' ? order.deadline : undefined])
      if (at !== undefined && (first === undefined || at < first)) first = at
  return first
}
