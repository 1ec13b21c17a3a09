import type { Instant } from '../../base/index.ts'
import { type Configuration, type VirtualRouter, type VrrpNotifyState, virtualRouterKey } from '../../model/index.ts'
import type { TransitionSnapshot } from '../../observe/index.ts'
import { groupNotifications, repeatedLines, routerNotifications } from '../../proto/notify/index.ts'
import type { FromVrrp, VrrpSlice } from '../ipc/index.ts'
import type { Journal } from './journal.ts'
import type { RouterChange } from './journal-file.ts'
import type { Notifier } from './notifier.ts'
import type { SupervisorPorts } from './ports.ts'

type RouterState = Extract<FromVrrp, { readonly type: 'virtual-router-state' }>
type Transition = Extract<FromVrrp, { readonly type: 'virtual-router-transition' }>
type GroupState = Extract<FromVrrp, { readonly type: 'sync-group-state' }>

/** Changes of one virtual router. */
const MOST = 16

type Known = { readonly state: VrrpNotifyState; readonly priority: number; readonly since: string }

/** What is remembered of virtual routers between two lives of the vrrp role, and which scripts have been run for them. */
export type RouterMemory = {
  entered(message: RouterState): void
  groupEntered(message: GroupState): void
  /** How a state was come to; kept over the death of the role, and by the journal over that of the daemon. */
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
  /** FIFOs hear again of the states that are what they were before the last `adopt`. */
  repeatStates(): void
}

export function rememberRouters(
  ports: Pick<SupervisorPorts, 'clock'>,
  notifier: Pick<Notifier, 'run'>,
  model: () => Configuration,
  journal: Pick<Journal, 'note' | 'entries'>,
): RouterMemory {
  const states = new Map<string, Known>()
  const removed = new Map<string, VirtualRouter>()
  const groups = new Map<string, GroupState['state']>()
  const histories = new Map<string, readonly TransitionSnapshot[]>()
  for (const { change } of journal.entries()) if (change !== undefined) keep(change)
  let indexed: Pick<Configuration, 'virtualRouters'> & { readonly byKey: ReadonlyMap<string, VirtualRouter> } = {
    virtualRouters: [],
    byKey: new Map(),
  }
  let before: { readonly states: ReadonlyMap<string, Known>; readonly groups: ReadonlyMap<string, string> } | undefined
  let diedAt: Instant | undefined
  let served = false

  function keep({ key, transition }: RouterChange): void {
    histories.set(key, [...(histories.get(key) ?? []), transition].slice(-MOST))
  }

  /** Hundreds of them change together, each by a message of its own. */
  function configuredAs(key: string): VirtualRouter | undefined {
    const { virtualRouters } = model()
    if (indexed.virtualRouters !== virtualRouters)
      indexed = { virtualRouters, byKey: new Map(virtualRouters.map((router) => [virtualRouterKey(router), router])) }
    return indexed.byKey.get(key)
  }

  return {
    entered({ key, state, priority, resumed }) {
      const known = states.get(key)
      if (state === 'MASTER_PRIORITY' || state === 'BACKUP_PRIORITY') {
        if (known !== undefined) states.set(key, { ...known, priority })
      } else if (state !== 'MASTER_RX_LOWER_PRI') {
        if (known?.state === state) return
        states.set(key, { state, priority, since: new Date(ports.clock.wall()).toISOString() })
      }
      // A role that goes on where its predecessor was has changed nothing that a script should hear of.
      if (resumed === true) return
      const router = configuredAs(key)
      const described = router ?? removed.get(key)
      if (described !== undefined) notifier.run(routerNotifications(described, state, priority, model().global))
      if (router === undefined && state === 'DELETED') {
        removed.delete(key)
        states.delete(key)
      }
    },
    groupEntered({ name, state, resumed }) {
      if (groups.get(name) === state) return
      groups.set(name, state)
      const group = model().syncGroups.find((candidate) => candidate.name === name)
      if (group !== undefined && resumed !== true) notifier.run(groupNotifications(group, state, model().global))
    },
    changed({ key, transition }) {
      const { from, to, event, because, consequences } = transition
      const router = configuredAs(key)
      if (router !== undefined) keep({ key, transition })
      const name = router?.name ?? removed.get(key)?.name ?? key
      const done = consequences.map(({ what, after }) => `${what} after ${(after * 1_000).toFixed(1)} ms`).join(', ')
      journal.note(`${name} entered ${to} because ${because}`, { router: name, from, event, done }, { key, transition })
    },
    isMaster: (key) => states.get(key)?.state === 'MASTER',
    history: (key) => histories.get(key) ?? [],
    adopt(was, after) {
      const keys = new Set(after.virtualRouters.map(virtualRouterKey))
      for (const key of histories.keys()) if (!keys.has(key)) histories.delete(key)
      before = { states: new Map(states), groups: new Map(groups) }
      const named = new Set(after.syncGroups.map(({ name }) => name))
      for (const name of groups.keys()) if (!named.has(name)) groups.delete(name)
      for (const router of was.virtualRouters) removed.set(virtualRouterKey(router), router)
      for (const router of after.virtualRouters) removed.delete(virtualRouterKey(router))
    },
    roleDied(at) {
      // Of one that died before it served, nobody has heard anything; before the first has, an orphan may still be there.
      if (served) diedAt ??= at
    },
    resume() {
      if (diedAt === undefined) return undefined
      const masters = [...states].flatMap(([key, { state, since }]) => (state === 'MASTER' ? [{ key, since }] : []))
      return { masters, diedAt }
    },
    roleServes() {
      served = true
      diedAt = undefined
    },
    repeatStates() {
      const { global, syncGroups, virtualRouters } = model()
      const again = [
        ...syncGroups.flatMap((group) => {
          const state = groups.get(group.name)
          const isSame = state !== undefined && state === before?.groups.get(group.name)
          return isSame ? groupNotifications(group, state, global) : []
        }),
        ...virtualRouters.flatMap((router) => {
          const key = virtualRouterKey(router)
          const known = states.get(key)
          const isSame = known !== undefined && known.state === before?.states.get(key)?.state
          return isSame ? routerNotifications(router, known.state, known.priority, global) : []
        }),
      ]
      notifier.run(repeatedLines(again))
    },
  }
}
