import { type Configuration, type RealServer, realServerKey, type VirtualServer } from '../../model/index.ts'
import { type ServerOrders, type ServerPlace, serverPlace } from '../../proto/server-orders/index.ts'
import { placesIn } from './servers-named.ts'

/** A real server that the configuration has no more and that stays until it is drained. */
export type Leaver = { readonly service: VirtualServer; readonly real: RealServer }

/** Where it stands. */
export const placeOf = ({ service, real }: Leaver): ServerPlace => serverPlace(service.key, real)

const textOf = ({ service, realServer }: ServerPlace): string => `${service} ${realServer}`

/** What the one has and the other has not. */
export function removedServers(before: Configuration, after: Configuration): readonly Leaver[] {
  const kept = new Set(placesIn(after).map(textOf))
  return before.virtualServers
    .flatMap((service) => service.realServers.map((real) => ({ service, real })))
    .filter((one) => !kept.has(textOf(placeOf(one))))
}

/** Those that the configuration has again, and those that it has not. */
export function whoReturns(
  configured: Configuration,
  leavers: readonly Leaver[],
): { readonly returning: readonly Leaver[]; readonly leaving: readonly Leaver[] } {
  const here = new Set(leavers.length === 0 ? [] : placesIn(configured).map(textOf))
  const returns = (one: Leaver): boolean => here.has(textOf(placeOf(one)))
  return { returning: leavers.filter(returns), leaving: leavers.filter((one) => !returns(one)) }
}

/** The configuration with those that leave still in it. */
export function withLeavers(configured: Configuration, leaving: readonly Leaver[]): Configuration {
  if (leaving.length === 0) return configured
  const byService = new Map<string, Leaver[]>()
  for (const one of leaving) byService.set(one.service.key, [...(byService.get(one.service.key) ?? []), one])
  const virtualServers = configured.virtualServers.map((server) => {
    const more = byService.get(server.key)
    byService.delete(server.key)
    return more === undefined
      ? server
      : { ...server, realServers: [...server.realServers, ...more.map(({ real }) => real)] }
  })
  // Of a virtual server that is gone as a whole those stay that still have something to do.
  const gone = [...byService.values()].flatMap((all) => {
    const [first] = all
    return first === undefined ? [] : [{ ...first.service, realServers: all.map(({ real }) => real) }]
  })
  return { ...configured, virtualServers: [...virtualServers, ...gone] }
}

/** Those of whom it is still ordered that they leave. */
export const stillLeaving = (leavers: readonly Leaver[], orders: ServerOrders): readonly Leaver[] =>
  leavers.filter(({ service, real }) =>
    orders.some(
      (order) => order.kind === 'leave' && order.service === service.key && order.realServer === realServerKey(real),
    ),
  )
