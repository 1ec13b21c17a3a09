import type { Instant } from '../../base/index.ts'
import { type Configuration, type VirtualRouter, type VrrpNotifyState, virtualRouterKey } from '../../model/index.ts'
import type { TransitionSnapshot } from '../../observe/index.ts'
import { groupNotifications, routerNotifications } from '../../proto/notify/index.ts'
import type { FromVrrp, VrrpSlice } from '../ipc/index.ts'
import type { Journal } from './journal.ts'
import type { SupervisorPorts } from './ports.ts'
import type { ScriptRunner } from './script-runner.ts'

type RouterState = Extract<FromVrrp, { readonly type: 'virtual-router-state' }>
type Transition = Extract<FromVrrp, { readonly type: 'virtual-router-transition' }>
type GroupState = Extract<FromVrrp, { readonly type: 'sync-group-state' }>

/** Changes of one virtual router. */
const MOST = 16

/** What is remembered of virtual routers between two lives of the vrrp role, and which scripts have been run for them. */
export type RouterMemory = {
  entered(message: RouterState): void
  groupEntered(message: GroupState): void
  /** How a state was come to; kept over the death of the role. */
  changed(message: Transition): void
  isMaster(key: string): boolean
  /** Of a virtual router, the latest last. */
  history(key: string): readonly TransitionSnapshot[]
  /** Routers of the configuration before have their last words when it is no longer in force. */
  adopt(before: Configuration, after: Configuration): void
  roleDied(at: Instant): void
  /** For a role that takes another's place: who was master, and when that one fell silent. */
  resume(): VrrpSlice['resume']
  roleServes(): void
}

export function rememberRouters(
  ports: Pick<SupervisorPorts, 'clock'>,
  scripts: Pick<ScriptRunner, 'run'>,
  model: () => Configuration,
  journal: Pick<Journal, 'note'>,
): RouterMemory {
  const states = new Map<string, { readonly state: VrrpNotifyState; readonly since: string }>()
  const removed = new Map<string, VirtualRouter>()
  const groups = new Map<string, GroupState['state']>()
  const histories = new Map<string, readonly TransitionSnapshot[]>()
  let diedAt: Instant | undefined

  return {
    entered({ key, state, priority, resumed }) {
      if (state !== 'MASTER_RX_LOWER_PRI') {
        if (states.get(key)?.state === state) return
        states.set(key, { state, since: new Date(ports.clock.wall()).toISOString() })
      }
      // A role that goes on where its predecessor was has changed nothing that a script should hear of.
      if (resumed === true) return
      const router = model().virtualRouters.find((candidate) => virtualRouterKey(candidate) === key)
      const described = router ?? removed.get(key)
      if (described !== undefined) scripts.run(routerNotifications(described, state, priority))
      if (router === undefined && state === 'DELETED') {
        removed.delete(key)
        states.delete(key)
      }
    },
    groupEntered({ name, state, resumed }) {
      if (groups.get(name) === state) return
      groups.set(name, state)
      const group = model().syncGroups.find((candidate) => candidate.name === name)
      if (group !== undefined && resumed !== true) scripts.run(groupNotifications(group, state))
    },
    changed({ key, transition }) {
      const { from, to, event, because, consequences } = transition
      const router = model().virtualRouters.find((candidate) => virtualRouterKey(candidate) === key)
      if (router !== undefined) histories.set(key, [...(histories.get(key) ?? []), transition].slice(-MOST))
      const name = router?.name ?? removed.get(key)?.name ?? key
      const done = consequences.map(({ what, after }) => `${what} after ${(after * 1_000).toFixed(1)} ms`).join(', ')
      journal.note(`${name} entered ${to} because ${because}`, { router: name, from, event, done })
    },
    isMaster: (key) => states.get(key)?.state === 'MASTER',
    history: (key) => histories.get(key) ?? [],
    adopt(before, after) {
      const keys = new Set(after.virtualRouters.map(virtualRouterKey))
      for (const key of histories.keys()) if (!keys.has(key)) histories.delete(key)
      const named = new Set(after.syncGroups.map(({ name }) => name))
      for (const name of groups.keys()) if (!named.has(name)) groups.delete(name)
      for (const router of before.virtualRouters) removed.set(virtualRouterKey(router), router)
      for (const router of after.virtualRouters) removed.delete(virtualRouterKey(router))
    },
    roleDied(at) {
      diedAt = at
    },
    resume() {
      if (diedAt === undefined) return undefined
      const masters = [...states].flatMap(([key, { state, since }]) => (state === 'MASTER' ? [{ key, since }] : []))
      return { masters, diedAt }
    },
    roleServes() {
      diedAt = undefined
    },
  }
}
