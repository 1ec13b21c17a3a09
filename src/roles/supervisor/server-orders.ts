import { after, elapsed, fail, type Instant, micros, millis, ok, type Result } from '../../base/index.ts'
import type { Configuration } from '../../model/index.ts'
import {
  isAbout,
  nextDeadline,
  type ServerOrder,
  type ServerOrderEvent,
  type ServerOrders,
  stepServerOrders,
} from '../../proto/server-orders/index.ts'
import type { SupervisorPorts } from './ports.ts'
import type { ServerOrderCommand } from './server-order-request.ts'
import { decodeServerOrders, encodeServerOrders } from './server-orders-file.ts'
import { type NamedServer, placesIn, realServerNamed, virtualServerNamed } from './servers-named.ts'
import type { Told } from './standing-orders.ts'

/** What is left of real servers in the forwarding table; undefined: it cannot be asked. */
export type Remaining = {
  /** Connections that go on, and whether new ones may still come. */
  of(server: NamedServer): { readonly connections: number; readonly open: boolean }
}

/** Orders about real servers that stand until they are ended or their time is over. */
export type ServerOrderBook = {
  carryOut(command: ServerOrderCommand): Promise<Result<Told, string>>
  /** These are not configured any more and leave once nothing is left of them. */
  leave(servers: readonly NamedServer[], by: string): void
  /** These are configured again. */
  stay(servers: readonly NamedServer[]): void
  readonly standing: () => ServerOrders
  adopt(model: Configuration): void
}

/** How often it is looked whether a server is drained. */
const LOOK_EVERY = millis(500)

export function createServerOrders(
  ports: Pick<SupervisorPorts, 'clock' | 'schedule' | 'readText' | 'replaceText' | 'removeFile' | 'bootId' | 'log'>,
  path: string,
  hooks: {
    readonly model: () => Configuration
    /** From here on these stand. */
    readonly tell: (orders: ServerOrders) => void
    readonly remaining: () => Promise<Remaining | undefined>
    /** What was leaving has left, or need not any more. */
    readonly onLeft: () => void
  },
): ServerOrderBook {
  const { clock, log } = ports
  const boot = ports.bootId()
  const kept = ports.readText(path)
  let orders: ServerOrders = kept.ok ? decodeServerOrders(kept.value, boot, clock.now()) : []
  let cancelDeadline: (() => void) | undefined
  let cancelLook: (() => void) | undefined
  const waiting = new Set<{ readonly order: ServerOrder; readonly resolve: (line: string) => void }>()
  arm()

  function step(...events: readonly ServerOrderEvent[]): void {
    const before = orders
    for (const event of events) {
      const { orders: left, ended } = stepServerOrders(orders, event, clock.now())
      orders = left
      for (const { order, why } of ended)
        log.info(why === 'deadline' ? 'drain is over, real server disabled' : `${order.kind} ended`, {
          ...aboutOf(order),
          why,
        })
    }
    if (orders === before) return
    const written =
      orders.length === 0 ? ok(ports.removeFile(path)) : ports.replaceText(path, encodeServerOrders(orders, boot))
    if (!written.ok) log.warn('orders cannot be kept over a restart', { reason: written.error.message })
    arm()
    hooks.tell(orders)
    if (leavers(before) > leavers(orders)) hooks.onLeft()
  }

  function arm(): void {
    cancelDeadline?.()
    const deadline = nextDeadline(orders)
    const wait = deadline === undefined ? undefined : micros(Math.max(0, elapsed(clock.now(), deadline)))
    cancelDeadline = wait === undefined ? undefined : ports.schedule(wait, () => step({ type: 'deadline-reached' }))
    if (cancelLook === undefined && (waiting.size > 0 || leavers(orders) > 0)) look()
  }

  /** Looks again and again, as long as somebody waits, what is left of what drains. */
  function look(): void {
    cancelLook = ports.schedule(LOOK_EVERY, () => {
      void hooks.remaining().then((remaining) => {
        cancelLook = undefined
        for (const one of waiting) tellOutcome(one, remaining)
        if (remaining !== undefined) letGo(remaining)
        if (cancelLook === undefined && (waiting.size > 0 || leavers(orders) > 0)) look()
      })
    })
  }

  function tellOutcome(
    one: { readonly order: ServerOrder; readonly resolve: (line: string) => void },
    remaining: Remaining | undefined,
  ): void {
    const { order, resolve } = one
    const stands = orders.find((other) => other.realServer === order.realServer && other.service === order.service)
    const outcome =
      stands === undefined
        ? 'is not drained any more'
        : stands.kind === 'disable'
          ? 'was not drained by its deadline and is disabled'
          : remaining !== undefined && connectionsLeft(order, remaining) === 0
            ? 'is drained'
            : undefined
    if (outcome === undefined) return
    waiting.delete(one)
    resolve(`${order.realServer} ${outcome}`)
  }

  /** Undefined while new connections may still come. */
  function connectionsLeft(order: ServerOrder, remaining: Remaining): number | undefined {
    const left = placesIn(hooks.model())
      .filter((place) => isAbout(order, place))
      .map((place) => remaining.of(place))
    return left.some(({ open }) => open) ? undefined : left.reduce((sum, { connections }) => sum + connections, 0)
  }

  function letGo(remaining: Remaining): void {
    const gone = orders.filter(
      (order) => isLeaving(order) && (order.kind === 'disable' || connectionsLeft(order, remaining) === 0),
    )
    step(...gone.map((order) => ({ type: 'released', about: order, weight: false }) as const))
  }

  const given = ({ by, reason, limit }: Pick<ServerOrderCommand, 'by' | 'reason' | 'limit'>) => ({
    by,
    since: new Date(clock.wall()).toISOString(),
    ...(reason === undefined ? {} : { reason }),
    ...(limit === undefined ? {} : { until: in_(limit) }),
  })

  const in_ = (length: number): Instant => after(clock.now(), millis(length))

  /** Those that are meant, each as the order is to name it; the failure is a sentence. */
  function named(command: ServerOrderCommand): Result<readonly Pick<NamedServer, 'realServer'>[], string> {
    const model = hooks.model()
    const service = command.service === undefined ? undefined : virtualServerNamed(model, command.service)
    if (service?.ok === false) return service
    const scope = service === undefined ? {} : { service: service.value.key }
    const places = placesIn(model)
    const about: { realServer: string; service?: string }[] = []
    for (const text of command.servers) {
      const realServer = realServerNamed(text)
      if (!realServer.ok) return realServer
      const one = { ...scope, realServer: realServer.value }
      if (!places.some((place) => isAbout(one, place)))
        return fail(`no virtual server has a real server ${realServer.value}${'service' in scope ? ' there' : ''}`)
      about.push(one)
    }
    return ok(about)
  }

  function give(all: readonly ServerOrder[]): void {
    for (const order of all) log.info(`${order.kind} ordered`, aboutOf(order))
    step(...all.map((order) => ({ type: 'ordered', order }) as const))
  }

  function drain(command: ServerOrderCommand, about: readonly Pick<NamedServer, 'realServer'>[]): Promise<Told> | Told {
    const { deadline, wait } = command
    const late = deadline === undefined ? {} : { deadline: in_(deadline) }
    const all = about.map((one): ServerOrder => ({ ...one, ...given(command), ...late, kind: 'drain' }))
    give(all)
    if (!wait) return about.map(({ realServer }) => `${realServer} takes no new connections`)
    const outcomes = all.map((order) => new Promise<string>((resolve) => waiting.add({ order, resolve })))
    arm()
    return Promise.all(outcomes)
  }

  function release(about: readonly Pick<NamedServer, 'realServer'>[], weight: boolean): Told {
    return about.map((one) => {
      const before = orders
      step({ type: 'released', about: one, weight })
      if (orders === before) return `${one.realServer} was not ${weight ? 'given a weight' : 'drained or disabled'}`
      return `${one.realServer} ${weight ? 'has its configured weight' : 'is back in service'}`
    })
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
          return ok(about.value.map(({ realServer }) => `${realServer} is out of service`))
        case 'undrain':
        case 'enable':
          return ok(release(about.value, false))
        case 'weight':
          if (weight === undefined) return ok(release(about.value, true))
          give(about.value.map((one) => ({ ...one, ...given(command), kind: 'weight', weight })))
          return ok(about.value.map(({ realServer }) => `${realServer} has weight ${weight}`))
      }
    },
    leave(servers, by) {
      give(
        servers.map(({ service, realServer }) => ({
          service,
          realServer,
          ...given({ by, reason: 'removed from the configuration' }),
          kind: 'drain',
          leaving: true,
        })),
      )
    },
    stay(servers) {
      step(...servers.map((about) => ({ type: 'released', about, weight: false }) as const))
    },
    standing: () => orders,
    adopt(model) {
      step({ type: 'configured', servers: placesIn(model) })
    },
  }
}

const isLeaving = (order: ServerOrder): boolean => order.kind !== 'weight' && order.leaving === true

const leavers = (orders: ServerOrders): number => orders.filter(isLeaving).length

const aboutOf = (order: ServerOrder) => ({
  realServer: order.realServer,
  ...(order.service === undefined ? {} : { virtualServer: order.service }),
  ...(order.kind === 'weight' ? { weight: order.weight } : {}),
  by: order.by,
  ...(order.reason === undefined ? {} : { cause: order.reason }),
})
