import { after, assertNever, elapsed, fail, type Instant, micros, millis, ok, type Result } from '../../base/index.ts'
import type { Configuration } from '../../model/index.ts'
import { type AbsentServerOrderSnapshot, serverOrderSnapshot } from '../../observe/index.ts'
import {
  aspectOf,
  bindingOrders,
  type EndedServerOrder,
  isAbout,
  isLate,
  nextDeadline,
  type OrderAspect,
  type OrderedServer,
  ordersByServer,
  type ServerOrder,
  type ServerOrderEvent,
  type ServerOrders,
  type ServerPlace,
  stepServerOrders,
  whoIsMeant,
} from '../../proto/server-orders/index.ts'
import { createDrainWatch, type Remaining } from './drain-watch.ts'
import type { SupervisorPorts } from './ports.ts'
import type { ServerOrderCommand } from './server-order-request.ts'
import { decodeServerOrders, encodeServerOrders } from './server-orders-file.ts'
import { type ServerTold, told } from './server-told.ts'
import { isSourceName, nobodyNamed, placesIn, realServerNamed, virtualServerNamed } from './servers-named.ts'

/** Orders about real servers that stand until they are ended or their time is over. */
export type ServerOrderBook = {
  carryOut(command: ServerOrderCommand): Promise<Result<readonly ServerTold[], string>>
  /** These are not configured any more and leave once nothing is left of them. */
  leave(servers: readonly ServerPlace[], by: string): void
  /** These are configured again. */
  stay(servers: readonly ServerPlace[]): void
  readonly standing: () => ServerOrders
  /** Those about servers that no list has just now. */
  readonly absent: () => readonly AbsentServerOrderSnapshot[]
  /**
   * What was ordered about servers that are not there any more ends, and binds them until `settle`.
   * @param listing  keys of virtual servers that have servers listed elsewhere
   */
  adopt(model: Configuration, listing: readonly string[]): void
  /** The servers of orders that have ended for good are gone. */
  settle(): void
}

export function createServerOrders(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'readText' | 'replaceText' | 'removeFile' | 'bootId' | 'log'>,
  path: string,
  hooks: {
    readonly model: () => Configuration
    /** From here on these stand. */
    readonly tell: (orders: ServerOrders) => void
    /** Of the servers at these addresses. Undefined: the table cannot be asked. */
    readonly remaining: (addresses: ReadonlySet<string>) => Promise<Remaining | undefined>
    /** What was leaving has left, or need not any more; `settle` is to follow. */
    readonly onLeft: () => void
  },
): ServerOrderBook {
  const { clock, log } = ports
  const boot = ports.bootId()
  const kept = ports.readText(path)
  let orders: ServerOrders = kept.ok ? decodeServerOrders(kept.value, boot, clock.now()) : []
  /** Ended because their servers go: until these are gone they bind, or what was drained would serve once more. */
  let parting: ServerOrders = []
  let cancelDeadline: (() => void) | undefined
  const drains = createDrainWatch(ports, {
    orders: () => orders,
    places: () => placesIn(hooks.model()),
    remaining: hooks.remaining,
    onGone(leaving) {
      parting = [...parting, ...leaving]
      release(leaving, 'leave')
    },
  })
  arm()

  function step(...events: readonly ServerOrderEvent[]): void {
    const before = orders
    for (const event of events) {
      const { orders: left, ended } = stepServerOrders(orders, event, clock.now())
      orders = left
      parting = [...parting, ...ended.flatMap(({ order, why }) => (why === 'removed' ? [order] : []))]
      for (const { order, why } of ended) log.info(ENDS[why] ?? `${order.kind} ended`, { ...aboutOf(order), why })
    }
    if (orders === before) return
    const written =
      orders.length === 0 ? ok(ports.removeFile(path)) : ports.replaceText(path, encodeServerOrders(orders, boot))
    if (!written.ok) log.warn('orders cannot be kept over a restart', { reason: written.error.message })
    arm()
    hooks.tell([...orders, ...parting])
    if (leavers(before) > leavers(orders)) hooks.onLeft()
  }

  function arm(): void {
    cancelDeadline?.()
    const deadline = nextDeadline(orders)
    const wait = deadline === undefined ? undefined : micros(Math.max(0, elapsed(clock.now(), deadline)))
    cancelDeadline = wait === undefined ? undefined : ports.schedule(wait, () => void deadlineReached())
    drains.begin()
  }

  async function deadlineReached(): Promise<void> {
    const late = orders.filter((order) => isLate(order, clock.now()))
    if (late.length === 0) return step({ type: 'deadline-reached' })
    step({ type: 'deadline-reached', drained: await drains.drained(late) })
  }

  const given = ({ by, reason, limit }: Pick<ServerOrderCommand, 'by' | 'reason' | 'limit'>) => ({
    by,
    since: new Date(clock.wall()).toISOString(),
    ...(reason === undefined ? {} : { reason }),
    ...(limit === undefined ? {} : { until: in_(limit) }),
  })

  const in_ = (length: number): Instant => after(clock.now(), millis(length))

  /** Those that are meant, each as the order is to name it; the failure is a sentence. */
  function named(command: ServerOrderCommand): Result<readonly OrderedServer[], string> {
    const model = hooks.model()
    const service = command.service === undefined ? undefined : virtualServerNamed(model, command.service)
    if (service?.ok === false) return service
    const scope = service === undefined ? {} : { service: service.value.key }
    const places = placesIn(model)
    const here = whoIsMeant(places)
    const about: OrderedServer[] = []
    for (const text of command.servers) {
      const realServer = realServerNamed(text)
      if (!realServer.ok) return realServer
      const one = { ...scope, realServer: realServer.value }
      const isKnown = orders.some(
        (order) => order.realServer === one.realServer && order.service === service?.value.key,
      )
      if (!(isKnown || here.has(one) || isSourceName(model, one.realServer, service?.value.key)))
        return fail(nobodyNamed(one.realServer, places, service?.value.key))
      about.push(one)
    }
    return ok(about)
  }

  function give(all: readonly ServerOrder[]): void {
    for (const order of all) log.info(`${order.kind} ordered`, aboutOf(order))
    step(...all.map((order) => ({ type: 'ordered', order }) as const))
  }

  function drain(command: ServerOrderCommand, about: readonly OrderedServer[]): Promise<readonly ServerTold[]> {
    const { deadline, wait } = command
    const late = deadline === undefined ? {} : { deadline: in_(deadline) }
    const all = about.map((one): ServerOrder => ({ ...one, ...given(command), ...late, kind: 'drain' }))
    give(all)
    return Promise.all(
      all.map(async (order) =>
        wait ? told(order, await drains.wait(order)) : told(order, 'draining', unless(order, 'service')),
      ),
    )
  }

  /** What to add about an order that has just been given, if a narrower one binds some of those that it is about. */
  function unless(one: OrderedServer, aspect: 'service' | 'weight'): string | undefined {
    const all = ordersByServer(orders)
    for (const place of placesIn(hooks.model())) {
      if (!isAbout(one, place)) continue
      const order = bindingOrders(all, place)[aspect]
      if (order !== undefined && !(order.realServer === one.realServer && order.service === one.service))
        return `except where the ${order.kind} of ${nameOf(order)} binds it`
    }
    return undefined
  }

  const release = (about: readonly OrderedServer[], aspect: OrderAspect): void =>
    step(...about.map((one) => ({ type: 'released', about: one, aspect }) as const))

  /** Ends what was ordered in these words, and tells what else binds the server. */
  function end(one: OrderedServer, aspect: 'service' | 'weight'): ServerTold {
    const before = orders
    release([one], aspect)
    const meant = placesIn(hooks.model()).filter((place) => isAbout(one, place))
    const bound = orders.filter((order) => meant.some((place) => isAbout(order, place)))
    const other = bound.find((order) => aspectOf(order) === aspect)
    if (other !== undefined) return told(one, 'still-ordered', `the ${other.kind} of ${nameOf(other)}`)
    if (aspect === 'weight') return told(one, orders === before ? 'no-weight-set' : 'weight-configured')
    if (bound.some(isLeaving)) return told(one, 'leaving')
    return told(one, orders === before ? 'not-drained-or-disabled' : 'in-service')
  }

  return {
    async carryOut(command) {
      const about = named(command)
      if (!about.ok) return about
      const { weight } = command
      switch (command.request) {
        case 'drain':
          return ok(await drain(command, about.value))
        case 'disable':
          give(about.value.map((one) => ({ ...one, ...given(command), kind: 'disable' })))
          return ok(about.value.map((one) => told(one, 'disabled', unless(one, 'service'))))
        case 'undrain':
        case 'enable':
          return ok(about.value.map((one) => end(one, 'service')))
        case 'weight':
          if (weight === undefined) return ok(about.value.map((one) => end(one, 'weight')))
          give(about.value.map((one) => ({ ...one, ...given(command), kind: 'weight', weight })))
          return ok(
            about.value.map((one) =>
              told(one, 'weight-set', [weight, unless(one, 'weight')].filter((part) => part !== undefined).join(' ')),
            ),
          )
        default:
          return assertNever(command.request)
      }
    },
    leave(servers, by) {
      const why = given({ by, reason: 'removed from the configuration' })
      give(servers.map(({ service, realServer }) => ({ service, realServer, ...why, kind: 'leave' })))
    },
    stay: (servers) => release(servers, 'leave'),
    standing: () => orders,
    absent() {
      if (orders.length === 0) return []
      const here = whoIsMeant(placesIn(hooks.model()))
      const at = { now: clock.now(), wall: clock.wall() }
      return orders
        .filter((order) => !here.has(order))
        .map((order) => ({
          ...serverOrderSnapshot(order, at),
          realServer: order.realServer,
          ...(order.service === undefined ? {} : { virtualServer: order.service }),
        }))
    },
    adopt(model, listing) {
      if (orders.length > 0) step({ type: 'configured', servers: placesIn(model), listing })
    },
    settle() {
      if (parting.length === 0) return
      parting = []
      hooks.tell(orders)
    },
  }
}

/** What the log says where an order does more than end. */
const ENDS: Readonly<Partial<Record<EndedServerOrder['why'], string>>> = {
  deadline: 'drain is over, real server disabled',
  drained: 'real server was drained by its deadline',
}

const isLeaving = (order: ServerOrder): boolean => order.kind === 'leave'

const leavers = (orders: ServerOrders): number => orders.filter(isLeaving).length

const nameOf = ({ realServer, service }: OrderedServer): string =>
  service === undefined ? realServer : `${realServer} in ${service}`

const aboutOf = (order: ServerOrder) => ({
  realServer: order.realServer,
  ...(order.service === undefined ? {} : { virtualServer: order.service }),
  ...(order.kind === 'weight' ? { weight: order.weight } : {}),
  by: order.by,
  ...(order.reason === undefined ? {} : { cause: order.reason }),
})
