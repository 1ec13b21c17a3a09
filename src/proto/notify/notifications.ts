import {
  type Command,
  type RealServer,
  realServerKey,
  type SyncGroup,
  type SyncGroupNotifyState,
  type VirtualRouter,
  type VirtualServer,
  type VrrpNotifyState,
  virtualRouterKey,
} from '../../model/index.ts'

/** A command to run and the object it is about: commands about one object are run in order. */
export type Notification = { readonly about: string; readonly command: Command }

/**
 * What a virtual router's change calls for: its specific command, then the general one with
 * `INSTANCE NAME STATE PRIORITY` (keepalived.conf(5), notify).
 */
export function routerNotifications(
  router: VirtualRouter,
  state: VrrpNotifyState,
  priority: number,
): readonly Notification[] {
  const { notify } = router
  const specific = {
    MASTER: notify.master,
    BACKUP: notify.backup,
    FAULT: notify.fault,
    STOP: notify.stop,
    DELETED: notify.deleted,
    MASTER_RX_LOWER_PRI: notify.masterRxLowerPri,
  }[state]
  const general = notify.any && withArguments(notify.any, ['INSTANCE', router.name, state, String(priority)])
  return about(virtualRouterKey(router), specific, general)
}

/** The same for a sync group, with `GROUP NAME STATE 0`. */
export function groupNotifications({ name, notify }: SyncGroup, state: SyncGroupNotifyState): readonly Notification[] {
  const specific = { MASTER: notify.master, BACKUP: notify.backup, FAULT: notify.fault, STOP: notify.stop }[state]
  const general = notify.any && withArguments(notify.any, ['GROUP', name, state, '0'])
  return about(`vrrp_sync_group ${name}`, specific, general)
}

/** notify_up or notify_down of a real server, by the first of the virtual servers that has it; nothing when none has. */
export function realServerNotifications(
  servers: readonly VirtualServer[],
  change: { readonly serviceKey: string; readonly realServerKey: string; readonly up: boolean },
): readonly Notification[] {
  let server: RealServer | undefined
  for (const one of servers) if (one.key === change.serviceKey) server ??= realServersOf(one).get(change.realServerKey)
  return about(`${change.serviceKey} ${change.realServerKey}`, change.up ? server?.notifyUp : server?.notifyDown)
}

const realServers = new WeakMap<VirtualServer, ReadonlyMap<string, RealServer>>()

/** By key, worked out once: thousands may change one after another. */
function realServersOf(server: VirtualServer): ReadonlyMap<string, RealServer> {
  const known = realServers.get(server) ?? new Map(server.realServers.map((real) => [realServerKey(real), real]))
  realServers.set(server, known)
  return known
}

/** quorum_up or quorum_down of a virtual server. */
export function quorumNotifications(
  servers: readonly VirtualServer[],
  serviceKey: string,
  up: boolean,
): readonly Notification[] {
  const server = servers.find(({ key }) => key === serviceKey)
  return about(serviceKey, up ? server?.quorumUp : server?.quorumDown)
}

/**
 * What the end of the daemon calls for: virtual servers with `omega` tell that they and their living servers go down.
 * @param isUp  undefined: nothing is known of it, it is as it began
 */
export function stopNotifications(
  servers: readonly VirtualServer[],
  isUp: (serviceKey: string, realServer: string) => boolean | undefined,
): readonly Notification[] {
  return servers
    .filter(({ omega }) => omega)
    .flatMap((server) => [
      ...server.realServers
        .filter((real) => isUp(server.key, realServerKey(real)) ?? beginsUp(server, real))
        .flatMap((real) => about(`${server.key} ${realServerKey(real)}`, real.notifyDown)),
      ...about(server.key, server.quorumDown),
    ])
}

const beginsUp = ({ alpha }: VirtualServer, { checkers }: RealServer): boolean =>
  !alpha && !checkers.some(({ timing }) => timing.alpha)

const withArguments = (command: Command, more: readonly string[]): Command => ({
  ...command,
  argv: [...command.argv, ...more],
})

const about = (object: string, ...commands: readonly (Command | undefined)[]): readonly Notification[] =>
  commands.flatMap((command) => (command === undefined ? [] : [{ about: object, command }]))
