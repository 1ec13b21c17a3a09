import { millis } from '../../base/index.ts'
import {
  aspectOf,
  isAbout,
  namesOf,
  ordersByServer,
  type ServerOrder,
  type ServerOrders,
  type ServerPlace,
} from '../../proto/server-orders/index.ts'
import type { SupervisorPorts } from './ports.ts'
import type { ServerOutcome } from './server-told.ts'

/** What is left of real servers in the forwarding table. */
export type Remaining = {
  /** Connections that go on, and whether new ones may still come. */
  of(server: ServerPlace): { readonly connections: number; readonly open: boolean }
}

/** Looks now and then what is left of what drains, as long as somebody waits for it or something is to leave. */
export type DrainWatch = {
  /** How the drain ends. */
  wait(order: ServerOrder): Promise<ServerOutcome>
  /** Those of these drains of which nothing is left; none where the table cannot be asked. */
  drained(orders: ServerOrders): Promise<ReadonlySet<ServerOrder>>
  /** Looks again, where there is something to look for. */
  begin(): void
}

/** How often it is looked whether a server is drained. */
const LOOK_EVERY = millis(500)

export function createDrainWatch(
  { schedule }: Pick<SupervisorPorts, 'schedule'>,
  hooks: {
    readonly orders: () => ServerOrders
    readonly places: () => readonly ServerPlace[]
    /** Of the servers at these addresses, for the table may have thousands of others. Undefined: it cannot be asked. */
    readonly remaining: (addresses: ReadonlySet<string>) => Promise<Remaining | undefined>
    /** Of the servers that these are about nothing is left. */
    readonly onGone: (leaving: ServerOrders) => void
  },
): DrainWatch {
  const waiting = new Set<{ readonly order: ServerOrder; readonly resolve: (outcome: ServerOutcome) => void }>()
  let looking = false

  function begin(): void {
    if (looking || (waiting.size === 0 && !hooks.orders().some(isLeaving))) return
    looking = true
    schedule(LOOK_EVERY, () => {
      const asked = addressesOf(inQuestion())
      void hooks.remaining(asked).then((remaining) => {
        looking = false
        look(remaining, asked)
        begin()
      })
    })
  }

  const inQuestion = (): ServerOrders => [
    ...[...waiting].map(({ order }) => order),
    ...hooks.orders().filter(isLeaving),
  ]

  function addressesOf(orders: ServerOrders): ReadonlySet<string> {
    const named = ordersByServer(orders)
    const isMeant = (place: ServerPlace) =>
      namesOf(place).some((name) => named.get(name)?.some((order) => isAbout(order, place)))
    return new Set(
      hooks
        .places()
        .filter(isMeant)
        .map(({ address }) => address),
    )
  }

  function look(remaining: Remaining | undefined, asked: ReadonlySet<string>): void {
    const places = hooks.places()
    for (const one of waiting) {
      const outcome = outcomeOf(one.order, places, remaining, asked)
      if (outcome === undefined) continue
      waiting.delete(one)
      one.resolve(outcome)
    }
    const leaving = hooks.orders().filter(isLeaving)
    if (remaining === undefined || leaving.length === 0) return
    const at = new Map(places.map((place) => [`${place.service} ${place.realServer}`, place]))
    const gone = leaving.filter(({ service, realServer }) => {
      const place = at.get(`${service} ${realServer}`)
      return place === undefined || isEmpty([place], remaining, asked)
    })
    if (gone.length > 0) hooks.onGone(gone)
  }

  /** Undefined: it goes on. */
  function outcomeOf(
    order: ServerOrder,
    places: readonly ServerPlace[],
    remaining: Remaining | undefined,
    asked: ReadonlySet<string>,
  ): ServerOutcome | undefined {
    const stands = hooks
      .orders()
      .find(
        (other) =>
          other.realServer === order.realServer && other.service === order.service && aspectOf(other) === 'service',
      )
    if (stands === undefined) return 'order-ended'
    if (stands.kind === 'disable') return 'not-drained'
    if (remaining === undefined) return undefined
    const meant = places.filter((place) => isAbout(order, place))
    return isEmpty(meant, remaining, asked) ? 'drained' : undefined
  }

  return {
    wait(order) {
      const outcome = new Promise<ServerOutcome>((resolve) => waiting.add({ order, resolve }))
      begin()
      return outcome
    },
    async drained(orders) {
      const asked = addressesOf(orders)
      const remaining = await hooks.remaining(asked)
      if (remaining === undefined) return new Set()
      const places = hooks.places()
      return new Set(
        orders.filter((order) =>
          isEmpty(
            places.filter((place) => isAbout(order, place)),
            remaining,
            asked,
          ),
        ),
      )
    },
    begin,
  }
}

const isLeaving = (order: ServerOrder): boolean => order.kind === 'leave'

/** No connection goes on, and none can come. Of one whose address was not asked for, nothing is known yet. */
const isEmpty = (places: readonly ServerPlace[], remaining: Remaining, asked: ReadonlySet<string>): boolean =>
  places.every((place) => {
    if (!asked.has(place.address)) return false
    const { connections, open } = remaining.of(place)
    return connections === 0 && !open
  })
