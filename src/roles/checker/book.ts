import type { Instant } from '../../base/index.ts'
import { type Checker, type RealServer, realServerKey, type VirtualServer } from '../../model/index.ts'
import {
  beginHealth,
  type CheckerHealth,
  type Inherited,
  isAlive,
  question,
  reconfigureHealth,
} from '../../proto/health/index.ts'
import type { Outcome } from '../../proto/probe/index.ts'
import { initialQuorum, type QuorumState, resumedQuorum } from '../../proto/virtual-server/index.ts'
import type { HealthRecord } from '../ipc/index.ts'

/** A checker at work. The object lives on through reloads as long as its question stays the same. */
export type CheckerRun = {
  server: RealServerRun
  checker: Checker
  health: CheckerHealth
  /** Of the last probe that ended; `at` is wall time in milliseconds. */
  last?: { readonly outcome: Outcome; readonly at: number }
  /** Ends the probe under way, or takes it out of the queue for a slot. */
  cancelProbe?: () => void
}

export type RealServerRun = {
  readonly service: ServiceRun
  readonly key: string
  readonly model: RealServer
  readonly checkers: readonly CheckerRun[]
  alive: boolean
  /** Wall time in milliseconds of the last change between living and not. */
  since: number
  reason?: string
  /** What scripts were last told; undefined: nothing yet. */
  announced?: boolean
}

export type ServiceRun = {
  readonly model: VirtualServer
  readonly realServers: readonly RealServerRun[]
  quorum: QuorumState
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
}

/**
 * The book for a new model. A real server that is in both, by address and port, keeps what is known of it: a checker with
 * the same question keeps verdict, counters and schedule, a changed one begins anew and presumes the server to be as it
 * was. A server that is new begins as at a start of the daemon.
 */
export function writeBook(before: Book, servers: readonly VirtualServer[], context: BookContext): Book {
  const records = new Map(context.records.map((record) => [`${record.serviceKey} ${record.realServerKey}`, record]))
  const resumed = new Set(context.records.map(({ serviceKey }) => serviceKey))
  const book = new Map<string, ServiceRun>()
  for (const model of servers) {
    const old = before.get(model.key)
    const oldServers = new Map(old?.realServers.map((server) => [server.key, server]))
    const realServers: RealServerRun[] = []
    const service: ServiceRun = {
      model,
      realServers,
      quorum: old?.quorum ?? (resumed.has(model.key) ? resumedQuorum : initialQuorum),
    }
    for (const real of model.realServers) {
      const key = realServerKey(real)
      const known = oldServers.get(key)
      realServers.push(
        known === undefined
          ? openServer(service, real, records.get(`${model.key} ${key}`), context)
          : carryOver(service, real, known, context),
      )
    }
    book.set(model.key, service)
  }
  return book
}

function openServer(
  service: ServiceRun,
  model: RealServer,
  record: HealthRecord | undefined,
  { now, wall, random }: BookContext,
): RealServerRun {
  const checkers: CheckerRun[] = []
  const server: RealServerRun = {
    service,
    key: realServerKey(model),
    model,
    checkers,
    alive: true,
    since: wall,
  }
  const failed = new Set(record?.failedCheckers)
  const named = model.checkers.some((checker) => failed.has(question(checker)))
  for (const checker of model.checkers)
    checkers.push({ server, checker, health: beginHealth(checker, now, random(), inherited(checker)) })
  server.alive = isAlive(checkers.map(({ health }) => health))
  if (record !== undefined) {
    server.announced = record.up
    if (record.up === server.alive) server.since = Date.parse(record.since) || wall
    if (!server.alive) server.reason = record.reason ?? 'down before the checker was restarted'
  }
  return server

  function inherited(checker: Checker): Inherited | undefined {
    if (record === undefined) return undefined
    if (record.up) return { verdict: 'up' }
    if (failed.has(question(checker))) return { verdict: 'down' }
    // If no checker of now asks what found it down, each of them has to find it up first.
    return { presumedUp: named }
  }
}

function carryOver(
  service: ServiceRun,
  model: RealServer,
  known: RealServerRun,
  { now, random }: BookContext,
): RealServerRun {
  const old = new Map<string, CheckerRun[]>()
  for (const run of known.checkers) {
    const same = old.get(question(run.checker))
    if (same === undefined) old.set(question(run.checker), [run])
    else same.push(run)
  }
  const checkers: CheckerRun[] = []
  const server: RealServerRun = {
    service,
    key: known.key,
    model,
    checkers,
    alive: known.alive,
    since: known.since,
    ...(known.reason === undefined ? {} : { reason: known.reason }),
    ...(known.announced === undefined ? {} : { announced: known.announced }),
  }
  const kept = model.checkers.map((checker) => old.get(question(checker))?.shift())
  // If a checker that stays holds the server down, a changed one need not: it presumes the best unless it is the reason.
  const heldDown = kept.some((run) => run?.health.verdict === 'down')
  for (const [i, checker] of model.checkers.entries()) {
    const run = kept[i]
    if (run === undefined) {
      const inherited = { presumedUp: known.alive || heldDown }
      checkers.push({ server, checker, health: beginHealth(checker, now, random(), inherited) })
    } else {
      run.server = server
      run.health = reconfigureHealth(checker, run.health, now)
      run.checker = checker
      checkers.push(run)
    }
  }
  return server
}

/** Every checker in the book. */
export function* checkersOf(book: Book): Iterable<CheckerRun> {
  for (const { realServers } of book.values()) for (const { checkers } of realServers) yield* checkers
}
