import { assertNever, fail, type Result } from '../../base/index.ts'
import type { ForwardingAsk } from '../../forwarding/index.ts'
import {
  type Command,
  type Configuration,
  type Observed,
  type VirtualRouter,
  virtualRouterKey,
} from '../../model/index.ts'
import type { ForwardingSnapshot, TransitionSnapshot } from '../../observe/index.ts'
import type { FromChecker, FromForwarding, FromVrrp, HealthRecord, NameNews } from '../ipc/index.ts'
import { createCatchUpRelay } from './catch-up.ts'
import { createCheckerScripts } from './checker-scripts.ts'
import { createForsakenMasters } from './forsaken-masters.ts'
import { type AnswerPart, createForwardingAsks } from './forwarding-asks.ts'
import type { Journal } from './journal.ts'
import type { Notifier } from './notifier.ts'
import type { SupervisorOptions } from './options.ts'
import type { RoleExit, SupervisorPorts } from './ports.ts'
import { remainingIn } from './remaining.ts'
import { createRoleKeeper, exitText, type RoleKeeper } from './role-keeper.ts'
import { rememberRouters } from './router-memory.ts'
import { createServerOrders, type ServerOrderBook } from './server-orders.ts'
import { rememberServices } from './service-memory.ts'
import { withoutUnchanged } from './slices.ts'
import { createOrders, type Orders } from './standing-orders.ts'
import { createSyncRole } from './sync-role.ts'
import { numbersIn } from './tracked-numbers.ts'

export type RolesHooks = {
  /** The configuration that is in force. */
  readonly model: () => Configuration
  /** With -R a role that dies ends everything. */
  readonly onFatalDeath: (role: string, exit: RoleExit) => void
  /** What these hold is another router's by now, and nobody is there to take it off. */
  readonly onForsaken: (routers: readonly VirtualRouter[]) => void
  readonly onHealth: (record: HealthRecord) => void
  /** What a name of real servers has come to. */
  readonly onName: (key: string, news: NameNews) => void
  /** A real server that was removed and drained has nothing left to do. */
  readonly onLeft: () => void
  /** As whom a script runs; the failure says why it does not. */
  readonly identify: (command: Command) => Result<Command, string>
  /** What scripts and files have come to. */
  readonly observed: () => readonly Observed[]
  readonly journal: Pick<Journal, 'note' | 'entries'>
}

export type Roles = {
  readonly vrrp: RoleKeeper<'vrrp'>
  readonly checker: RoleKeeper<'checker'>
  readonly forwarding: RoleKeeper<'forwarding'>
  /** Puts a question to the forwarding table; false: nobody keeps one, because nothing is configured that needs it. */
  askForwarding(ask: ForwardingAsk, onPart: (part: Result<AnswerPart, string>) => void): boolean
  /** What was ordered about who is master. */
  readonly orders: Orders
  /** What was ordered about real servers. */
  readonly serverOrders: ServerOrderBook
  /** The changes of a virtual router by its key, the latest last. */
  readonly history: (key: string) => readonly TransitionSnapshot[]
  /** What the checkers found last, for a checker that starts. */
  readonly health: () => readonly HealthRecord[]
  /**
   * A configuration took another's place: objects that are gone are forgotten after their last words.
   * @param listing  keys of virtual servers that have servers listed elsewhere
   */
  readonly adopt: (before: Configuration, after: Configuration, listing: readonly string[]) => void
  /** Tells those whom it concerns what scripts, files and processes have come to. */
  readonly tellObserved: (observed: readonly Observed[]) => void
  readonly runStopNotifications: () => void
  /** After a reload: FIFOs hear again of what it has not changed (fifo_write_vrrp_states_on_reload). */
  readonly repeatStates: () => void
}

/** The three keepers, joined with what the supervisor remembers for them and each other. */
export function createRoles(
  ports: SupervisorPorts,
  options: SupervisorOptions,
  notifier: Pick<Notifier, 'run'>,
  known: readonly HealthRecord[],
  hooks: RolesHooks,
): Roles {
  const { log } = ports
  const routers = rememberRouters(ports, notifier, hooks.model, hooks.journal)
  const services = rememberServices(
    ports,
    notifier,
    hooks.model,
    known,
    (message) => forwarding.send(message),
    hooks.onHealth,
  )

  const orders = createOrders(ports, `${options.runDirectory}/orders.json`, hooks.model, {
    send: (message) => vrrp.send(message),
    isMaster: routers.isMaster,
    serves: () => vrrp.describe().state === 'running',
  })
  const serverOrders = createServerOrders(ports, `${options.runDirectory}/server-orders.json`, {
    model: hooks.model,
    tell: (standing) => checker.send({ type: 'server-orders', orders: standing }),
    async remaining(addresses) {
      const table = await forwarding.snapshot([...addresses])
      return table === undefined ? undefined : remainingIn(JSON.parse(table) as ForwardingSnapshot, hooks.model())
    },
    onLeft: hooks.onLeft,
  })
  const asks = createForwardingAsks(ports)

  const syncRole = createSyncRole(hooks.model, routers.isMaster, (role) => forwarding.send({ type: 'sync-role', role }))
  const catchUps = createCatchUpRelay(
    (message) => forwarding.send(message),
    (message) => vrrp.send(message),
  )

  const forsaken = createForsakenMasters(ports, hooks.onForsaken)

  const scripts = createCheckerScripts(ports, hooks.model, hooks.identify, (id, end) =>
    checker.send({ type: 'script-ended', id, end }),
  )

  /** What each BFD session came to, for a vrrp role that starts. */
  const sessions = new Map<string, Observed>()

  const onDeath = (role: string, exit: RoleExit): boolean => {
    log.error('role ended unexpectedly', { role, exit: exitText(exit) })
    if (options.respawn) return true
    hooks.onFatalDeath(role, exit)
    return false
  }

  const writePid = (file: string | undefined) => (pid: number | undefined) => {
    if (file === undefined || pid === undefined) return
    const written = ports.replaceText(file, `${pid}\n`)
    if (!written.ok) log.warn('pid file cannot be written', { reason: written.error.message })
  }

  const vrrp: RoleKeeper<'vrrp'> = createRoleKeeper('vrrp', ports, log, {
    onMessage: fromVrrp,
    onDeath(exit, at) {
      routers.roleDied(at)
      const { masters = [], diedAt = at } = routers.resume() ?? {}
      const keys = new Set(masters.map(({ key }) => key))
      forsaken.roleDied(
        hooks.model().virtualRouters.filter((one) => keys.has(virtualRouterKey(one))),
        diedAt,
      )
      orders.roleDied()
      return onDeath('vrrp', exit)
    },
    prepare(slice) {
      const resume = routers.resume()
      const known = { ...slice, observed: [...(slice.observed ?? []), ...hooks.observed(), ...sessions.values()] }
      return resume === undefined ? known : { ...known, resume }
    },
    onServing() {
      routers.roleServes()
      forsaken.roleServes()
      orders.roleServes()
      const observed = hooks.observed()
      if (observed.length > 0) vrrp.send({ type: 'observed', observed })
      // Its masters resign at once, however long we take to hear of it.
      const { pid } = vrrp.describe()
      if (pid !== undefined) ports.relayStop(pid)
    },
    settings: () => hooks.model().global.daemon?.vrrp,
    onStarted: writePid(options.vrrpPidFile),
  })

  const checker = createRoleKeeper('checker', ports, log, {
    onMessage: fromChecker,
    onDeath(exit) {
      scripts.endAll()
      return onDeath('checker', exit)
    },
    prepare: (slice) => ({
      ...slice,
      files: [...(slice.files ?? []), ...numbersIn(hooks.observed())],
      health: services.health(),
      orders: serverOrders.standing(),
    }),
    shorten: withoutUnchanged,
    join: (pieces) => pieces.join(''),
    onServing: () => tellCheckers([...sessions.keys()]),
    settings: () => hooks.model().global.daemon?.checker,
    onStarted: writePid(options.checkerPidFile),
  })

  const forwarding: RoleKeeper<'forwarding'> = createRoleKeeper('forwarding', ports, log, {
    onMessage: fromForwarding,
    onDeath(exit) {
      asks.giveUp()
      return onDeath('forwarding', exit)
    },
    join: (pieces) => pieces.join(''),
    // Only the daemon's start empties the table; a role that comes back takes over what is there.
    prepare: (slice) => (services.known() ? { ...slice, flush: false } : slice),
    onServing(fresh) {
      if (fresh) services.repeatWanted()
      syncRole.tell()
      if (fresh) catchUps.repeat()
    },
    onStarted() {},
  })

  /** Of those sessions that tell checkers. */
  function tellCheckers(names: readonly string[]): void {
    const telling = new Set(hooks.model().bfdSessions.flatMap((one) => (one.checker ? [one.name] : [])))
    const told = names
      .filter((name) => telling.has(name))
      .map((name) => ({ name, up: sessions.get(name)?.observation.type === 'good' }))
    if (told.length > 0) checker.send({ type: 'bfd-sessions', sessions: told })
  }

  function fromVrrp(message: FromVrrp): void {
    switch (message.type) {
      case 'virtual-router-state':
        routers.entered(message)
        if (message.state === 'MASTER') orders.becameMaster(message.key)
        return syncRole.follow()
      case 'catch-up-wanted':
        return catchUps.wanted(message.request, message.missed)
      case 'failover-ended':
        return orders.failoverEnded(message.key, message.became)
      case 'sync-group-state':
        return routers.groupEntered(message)
      case 'bfd-session':
        sessions.set(message.name, message.observed)
        tellCheckers([message.name])
        return
      case 'virtual-router-transition':
        return routers.changed(message)
      case 'log':
        return log[message.level](message.message, { ...message.fields, role: 'vrrp' })
      case 'started':
      case 'ready':
      case 'refused':
      case 'applied':
      case 'snapshot':
      case 'pong':
        return
      default:
        assertNever(message)
    }
  }

  function fromChecker(message: FromChecker): void {
    switch (message.type) {
      case 'services-wanted':
        return services.wanted(message)
      case 'real-server-health':
        return services.healthChanged(message)
      case 'real-server-removed':
        return services.serverRemoved(message)
      case 'quorum':
        return services.quorumChanged(message)
      case 'name-looked-up':
        return hooks.onName(message.key, message.news)
      case 'run-script':
        return scripts.run(message.id, message.script)
      case 'end-script':
        return scripts.end(message.id)
      case 'log':
        return log[message.level](message.message, { ...message.fields, role: 'checker' })
      case 'started':
      case 'ready':
      case 'refused':
      case 'applied':
      case 'snapshot':
      case 'pong':
        return
      default:
        assertNever(message)
    }
  }

  function fromForwarding(message: FromForwarding): void {
    switch (message.type) {
      case 'caught-up':
        return catchUps.answered(message.request)
      case 'services-applied':
        return services.applied(message)
      case 'answer':
        return asks.came(message.id, { part: message.part, more: message.more })
      case 'log':
        return log[message.level](message.message, { ...message.fields, role: 'forwarding' })
      case 'started':
      case 'ready':
      case 'refused':
      case 'applied':
      case 'snapshot':
      case 'pong':
        return
      default:
        assertNever(message)
    }
  }

  return {
    vrrp,
    checker,
    forwarding,
    askForwarding(ask, onPart) {
      const { state } = forwarding.describe()
      if (state === 'stopped') return false
      if (state !== 'running') {
        onPart(fail('the forwarding role is starting; try again'))
        return true
      }
      asks.ask((id) => forwarding.send({ type: 'asked', id, ask }), onPart)
      return true
    },
    orders,
    serverOrders,
    history: routers.history,
    health: services.health,
    adopt(before, after, listing) {
      routers.adopt(before, after)
      const names = new Set(after.bfdSessions.map(({ name }) => name))
      for (const name of sessions.keys()) if (!names.has(name)) sessions.delete(name)
      services.adopt(before, after)
      orders.adopt(after)
      serverOrders.adopt(after, listing)
    },
    tellObserved(observed) {
      vrrp.send({ type: 'observed', observed })
      const files = numbersIn(observed)
      if (files.length > 0) checker.send({ type: 'tracked-files', files })
    },
    runStopNotifications: services.runStopNotifications,
    repeatStates: routers.repeatStates,
  }
}
