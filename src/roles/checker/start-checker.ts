import {
  after,
  assertNever,
  type Instant,
  type IpAddress,
  instant,
  type Log,
  type LogFields,
  type Micros,
  millis,
} from '../../base/index.ts'
import { serviceKey, servicesOf, type TlsClient, type VirtualServer } from '../../model/index.ts'
import {
  countsAsUp,
  faultIn,
  type HealthAction,
  type HealthEvent,
  isAlive,
  stepHealth,
} from '../../proto/health/index.ts'
import { meaningOf, type Outcome, outcome } from '../../proto/probe/index.ts'
import { type BindingOrders, type OrdersByServer, ordersByServer, takenOut } from '../../proto/server-orders/index.ts'
import {
  nextStepAt,
  type QuorumEvent,
  sorryServerInUse,
  stepQuorum,
  wantedServices,
} from '../../proto/virtual-server/index.ts'
import { Cancellation } from '../../sys/net/index.ts'
import type { Channel, CheckerSlice, FromChecker, ToChecker } from '../ipc/index.ts'
import {
  type Book,
  type CheckerRun,
  ordersAbout,
  type RealServerRun,
  runsIn,
  type ServiceRun,
  serversIn,
  writeBook,
} from './book.ts'
import { conditionsOf, effectiveWeight, keepInPanic, recount } from './conditions.ts'
import { DeadlineQueue } from './deadline-queue.ts'
import { hearsay } from './hearsay.ts'
import { createNames } from './names.ts'
import { Outbox } from './outbox.ts'
import type { CheckerPorts } from './ports.ts'
import { ProbeSlots } from './probe-slots.ts'
import { nameOf, reasonOf, recordOf, snapshotOf, verdictOf } from './report.ts'
import { createScripts } from './scripts.ts'

/**
 * Probes do not begin closer to each other than this: of thousands of checkers, those that fall due in between begin together.
 * Every wake-up costs as much as a probe.
 */
const PROBE_SPACING: Micros = millis(10)
/** So many begin at a time at most: after a stall thousands are due, and what they come to and the supervisor are heard in between. */
const MOST_AT_ONCE = 128

/**
 * The checker role: probes real servers as its slice says and tells the supervisor which services are wanted, which
 * servers live and which quorums hold. Ends, with every socket closed, on `stop` or when the channel closes; it does not
 * exit the process, but leaves nothing behind that would keep it.
 */
export function startChecker(channel: Channel<ToChecker, FromChecker>, ports: CheckerPorts, log: Log): void {
  const { clock } = ports
  const deadlines = new DeadlineQueue<CheckerRun>()
  /** When slow starts go on, and when the outbox may send again. */
  const others = new DeadlineQueue<RealServerRun | Outbox>()
  const slots = new ProbeSlots(ports.probesAtATime)
  const scripts = createScripts((message) => channel.send(message))
  const outbox = new Outbox((message) => channel.send(message))
  const timer = ports.openTimer(() => {
    const now = clock.now()
    let begun = 0
    for (; begun < MOST_AT_ONCE; begun++) {
      const due = deadlines.takeDue(now)
      if (due === undefined) break
      advance(due, { type: 'deadline-reached' }, now)
    }
    if (begun > 0) probesNotBefore = begun === MOST_AT_ONCE ? now : after(now, PROBE_SPACING)
    for (let due = others.takeDue(now); due !== undefined; due = others.takeDue(now))
      if (due instanceof Outbox === false) goOnRising(due, now)
    names.advance(now)
    settle(now)
  })
  const names = createNames(
    ports,
    log,
    (key, news) => channel.send({ type: 'name-looked-up', key, news }),
    () => settle(clock.now()),
  )
  let book: Book = new Map()
  let tlsClient: TlsClient | undefined
  let orders: OrdersByServer = new Map()
  let addresses: { close(): void } | undefined
  /** The addresses of this host; undefined: not looked for, or not known. */
  let held: ReadonlySet<IpAddress> | undefined
  const known = hearsay()
  /** Those of which it is to be decided who is kept in panic. */
  const undecided = new Set<ServiceRun>()
  let offered: { readonly revision: number; readonly slice: CheckerSlice } | undefined
  let begun = false
  let ended = false
  let probesNotBefore = instant(0)

  channel.onMessage((message) => {
    if (!ended) receive(message)
  })
  channel.onClosed(end)
  channel.send({ type: 'started' })

  function receive(message: ToChecker): void {
    switch (message.type) {
      case 'offer':
        offered = { revision: message.revision, slice: message.slice }
        return channel.send({ type: 'ready', revision: message.revision })
      case 'commit': {
        if (offered?.revision !== message.revision) return
        const { slice } = offered
        offered = undefined
        return commit(message.revision, slice)
      }
      case 'withdraw':
        if (offered?.revision === message.revision) offered = undefined
        return
      case 'bfd-sessions':
        known.sessions(message.sessions)
        return listen()
      case 'tracked-files':
        known.files(message.files)
        return listen()
      case 'script-ended':
        return scripts.ended(message)
      case 'server-orders':
        orders = ordersByServer(message.orders)
        for (const service of book.values()) obey(service)
        return settle(clock.now())
      case 'ping':
        return channel.send({ type: 'pong' })
      case 'snapshot-requested':
        decide()
        tell(message.id)
        return settle(clock.now())
      case 'stop':
        return end()
      default:
        return assertNever(message)
    }
  }

  /** A snapshot, piece by piece, so that probes go on meanwhile. */
  function tell(id: number): void {
    const pieces = snapshotOf(book, clock)
    const send = (): void => {
      if (ended) return
      const piece = pieces.next()
      if (piece.done === true) return
      const { text, more } = piece.value
      channel.send({ type: 'snapshot', id, snapshot: text, ...(more ? { more } : {}) })
      if (more) setImmediate(send)
    }
    send()
  }

  function commit(revision: number, slice: CheckerSlice): void {
    const now = clock.now()
    const before = book
    tlsClient = slice.tlsClient
    names.adopt(slice)
    if (slice.orders !== undefined) orders = ordersByServer(slice.orders)
    known.files(slice.files ?? [])
    book = writeBook(before, modelsIn(slice, before), {
      now,
      wall: clock.wall(),
      random: ports.random,
      records: begun ? [] : slice.health,
      orders,
      // A session is told of when it is known, and that is news; a file has been read before its first checker begins.
      known: (checker) => (checker.kind === 'file' ? known.of(checker)?.event : undefined),
    })
    const resumed = new Set(begun ? [] : slice.health.map(({ serviceKey }) => serviceKey))
    begun = true
    const left = [...before.values()].filter((service) => book.get(service.model.key) !== service)
    const changed = new Set([...book.values()].filter((service) => before.get(service.model.key) !== service))
    for (const server of serversIn(left)) others.delete(server)
    for (const run of runsIn(left)) {
      if (run.servers.length > 0) continue
      deadlines.delete(run)
      run.cancelProbe?.()
    }
    watch()
    for (const run of runsIn(changed)) schedule(run)
    // Scripts hear of what goes before what comes: of a virtual server that has a new key the last word is that it is up.
    for (const service of left) announceLeft(service, book.get(service.model.key))
    for (const service of changed) {
      for (const server of service.realServers) recount(server)
      for (const server of service.realServers) {
        noteHealth(server)
        rise(server, now)
      }
      keepInPanic(service)
      // What an earlier role knew of the quorum went with it; the supervisor remembers what it announced.
      weigh(
        service,
        resumed.has(service.model.key) ? 'known' : 'new',
        before.has(service.model.key) ? 'weighed' : 'began',
      )
    }
    for (const run of runsIn(book.values())) hear(run)
    decide()
    outbox.sendComplete(
      [...book.values()].map((service) => ({
        key: service.model.key,
        changed: changed.has(service),
        serviceKeys: () => servicesOf(service.model).map(serviceKey),
        wanted: () => wanted(service, now),
      })),
    )
    settle(now)
    channel.send({ type: 'applied', revision })
  }

  function advance(run: CheckerRun, event: HealthEvent, now: Instant): void {
    const wasUp = countsAsUp(run.health)
    const { state, actions } = stepHealth(run.checker, run.health, event, now)
    run.health = state
    for (const action of actions) perform(run, action, wasUp)
    schedule(run)
  }

  function perform(run: CheckerRun, action: HealthAction, wasUp: boolean): void {
    switch (action.type) {
      case 'start-probe':
        return startProbe(run, action.request)
      case 'cancel-probe':
        run.cancelProbe?.()
        run.cancelProbe = undefined
        return
      case 'announce-verdict':
        for (const server of run.servers) noteHealth(server, { run, wasUp })
        return
      case 'announce-contribution':
        for (const server of run.servers) noteContribution(server)
        return
      case 'log-forgiven-failure': {
        const level = run.checker.timing.logAllFailures ? 'info' : 'debug'
        return log[level]('probe failed and is repeated', {
          ...fieldsOfRun(run),
          checker: nameOf(run.checker, run.health.request),
          outcome: run.last?.outcome.reason,
          detail: run.last?.outcome.detail,
          failure: action.failure,
          allowed: action.allowed,
        })
      }
      default:
        return assertNever(action)
    }
  }

  function listen(): void {
    for (const run of runsIn(book.values())) hear(run)
    settle(clock.now())
  }

  /** Lets a checker that asks nothing know what it waits for, as far as that is known. */
  function hear(run: CheckerRun): void {
    const news = known.of(run.checker)
    if (news === undefined) return
    if (run.last?.outcome.detail !== news.outcome.detail) run.last = { outcome: news.outcome, at: clock.wall() }
    advance(run, news.event, clock.now())
  }

  function startProbe(run: CheckerRun, request: number): void {
    const cancellation = new Cancellation()
    const slot = slots.run(() =>
      ask(run, request, cancellation).then((ended) => {
        if (!cancellation.aborted) probeEnded(run, request, ended)
      }),
    )
    run.cancelProbe = () => {
      slot.cancel()
      cancellation.abort()
    }
  }

  function ask({ checker }: CheckerRun, request: number, cancellation: Cancellation): Promise<Outcome> {
    const fault = faultIn(checker)
    if (fault !== undefined) return Promise.resolve(outcome('bad-configuration', fault))
    if (checker.kind === 'misc') return scripts.run(checker, cancellation)
    return ports.probe(checker, request, cancellation, tlsClient)
  }

  function probeEnded(run: CheckerRun, request: number, ended: Outcome): void {
    const now = clock.now()
    const meaning = meaningOf(ended.reason)
    if (meaning === 'inconclusive' && run.last?.outcome.detail !== ended.detail)
      log.warn('probe could not be made', {
        ...fieldsOfRun(run),
        checker: nameOf(run.checker, request),
        outcome: ended.reason,
        detail: ended.detail,
      })
    run.cancelProbe = undefined
    run.last = { outcome: ended, at: clock.wall() }
    const { contribution } = ended
    advance(
      run,
      contribution === undefined ? { type: 'probe-ended', meaning } : { type: 'probe-ended', meaning, contribution },
      now,
    )
    settle(now)
  }

  /**
   * Compares what is known of a server with what was last said of it.
   * @param by  its checker that has a new verdict, and what it counted as before
   */
  function noteHealth(server: RealServerRun, by?: { readonly run: CheckerRun; readonly wasUp: boolean }): void {
    const alive = isAlive(server.checkers.map(({ health }) => health))
    const changed = alive !== server.alive
    if (!changed && by === undefined) return
    server.reason = alive ? undefined : reasonOf(server)
    if (changed) {
      server.alive = alive
      if (alive) server.neverUp = false
      server.since = clock.wall()
      // A start of everything is no reason to spare one server, nor is the end of a panic in which it has served all the time.
      if (alive && server.announced === false && !server.kept) beginRising(server)
      recount(server)
    }
    // Under alpha a server is down from the start; scripts hear of it with the first result that is bad (keepalived does the same).
    const announce = changed || (!alive && server.announced !== false && by?.run.health.verdict === 'down')
    if (announce) {
      server.announced = alive
      if (alive) log.info('real server went up', fieldsOf(server))
      else log.info('real server went down', { ...fieldsOf(server), reason: server.reason })
    }
    const verdict = by === undefined || countsAsUp(by.run.health) === by.wasUp ? undefined : verdictOf(by.run)
    outbox.putAnnouncement({
      type: 'real-server-health',
      record: recordOf(server),
      announce,
      ...(verdict === undefined ? {} : { verdict }),
    })
    if (changed) reconsider(server.service)
  }

  /** A checker adds something else to the server's weight. */
  function noteContribution(server: RealServerRun): void {
    log.info('weight of a real server changed', { ...fieldsOf(server), weight: effectiveWeight(server) })
    outbox.putAnnouncement({ type: 'real-server-health', record: recordOf(server), announce: false })
    recount(server)
    reconsider(server.service)
  }

  /** Has the orders bind the servers they are about; one that serves again starts slowly. */
  function obey(service: ServiceRun): void {
    let changed = false
    for (const server of service.realServers) {
      const before = server.orders
      const now = ordersAbout(orders, service.model.key, server.model)
      server.orders = now
      if (sameOrders(before, now)) continue
      changed = true
      recount(server)
      if (takenOut(before) !== undefined && takenOut(now) === undefined && server.alive) {
        beginRising(server)
        if (server.ramp !== undefined)
          outbox.putAnnouncement({ type: 'real-server-health', record: recordOf(server), announce: false })
      }
    }
    if (changed) reconsider(service)
  }

  /** slow_start: from now on its weight grows. */
  function beginRising(server: RealServerRun): void {
    const { slowStart } = server.model
    if (slowStart === undefined) return
    const now = clock.now()
    server.ramp = { since: now, length: slowStart }
    rise(server, now)
  }

  function goOnRising(server: RealServerRun, now: Instant): void {
    rise(server, now)
    putService(server.service)
  }

  /** Its next step, or the end of its slow start. */
  function rise(server: RealServerRun, now: Instant): void {
    const next = server.ramp === undefined ? undefined : nextStepAt(server.ramp, now)
    if (next !== undefined) return others.set(server, next)
    others.delete(server)
    server.ramp = undefined
  }

  /** What a new configuration leaves out has gone down, as far as scripts go (keepalived does the same): servers, then the whole. */
  function announceLeft(before: ServiceRun, now: ServiceRun | undefined): void {
    const serviceKey = before.model.key
    const kept = new Set(now?.realServers.map(({ key }) => key))
    for (const { key, alive } of before.realServers)
      if (alive && !kept.has(key))
        outbox.putAnnouncement({ type: 'real-server-removed', serviceKey, realServerKey: key })
    if (now === undefined && before.quorum.name === 'up')
      outbox.putAnnouncement({ type: 'quorum', serviceKey, up: false, sorryServerInUse: false, announce: true })
  }

  /** Real servers of it stand otherwise than before: the table and the quorum follow. */
  function reconsider(service: ServiceRun): void {
    putService(service)
    if (service.model.panicThreshold === undefined) weigh(service, 'new')
    else undecided.add(service)
  }

  /** Whom a panic keeps is a matter of all servers, and so it is decided once for all that has changed since the last batch. */
  function decide(): void {
    for (const service of undecided) {
      if (book.get(service.model.key) !== service) continue
      keepInPanic(service)
      weigh(service, 'new')
    }
    undecided.clear()
  }

  function weigh(service: ServiceRun, change: 'new' | 'known', type: QuorumEvent['type'] = 'weighed'): void {
    const { weight } = service
    const { state, actions } = stepQuorum(service.model, service.quorum, { type, weight })
    service.quorum = state
    for (const { up } of actions) {
      const { model } = service
      const inUse = sorryServerInUse(model, state)
      log.info(up ? 'quorum gained' : 'quorum lost', {
        virtualServer: model.key,
        weight,
        quorum: model.quorum,
        hysteresis: model.hysteresis,
        sorryServerInUse: inUse,
      })
      putService(service)
      outbox.putAnnouncement({
        type: 'quorum',
        serviceKey: model.key,
        up,
        sorryServerInUse: inUse,
        announce: change === 'new',
      })
    }
  }

  function putService(service: ServiceRun): void {
    outbox.putService(service.model.key, () => wanted(service, clock.now()))
  }

  function schedule(run: CheckerRun): void {
    const { phase } = run.health
    if (phase.name === 'waiting') deadlines.set(run, phase.probeAt)
    else if (phase.name === 'suspended') deadlines.delete(run)
  }

  /** Begins or ends to look for addresses, as virtual servers with ha_suspend are there or not. */
  function watch(): void {
    const wanted = [...book.values()].some(({ model }) => model.haSuspend === true)
    if (wanted) addresses ??= ports.watchAddresses(addressesChanged, log)
    else {
      addresses?.close()
      addresses = undefined
      held = undefined
    }
    suspend()
  }

  function addressesChanged(now: ReadonlySet<IpAddress>): void {
    held = now
    suspend()
    settle(clock.now())
  }

  /** Checks exactly for those virtual servers whose address is here, and for those that do not mind. */
  function suspend(): void {
    const now = clock.now()
    for (const service of book.values()) {
      const suspended = isSuspended(service.model, held)
      if (suspended !== service.suspended)
        log.info(suspended ? 'checks suspended' : 'checks resumed', { virtualServer: service.model.key })
      service.suspended = suspended
    }
    for (const run of runsIn(book.values())) {
      const resting = run.health.phase.name === 'suspended'
      const unwanted = run.servers.every(({ service }) => service.suspended)
      if (unwanted && !resting) advance(run, { type: 'suspended' }, now)
      else if (resting && !unwanted) advance(run, { type: 'resumed', random: ports.random() }, now)
    }
  }

  function settle(now: Instant): void {
    if (ended) return
    const later = outbox.flush(now, decide)
    if (later !== undefined) others.set(outbox, later)
    const { earliest } = deadlines
    const probes = earliest === undefined ? undefined : instant(Math.max(earliest, probesNotBefore))
    timer.arm(earlier(names.earliest, earlier(probes, others.earliest)))
  }

  function end(): void {
    if (ended) return
    ended = true
    for (const run of runsIn(book.values())) run.cancelProbe?.()
    names.adopt({})
    addresses?.close()
    timer.close()
    channel.close()
  }
}

/** What is offered, with what it has left out because it has not changed. */
const modelsIn = ({ virtualServers }: CheckerSlice, before: Book): readonly VirtualServer[] =>
  virtualServers.map((server) => {
    if ('key' in server) return server
    const known = before.get(server.unchanged)
    if (known === undefined) throw new Error(`nothing is known of ${server.unchanged}`)
    return known.model
  })

const wanted = (service: ServiceRun, now: Instant) =>
  wantedServices(service.model, conditionsOf(service, now), service.quorum)

/** ha_suspend: no address of it is here; a firewall mark has none to look for. */
const isSuspended = (model: VirtualServer, held: ReadonlySet<IpAddress> | undefined): boolean =>
  model.haSuspend === true &&
  held !== undefined &&
  servicesOf(model).every((one) => one.kind === 'address' && !held.has(one.address))

const earlier = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a

const sameOrders = (a: BindingOrders, b: BindingOrders): boolean =>
  takenOut(a) === takenOut(b) && a.weight?.weight === b.weight?.weight

const fieldsOf = (server: RealServerRun) => ({ virtualServer: server.service.model.key, realServer: server.key })

/** Of a checker that several share: the first, and how many more there are. */
function fieldsOfRun({ servers }: CheckerRun): LogFields {
  const [first] = servers
  if (first === undefined) return {}
  return { ...fieldsOf(first), ...(servers.length === 1 ? {} : { others: servers.length - 1 }) }
}
