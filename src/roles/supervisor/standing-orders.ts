import { after, assertNever, elapsed, fail, micros, millis, ok, type Result } from '../../base/index.ts'
import { type Configuration, type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import type { OrderSnapshot } from '../../observe/index.ts'
import {
  asideOf,
  deadlineOf,
  type OrderedBy,
  orderFor,
  type StandingOrder,
  type StandingOrderEvent,
  type StandingOrders,
  stepStandingOrders,
} from '../../proto/standing-orders/index.ts'
import type { FailoverOutcome, ToVrrp } from '../ipc/index.ts'
import { decodeOrders, encodeOrders } from './orders-file.ts'
import type { SupervisorPorts } from './ports.ts'
import { routersNamed } from './routers-named.ts'

/** Whom an order is about, who gave it, and for how long. */
export type OrderRequest = {
  readonly names: readonly string[] | 'all'
  readonly by: string
  readonly reason?: string
  /** Milliseconds. */
  readonly limit?: number
}

/** A line for whoever ordered, for each virtual router. */
export type Told = readonly string[]

/** Orders about who is master that stand until they are released, their time is over, or nobody else is there. */
export type Orders = {
  failover(request: OrderRequest): Promise<Result<Told, string>>
  hold(request: OrderRequest): Result<Told, string>
  release(names: OrderRequest['names']): Result<Told, string>
  maintenanceOn(request: Omit<OrderRequest, 'names'>): Promise<Result<Told, string>>
  maintenanceOff(): Result<Told, string>
  /** A vrrp role serves, and has to be told what stands. */
  roleServes(): void
  roleDied(): void
  becameMaster(key: string): void
  failoverEnded(key: string, became: FailoverOutcome): void
  adopt(model: Configuration): void
  /** The order that binds a virtual router. */
  of(key: string): OrderSnapshot | undefined
}

export function createOrders(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'readText' | 'replaceText' | 'removeFile' | 'bootId' | 'log'>,
  path: string,
  model: () => Configuration,
  vrrp: { send(message: ToVrrp): void; isMaster(key: string): boolean; serves(): boolean },
): Orders {
  const { clock, log } = ports
  const boot = ports.bootId()
  const kept = ports.readText(path)
  let orders: StandingOrders = kept.ok ? decodeOrders(kept.value, boot, clock.now()) : []
  let cancel: (() => void) | undefined
  /** Whoever has ordered a failover of this key and not heard yet what came of it. */
  const waiting = new Map<string, ((became: FailoverOutcome | undefined) => void)[]>()
  const routers = () => model().virtualRouters
  const nameOf = (key: string) => routers().find((one) => virtualRouterKey(one) === key)?.name ?? key
  arm()

  function step(...events: readonly StandingOrderEvent[]): void {
    const before = orders
    for (const event of events) {
      const { orders: left, ended } = stepStandingOrders(orders, event, clock.now())
      orders = left
      for (const { order, why } of ended) log.info(`${order.kind} ended`, { ...aboutOf(order), why })
    }
    if (orders === before) return
    const written =
      orders.length === 0 ? ok(ports.removeFile(path)) : ports.replaceText(path, encodeOrders(orders, boot))
    if (!written.ok) log.warn('orders cannot be kept over a restart', { reason: written.error.message })
    arm()
    tell()
  }

  function arm(): void {
    cancel?.()
    const deadline = deadlineOf(orders)
    const wait = deadline === undefined ? undefined : micros(Math.max(0, elapsed(clock.now(), deadline)))
    cancel = wait === undefined ? undefined : ports.schedule(wait, () => step({ type: 'deadline-reached' }))
  }

  function tell(): void {
    const keys = routers().filter(mayGiveWay).map(virtualRouterKey)
    vrrp.send({ type: 'stand-aside', aside: asideOf(orders, keys) })
  }

  const aboutOf = (order: StandingOrder) => ({
    ...(order.kind === 'maintenance' ? {} : { router: nameOf(order.key) }),
    by: order.by,
    ...(order.reason === undefined ? {} : { cause: order.reason }),
  })

  function ordered({ by, reason, limit }: Omit<OrderRequest, 'names'>): OrderedBy {
    return {
      by,
      since: new Date(clock.wall()).toISOString(),
      ...(reason === undefined ? {} : { reason }),
      ...(limit === undefined ? {} : { until: after(clock.now(), millis(limit)) }),
    }
  }

  function give(all: readonly StandingOrder[]): void {
    for (const order of all) log.info(`${order.kind} ordered`, aboutOf(order))
    step(...all.map((order) => ({ type: 'ordered', order }) as const))
  }

  /** Has them resign, and tells what came of it. */
  async function failOver(keys: readonly string[]): Promise<Told> {
    const outcomes = keys.map(
      (key) =>
        new Promise<string>((resolve) => {
          const others = waiting.get(key) ?? []
          waiting.set(key, [...others, (became) => resolve(outcomeOf(nameOf(key), became))])
        }),
    )
    vrrp.send({ type: 'fail-over', keys })
    return Promise.all(outcomes)
  }

  return {
    async failover(request) {
      const chosen = routersNamed(routers(), model().syncGroups, request.names)
      if (!chosen.ok) return chosen
      if (!vrrp.serves()) return fail('the vrrp role does not run; try again')
      const masters = chosen.value.filter((one) => vrrp.isMaster(virtualRouterKey(one)))
      const owner = masters.find((one) => !mayGiveWay(one))
      if (request.names !== 'all') {
        if (owner !== undefined) return fail(ownerText(owner))
        const other = chosen.value.find((one) => !masters.includes(one))
        if (other !== undefined && masters.length === 0)
          return fail(`${other.name} is not master here; \`holdfast hold ${other.name}\` keeps it so`)
      }
      const keys = masters.filter(mayGiveWay).map(virtualRouterKey)
      if (keys.length === 0) return ok(['no virtual router is master here that could be given up'])
      const by = ordered(request)
      give(keys.map((key) => ({ ...by, kind: 'failover', key })))
      return ok([...(await failOver(keys)), ...masters.filter((one) => !mayGiveWay(one)).map(ownerText)])
    },
    hold(request) {
      const chosen = routersNamed(routers(), model().syncGroups, request.names)
      if (!chosen.ok) return chosen
      const able = chosen.value.filter(mayGiveWay)
      const by = ordered(request)
      give(able.map((one) => ({ ...by, kind: 'hold', key: virtualRouterKey(one) })))
      return ok(
        chosen.value.map((one) =>
          mayGiveWay(one) ? holdText(one.name, vrrp.isMaster(virtualRouterKey(one))) : ownerText(one),
        ),
      )
    },
    release(names) {
      const chosen = routersNamed(routers(), model().syncGroups, names)
      if (!chosen.ok) return chosen
      const keys = chosen.value.map(virtualRouterKey)
      const bound = keys.filter((key) => orders.some((one) => one.kind !== 'maintenance' && one.key === key))
      const maintained = orders.some(({ kind }) => kind === 'maintenance')
      step({ type: 'released', keys: names === 'all' ? 'all' : keys })
      if (names === 'all') {
        const all = [...bound.map(nameOf), ...(maintained ? ['maintenance'] : [])]
        return ok(all.length === 0 ? ['nothing was held'] : all.map((name) => `${name} is released`))
      }
      const told = keys.map((key) => `${nameOf(key)} ${bound.includes(key) ? 'is released' : 'was not held'}`)
      return ok(maintained ? [...told, 'maintenance goes on; `holdfast maintenance off` ends it'] : told)
    },
    async maintenanceOn(request) {
      give([{ ...ordered(request), kind: 'maintenance' }])
      const masters = routers().filter((one) => vrrp.isMaster(virtualRouterKey(one)))
      const keys = masters.filter(mayGiveWay).map(virtualRouterKey)
      const outcomes = vrrp.serves() && keys.length > 0 ? await failOver(keys) : []
      return ok(['maintenance is on', ...outcomes, ...masters.filter((one) => !mayGiveWay(one)).map(ownerText)])
    },
    maintenanceOff() {
      const was = orders.some(({ kind }) => kind === 'maintenance')
      step({ type: 'maintenance-ended' })
      return ok([was ? 'maintenance is off' : 'there was no maintenance'])
    },
    roleServes() {
      if (orders.length > 0) tell()
    },
    roleDied() {
      for (const resolve of [...waiting.values()].flat()) resolve(undefined)
      waiting.clear()
    },
    becameMaster: (key) => step({ type: 'became-master', key }),
    failoverEnded(key, became) {
      for (const resolve of waiting.get(key) ?? []) resolve(became)
      waiting.delete(key)
      if (became === 'master') step({ type: 'found-nobody', key })
    },
    adopt(to) {
      step({ type: 'configured', keys: to.virtualRouters.map(virtualRouterKey) })
    },
    of(key) {
      const order = orderFor(orders, key)
      const router = routers().find((one) => virtualRouterKey(one) === key)
      if (order === undefined || router === undefined || !mayGiveWay(router)) return undefined
      const { kind, by, reason, since, until } = order
      const left = until === undefined ? undefined : elapsed(clock.now(), until)
      return {
        kind,
        by,
        since,
        ...(reason === undefined ? {} : { reason }),
        ...(left === undefined ? {} : { until: new Date(clock.wall() + left / 1_000).toISOString() }),
      }
    },
  }
}

/** The addresses of an owner are those of its host: they cannot be given up. */
const mayGiveWay = ({ priority }: VirtualRouter): boolean => priority !== 255

const ownerText = ({ name }: VirtualRouter): string =>
  `${name} owns its addresses (priority 255) and cannot give them up; lower its priority first`

const holdText = (name: string, isMaster: boolean): string =>
  isMaster
    ? `${name} stays master until it has to give way, and then does not take its place back`
    : `${name} does not become master while another is`

function outcomeOf(name: string, became: FailoverOutcome | undefined): string {
  switch (became) {
    case undefined:
      return `${name}: the vrrp role has ended meanwhile; look at \`holdfast why ${name}\``
    case 'backup':
      return `${name} was taken over by another; it does not take its place back until it is released or nobody else is there`
    case 'master':
      return `${name} stays master: nobody has taken its place`
    case 'fault':
      return `${name} went into fault and has given up its addresses, whether or not another has them; look at \`holdfast why ${name}\``
    case 'initialize':
      return `${name} has ended meanwhile`
    default:
      return assertNever(became)
  }
}
