import type { Instant } from '../../base/index.ts'
import { type RealServer, realServerKey } from '../../model/index.ts'

/** Whom an order is about. */
export type OrderedServer = {
  /**
   * `10.0.0.1:80`, or an address, which is its servers on every port; or a name of the DNS with or without a port, which is the
   * servers that are listed by that name, whatever address it has by then.
   */
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
 * - `leave`: the configuration has it no more, and it is drained until nothing is left of it.
 */
export type ServerOrder =
  | (Ordered & { readonly kind: 'drain'; readonly deadline?: Instant })
  | (Ordered & { readonly kind: 'disable' })
  | (Ordered & { readonly kind: 'weight'; readonly weight: number })
  | (Ordered & { readonly kind: 'leave'; readonly service: string })

/** In the order they were given. Of one server in one place there is at most one of each aspect. */
export type ServerOrders = readonly ServerOrder[]

/** What of a server an order settles: orders of different aspects stand beside each other. */
export type OrderAspect = 'service' | 'weight' | 'leave'

export const aspectOf = ({ kind }: ServerOrder): OrderAspect =>
  kind === 'drain' || kind === 'disable' ? 'service' : kind

/** A real server where it stands. */
export type ServerPlace = {
  readonly service: string
  readonly address: string
  /** `10.0.0.1:80` */
  readonly realServer: string
  /** Of whom the DNS says that this is an address; absent: the address was given. */
  readonly hostName?: string
}

/** @param service  the key of the virtual server that has it */
export const serverPlace = (service: string, real: Pick<RealServer, 'address' | 'port' | 'hostName'>): ServerPlace => ({
  service,
  address: real.address,
  realServer: realServerKey(real),
  ...(real.hostName === undefined ? {} : { hostName: real.hostName }),
})

/** What an order may call it, the broader before the narrower. */
export const namesOf = ({ address, realServer, hostName }: ServerPlace): readonly string[] =>
  hostName === undefined
    ? [address, realServer]
    : [hostName, address, `${hostName}${realServer.slice(realServer.lastIndexOf(':'))}`, realServer]

/** Is this server meant? */
export const isAbout = (order: OrderedServer, place: ServerPlace): boolean =>
  (order.service === undefined || order.service === place.service) && namesOf(place).includes(order.realServer)

/** By the name that they give their server, for there may be thousands of both. */
export type OrdersByServer = ReadonlyMap<string, ServerOrders>

export function ordersByServer(orders: ServerOrders): OrdersByServer {
  const named = new Map<string, ServerOrder[]>()
  for (const order of orders) {
    const same = named.get(order.realServer)
    if (same === undefined) named.set(order.realServer, [order])
    else same.push(order)
  }
  return named
}

/** The orders that bind one real server. */
export type BindingOrders = {
  readonly service?: Extract<ServerOrder, { readonly kind: 'drain' | 'disable' }>
  readonly weight?: Extract<ServerOrder, { readonly kind: 'weight' }>
  readonly leave?: Extract<ServerOrder, { readonly kind: 'leave' }>
}

/** Of several about one server the narrower binds: in one virtual server before everywhere, one port before all. */
export function bindingOrders(orders: OrdersByServer, place: ServerPlace): BindingOrders {
  let service: BindingOrders['service']
  let weight: BindingOrders['weight']
  let leave: BindingOrders['leave']
  for (const name of namesOf(place))
    for (const order of orders.get(name) ?? []) {
      if (!isAbout(order, place)) continue
      if (order.kind === 'leave') leave = order
      else if (order.kind === 'weight') {
        if (weight === undefined || narrowness(order) >= narrowness(weight)) weight = order
      } else if (service === undefined || narrowness(order) >= narrowness(service)) service = order
    }
  return {
    ...(service === undefined ? {} : { service }),
    ...(weight === undefined ? {} : { weight }),
    ...(leave === undefined ? {} : { leave }),
  }
}

/** What becomes of new connections to a server that these bind; undefined: they come as ever. */
export const takenOut = ({ service, leave }: BindingOrders): 'drain' | 'disable' | undefined =>
  service?.kind ?? (leave === undefined ? undefined : 'drain')

const narrowness = ({ service, realServer }: ServerOrder): number =>
  (service === undefined ? 0 : 2) + (isEndpoint(realServer) ? 1 : 0)

/** `10.0.0.1:80`, `[2001:db8::1]:80` and `web1.example:80`, not an address or a name alone. */
const isEndpoint = (text: string): boolean => /^(?:[^:]+|\[.*\]):\d+$/.test(text)

/** When the next of them ends or changes by itself; undefined: none does. */
export function nextDeadline(orders: ServerOrders): Instant | undefined {
  let first: Instant | undefined
  for (const order of orders)
    for (const at of [order.until, order.kind === 'drain' ? order.deadline : undefined])
      if (at !== undefined && (first === undefined || at < first)) first = at
  return first
}
