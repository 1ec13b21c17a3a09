import type { Instant } from '../../base/index.ts'
import type { Checker } from '../../model/index.ts'
import {
  beginHealth,
  type CheckerHealth,
  type Inherited,
  question,
  reconfigureHealth,
} from '../../proto/health/index.ts'
import type { BookContext, CheckerRun, RealServerRun } from './book.ts'
import { NOWHERE } from './deadline-queue.ts'

/**
 * The checkers of a book that is being written: one for all real servers that are checked in the same way, question and
 * timing. Those of the book before go on in it, each as one of the new ones.
 */
export class CheckerPool {
  readonly #now: Instant
  readonly #random: () => number
  readonly #known: BookContext['known']
  /** Of the book before, by whom they ask. */
  readonly #before = new Map<string, CheckerRun[]>()
  readonly #goneOn = new Set<CheckerRun>()
  /** Those that the new book has so far beyond them, by all that makes a checker. */
  readonly #runs = new Map<string, CheckerRun>()

  /** @param before  those that still have servers are in the new book as they are */
  constructor(before: Iterable<CheckerRun>, { now, random, known }: Pick<BookContext, 'now' | 'random' | 'known'>) {
    this.#now = now
    this.#known = known
    this.#random = random
    for (const run of before) {
      const same = this.#before.get(whomItAsks(run.checker))
      if (same === undefined) this.#before.set(whomItAsks(run.checker), [run])
      else same.push(run)
      if (run.servers.length > 0) this.#goneOn.add(run)
    }
  }

  /**
   * The checker for one real server.
   * @param own        what the server had for the same question
   * @param inherited  what a new one presumes
   */
  take(
    server: RealServerRun,
    checker: Checker,
    own: CheckerRun | undefined,
    inherited: Inherited | undefined,
  ): CheckerRun {
    const identity = JSON.stringify(checker)
    const asking = this.#before.get(whomItAsks(checker)) ?? []
    const shared =
      this.#runs.get(identity) ??
      asking.find((run) => this.#goneOn.has(run) && JSON.stringify(run.checker) === identity)
    if (shared !== undefined) {
      addTo(shared, server)
      // Of several records one may know more than the first.
      if (shared.health.verdict === 'unknown' && inherited !== undefined && 'verdict' in inherited)
        shared.health = { ...shared.health, verdict: inherited.verdict, contribution: inherited.contribution ?? 0 }
      return shared
    }
    const asked = question(checker)
    const before = own ?? asking.find((run) => question(run.checker) === asked)
    const run = this.#goOn(checker, before, inherited)
    addTo(run, server)
    this.#runs.set(identity, run)
    return run
  }

  #goOn(checker: Checker, before: CheckerRun | undefined, inherited: Inherited | undefined): CheckerRun {
    if (before === undefined) {
      const told = this.#known(checker)
      const begins: Inherited | undefined =
        told === undefined ? inherited : { verdict: told.up ? 'up' : 'down', contribution: told.contribution ?? 0 }
      const health = beginHealth(checker, this.#now, this.#random(), begins)
      return runOf(checker, health, undefined)
    }
    const health = reconfigureHealth(checker, before.health, this.#now)
    // Two that were one: the second knows as much, and asks for itself.
    if (this.#goneOn.has(before)) {
      return runOf(checker, this.#asking(health), before.last)
    }
    this.#goneOn.add(before)
    before.health = health
    before.checker = checker
    return before
  }

  #asking(health: CheckerHealth): CheckerHealth {
    return health.phase.name === 'probing' ? { ...health, phase: { name: 'waiting', probeAt: this.#now } } : health
  }
}

const runOf = (checker: Checker, health: CheckerHealth, last: CheckerRun['last']): CheckerRun => ({
  servers: [],
  checker,
  health,
  last,
  cancelProbe: undefined,
  place: NOWHERE,
})

/** An array that grows takes room for seventeen, and nearly all have one. A server that asks twice the same is in it once. */
function addTo(run: CheckerRun, server: RealServerRun): void {
  if (run.servers.length === 0) run.servers = [server]
  else if (run.servers.at(-1) !== server) run.servers.push(server)
}

/** Short, and the same for all checkers of one question. */
const whomItAsks = (checker: Checker): string =>
  'target' in checker ? `${checker.kind} ${checker.target.address} ${checker.target.port}` : question(checker)
