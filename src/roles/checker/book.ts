import type { Instant } from '../../base/index.ts'
import { type Checker, type RealServer, realServerKey, type VirtualServer } from '../../model/index.ts'
import type { CheckerHealth, Inherited } from '../../proto/health/index.ts'
import { beginsDown, faultIn, isAlive, question } from '../../proto/health/index.ts'
import type { Outcome } from '../../proto/probe/index.ts'
import { type BindingOrders, bindingOrders, type OrdersByServer, serverPlace } from '../../proto/server-orders/index.ts'
import { initialQuorum, type QuorumState, type Ramp, resumedQuorum } from '../../proto/virtual-server/index.ts'
import type { HealthRecord } from '../ipc/index.ts'
import { CheckerPool } from './checker-pool.ts'
import { NOWHERE } from './deadline-queue.ts'

/**
 * A checker at work, for every real server that is checked in this very way: virtual servers may share it. The object lives on
 * through reloads as long as its question stays the same.
 */
export type CheckerRun = {
  servers: RealServerRun[]
  checker: Checker
  health: CheckerHealth
  /** Of the last probe that ended; `at` is wall time in milliseconds. */
  last: { readonly outcome: Outcome; readonly at: number } | undefined
  /** Ends the probe under way, or takes it out of the queue for a slot. */
  cancelProbe: (() => void) | undefined
  /** In the queue of those that wait to ask. */
  place: number
}

export type RealServerRun = {
  readonly service: ServiceRun
  readonly key: string
  readonly model: RealServer
  /** As many as the model has, and none while they are looked for. */
  checkers: readonly CheckerRun[]
  alive: boolean
  /** Under alpha: no check has found it up since it was configured. */
  neverUp: boolean
  /** Wall time in milliseconds of the last change between living and not. */
  since: number
  reason: string | undefined
  /** What scripts were last told; undefined: nothing yet. */
  announced: boolean | undefined
  /** What an operator has ordered about it. */
  orders: BindingOrders
  /** Its slow start, as long as it lasts. */
  ramp: Ramp | undefined
  /** It was found down and serves all the same (panic_threshold). */
  kept: boolean
  /** Its part of its virtual server's weight, as of the last `recount`. */
  counted: number
  /** In the queue of those whose slow start goes on. */
  place: number
}

export type ServiceRun = {
  readonly model: VirtualServer
  readonly realServers: readonly RealServerRun[]
  quorum: QuorumState
  /** The sum that the quorum is about, kept up by `recount`: to weigh thousands anew for each that changes would take too long. */
  weight: number
  /** None of its addresses is on this host, and so nobody asks (ha_suspend). */
  suspended: boolean
}

/** Everything that is checked, by the key of the virtual server. */
export type Book = ReadonlyMap<string, ServiceRun>

export type BookContext = {
  readonly now: Instant
  /** Wall time, milliseconds. */
  readonly wall: number
  readonly random: () => number
  /** What an earlier checker role knew; empty at a reload. */
  readonly records: readonly HealthRecord[]
  readonly orders: OrdersByServer
  /** What a checker that is told knows from its beginning; undefined: nothing, or it asks. */
  readonly known: (checker: Checker) => { readonly up: boolean; readonly contribution?: number } | undefined
}

/**
 * The book for a new model. A real server that is in both, by address and port, keeps what is known of it: a checker with
 * the same question keeps verdict, counters and schedule, a changed one begins anew and presumes the server to be as it
 * was. A server that is new begins as at a start of the daemon, but for what checkers of other virtual servers know of it.
 * A virtual server of which the model is the same object goes on untouched.
 */
export function writeBook(before: Book, servers: readonly VirtualServer[], context: BookContext): Book {
  const records = new Map(context.records.map((record) => [`${record.serviceKey} ${record.realServerKey}`, record]))
  const resumed = new Set(context.records.map(({ serviceKey }) => serviceKey))
  const staying = new Set(servers.map((model) => before.get(model.key)).filter((old, i) => old?.model === servers[i]))
  leave(serversIn([...before.values()].filter((old) => !staying.has(old))))
  const pool = new CheckerPool(runsIn(before.values()), context)
  const book = new Map<string, ServiceRun>()
  for (const model of servers) {
    const old = before.get(model.key)
    if (old !== undefined && staying.has(old)) {
      book.set(model.key, old)
      continue
    }
    const oldServers = new Map(old?.realServers.map((server) => [server.key, server]))
    const realServers: RealServerRun[] = []
    const service: ServiceRun = {
      model,
      realServers,
      quorum: old?.quorum ?? (resumed.has(model.key) ? resumedQuorum : initialQuorum),
      weight: 0,
      suspended: false,
    }
    for (const real of model.realServers) {
      const key = realServerKey(real)
      const known = oldServers.get(key)
      realServers.push(
        known === undefined
          ? openServer(service, real, records.get(`${model.key} ${key}`), context, pool)
          : carryOver(service, real, known, context, pool),
      )
    }
    book.set(model.key, service)
  }
  return book
}

/** Their checkers are theirs no more. */
function leave(servers: Iterable<RealServerRun>): void {
  const leaving = new Set(servers)
  const runs = new Set<CheckerRun>()
  for (const { checkers } of leaving) for (const run of checkers) runs.add(run)
  for (const run of runs) run.servers = run.servers.filter((server) => !leaving.has(server))
}

const NO_ORDERS: BindingOrders = {}

/** The orders that bind a real server of this virtual server. */
export const ordersAbout = (orders: OrdersByServer, service: string, model: RealServer): BindingOrders =>
  orders.size === 0 ? NO_ORDERS : bindingOrders(orders, serverPlace(service, model))

function openServer(
  service: ServiceRun,
  model: RealServer,
  record: HealthRecord | undefined,
  { now, wall, orders }: BookContext,
  pool: CheckerPool,
): RealServerRun {
  const server: RealServerRun = {
    service,
    key: realServerKey(model),
    model,
    checkers: [],
    alive: true,
    neverUp: false,
    since: wall,
    reason: undefined,
    announced: undefined,
    orders: ordersAbout(orders, service.model.key, model),
    ramp: undefined,
    kept: false,
    counted: 0,
    place: NOWHERE,
  }
  const failed = new Set(record?.failedCheckers)
  const named = model.checkers.some((checker) => failed.has(question(checker)))
  const checkers = model.checkers.map((checker) => pool.take(server, checker, undefined, inherited(checker)))
  server.checkers = checkers
  // What the checkers of another virtual server have found is news here, and is told as such.
  const learned =
    record === undefined &&
    checkers.some(({ checker, health }) => checker.kind !== 'file' && health.verdict !== 'unknown')
  const lives = isAlive(checkers.map(({ health }) => health))
  server.alive = learned
    ? !model.checkers.some(beginsDown) || checkers.some(({ health }) => health.verdict === 'down')
    : lives
  server.neverUp =
    !lives &&
    (record === undefined || record.neverUp === true ? model.checkers.some(beginsDown) : model.checkers.some(hasFault))
  if (record !== undefined) {
    server.announced = record.up
    if (record.up === server.alive) server.since = Date.parse(record.since) || wall
    if (!server.alive) server.reason = record.reason ?? 'down before the checker was restarted'
    else server.ramp = resumedRamp(model, record, now)
  }
  return server

  function inherited(checker: Checker): Inherited | undefined {
    if (record === undefined) return undefined
    const contribution = record.contributions?.[question(checker)] ?? 0
    if (record.up) return { verdict: 'up', contribution }
    if (failed.has(question(checker))) return { verdict: 'down', contribution }
    // If no checker of now asks what found it down, each of them has to find it up first.
    return { presumedUp: named, contribution }
  }
}

/** A slow start goes on where it was; whether it is over is found out later. */
function resumedRamp({ slowStart }: RealServer, { up, risingSince }: HealthRecord, now: Instant): Ramp | undefined {
  if (!up || slowStart === undefined || risingSince === undefined || risingSince > now) return undefined
  return { since: risingSince, length: slowStart }
}

const hasFault = (checker: Checker): boolean => faultIn(checker) !== undefined

function carryOver(
  service: ServiceRun,
  model: RealServer,
  known: RealServerRun,
  { orders }: BookContext,
  pool: CheckerPool,
): RealServerRun {
  const old = new Map<string, CheckerRun[]>()
  for (const run of known.checkers) {
    const same = old.get(question(run.checker))
    if (same === undefined) old.set(question(run.checker), [run])
    else same.push(run)
  }
  const { key, alive, neverUp, since, reason, announced, ramp, kept } = known
  const server: RealServerRun = {
    service,
    key,
    model,
    checkers: [],
    alive,
    neverUp,
    since,
    reason,
    announced,
    orders: ordersAbout(orders, service.model.key, model),
    ramp: ramp === undefined || model.slowStart === undefined ? undefined : { ...ramp, length: model.slowStart },
    kept,
    counted: 0,
    place: NOWHERE,
  }
  const own = model.checkers.map((checker) => old.get(question(checker))?.shift())
  // If a checker that stays holds the server down, a changed one need not: it presumes the best unless it is the reason.
  const heldDown = own.some((run) => run?.health.verdict === 'down')
  server.checkers = model.checkers.map((checker, i) =>
    pool.take(server, checker, own[i], { presumedUp: alive || heldDown }),
  )
  return server
}

/** Every checker of these virtual servers, once. */
export function runsIn(services: Iterable<ServiceRun>): ReadonlySet<CheckerRun> {
  const runs = new Set<CheckerRun>()
  for (const { realServers } of services)
    for (const { checkers } of realServers) for (const run of checkers) runs.add(run)
  return runs
}

/** Every real server of these virtual servers. */
export function* serversIn(services: Iterable<ServiceRun>): Iterable<RealServerRun> {
  for (const { realServers } of services) yield* realServers
}
