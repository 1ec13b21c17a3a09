import { assertNever, type Instant } from '../../base/index.ts'
import { type Configuration, realServerKey, type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import type { FromChecker, FromForwarding, FromVrrp, HealthRecord, VrrpNotifyState } from '../ipc/index.ts'
import {
  quorumNotifications,
  realServerNotifications,
  routerNotifications,
  stopNotifications,
} from './notifications.ts'
import type { SupervisorOptions } from './options.ts'
import type { RoleExit, SupervisorPorts } from './ports.ts'
import { createRoleKeeper, exitText, type RoleKeeper } from './role-keeper.ts'
import type { ScriptRunner } from './script-runner.ts'
import { type WantedServices, withServices } from './service-cache.ts'

export type RolesHooks = {
  /** The configuration that is in force. */
  readonly model: () => Configuration
  /** With -R a role that dies ends everything. */
  readonly onFatalDeath: (role: string, exit: RoleExit) => void
  readonly onHealth: () => void
}

export type Roles = {
  readonly vrrp: RoleKeeper<'vrrp'>
  readonly checker: RoleKeeper<'checker'>
  readonly forwarding: RoleKeeper<'forwarding'>
  /** What the checkers found last, for a checker that starts. */
  readonly health: () => readonly HealthRecord[]
  /** A configuration took another's place: objects that are gone are forgotten after their last words. */
  readonly adopt: (before: Configuration, after: Configuration) => void
  readonly runStopNotifications: () => void
}

/**
 * The three keepers and what the supervisor remembers between lives of a role: which virtual routers were master when
 * the vrrp role died, the health of real servers, the services wanted of the forwarding table.
 */
export function createRoles(
  ports: SupervisorPorts,
  options: SupervisorOptions,
  scripts: ScriptRunner,
  known: readonly HealthRecord[],
  hooks: RolesHooks,
): Roles {
  const { log } = ports
  const routerStates = new Map<string, { readonly state: VrrpNotifyState; readonly since: string }>()
  const health = new Map(known.map((record) => [healthKey(record), record]))
  const quorums = new Map<string, boolean>()
  // Routers of the configuration before: their last words come when it is no longer in force.
  const removedRouters = new Map<string, VirtualRouter>()
  let vrrpDiedAt: Instant | undefined
  let wanted: WantedServices

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

  function fromVrrp(message: FromVrrp): void {
    switch (message.type) {
      case 'virtual-router-state': {
        const { key, state, priority, resumed } = message
        const before = routerStates.get(key)
        if (state !== 'MASTER_RX_LOWER_PRI') {
          if (before?.state === state) return
          routerStates.set(key, { state, since: new Date(ports.clock.wall()).toISOString() })
        }
        // A role that goes on where its predecessor was has changed nothing that a script should hear of.
        if (resumed === true) return
        const router = hooks.model().virtualRouters.find((candidate) => virtualRouterKey(candidate) === key)
        const described = router ?? removedRouters.get(key)
        if (described !== undefined) scripts.run(routerNotifications(described, state, priority))
        if (router === undefined && state === 'DELETED') {
          removedRouters.delete(key)
          routerStates.delete(key)
        }
        return
      }
      case 'log':
        return log[message.level](message.message, { ...message.fields, role: 'vrrp' })
      case 'started':
      case 'ready':
      case 'refused':
      case 'applied':
      case 'snapshot':
        return
      default:
        assertNever(message)
    }
  }

  function fromChecker(message: FromChecker): void {
    switch (message.type) {
      case 'services-wanted':
        wanted = withServices(wanted, message.complete, message.services)
        forwarding.send(message)
        return
      case 'real-server-health': {
        const { record } = message
        const key = healthKey(record)
        const wasUp = health.get(key)?.up ?? startsUp(hooks.model(), record)
        health.set(key, record)
        hooks.onHealth()
        if (record.up !== wasUp) scripts.run(realServerNotifications(hooks.model().virtualServers, record))
        return
      }
      case 'quorum': {
        const { serviceKey, up } = message
        if (quorums.get(serviceKey) === up) return
        quorums.set(serviceKey, up)
        scripts.run(quorumNotifications(hooks.model().virtualServers, serviceKey, up))
        return
      }
      case 'log':
        return log[message.level](message.message, { ...message.fields, role: 'checker' })
      case 'started':
      case 'ready':
      case 'refused':
      case 'applied':
      case 'snapshot':
        return
      default:
        assertNever(message)
    }
  }

  function fromForwarding(message: FromForwarding): void {
    switch (message.type) {
      case 'services-applied':
        return
      case 'log':
        return log[message.level](message.message, { ...message.fields, role: 'forwarding' })
      case 'started':
      case 'ready':
      case 'refused':
      case 'applied':
      case 'snapshot':
        return
      default:
        assertNever(message)
    }
  }

  const vrrp = createRoleKeeper('vrrp', ports, log, {
    onMessage: fromVrrp,
    onDeath(exit, at) {
      vrrpDiedAt = at
      return onDeath('vrrp', exit)
    },
    prepare(slice) {
      if (vrrpDiedAt === undefined) return slice
      const masters = [...routerStates].flatMap(([key, { state, since }]) =>
        state === 'MASTER' ? [{ key, since }] : [],
      )
      return { ...slice, resume: { masters, diedAt: vrrpDiedAt } }
    },
    onServing() {
      vrrpDiedAt = undefined
    },
    onStarted: writePid(options.vrrpPidFile),
  })

  const checker = createRoleKeeper('checker', ports, log, {
    onMessage: fromChecker,
    onDeath: (exit) => onDeath('checker', exit),
    prepare: (slice) => ({ ...slice, health: [...health.values()] }),
    onServing() {},
    onStarted: writePid(options.checkerPidFile),
  })

  const forwarding: RoleKeeper<'forwarding'> = createRoleKeeper('forwarding', ports, log, {
    onMessage: fromForwarding,
    onDeath: (exit) => onDeath('forwarding', exit),
    // Only the daemon's start empties the table; a role that comes back takes over what is there.
    prepare: (slice) => (wanted === undefined ? slice : { ...slice, flush: false }),
    onServing(fresh) {
      if (!fresh || wanted === undefined) return
      forwarding.send({ type: 'services-wanted', complete: true, services: [...wanted.values()] })
    },
    onStarted() {},
  })

  return {
    vrrp,
    checker,
    forwarding,
    health: () => [...health.values()],
    adopt(before, after) {
      for (const router of before.virtualRouters) removedRouters.set(virtualRouterKey(router), router)
      for (const router of after.virtualRouters) removedRouters.delete(virtualRouterKey(router))
      const kept = new Set(
        after.virtualServers.flatMap(({ key, realServers }) =>
          realServers.map((real) => `${key} ${realServerKey(real)}`),
        ),
      )
      const services = new Set(after.virtualServers.map(({ key }) => key))
      for (const key of health.keys()) if (!kept.has(key)) health.delete(key)
      for (const key of quorums.keys()) if (!services.has(key)) quorums.delete(key)
    },
    runStopNotifications() {
      const isUp = (serviceKey: string, realServer: string) => health.get(`${serviceKey} ${realServer}`)?.up ?? true
      scripts.run(stopNotifications(hooks.model().virtualServers, isUp))
    },
  }
}

const healthKey = (record: HealthRecord): string => `${record.serviceKey} ${record.realServerKey}`

/** Whether a real server of which nothing is known counts as up: all do but those with alpha. */
function startsUp(model: Configuration, record: HealthRecord): boolean {
  const server = model.virtualServers.find(({ key }) => key === record.serviceKey)
  if (server === undefined) return true
  const real = server.realServers.find((candidate) => realServerKey(candidate) === record.realServerKey)
  return !server.alpha && !(real?.checkers.some(({ timing }) => timing.alpha) ?? false)
}
