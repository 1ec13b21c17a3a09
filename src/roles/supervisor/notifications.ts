import {
  type Command,
  realServerKey,
  type VirtualRouter,
  type VirtualServer,
  virtualRouterKey,
} from '../../model/index.ts'
import type { HealthRecord, VrrpNotifyState } from '../ipc/index.ts'

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

/** notify_up or notify_down of a real server; nothing when no such server is configured. */
export function realServerNotifications(
  servers: readonly VirtualServer[],
  record: Pick<HealthRecord, 'serviceKey' | 'realServerKey' | 'up'>,
): readonly Notification[] {
  const server = servers
    .find(({ key }) => key === record.serviceKey)
    ?.realServers.find((candidate) => realServerKey(candidate) === record.realServerKey)
  return about(`${record.serviceKey} ${record.realServerKey}`, record.up ? server?.notifyUp : server?.notifyDown)
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

/** What the end of the daemon calls for: virtual servers with `omega` tell that they and their servers go down. */
export function stopNotifications(
  servers: readonly VirtualServer[],
  isUp: (serviceKey: string, realServer: string) => boolean,
): readonly Notification[] {
  return servers
    .filter(({ omega }) => omega)
    .flatMap((server) => [
      ...server.realServers
        .filter((real) => isUp(server.key, realServerKey(real)))
        .flatMap((real) => about(`${server.key} ${realServerKey(real)}`, real.notifyDown)),
      ...about(server.key, server.quorumDown),
    ])
}

const withArguments = (command: Command, more: readonly string[]): Command => ({
  ...command,
  argv: [...command.argv, ...more],
})

const about = (object: string, ...commands: readonly (Command | undefined)[]): readonly Notification[] =>
  commands.flatMap((command) => (command === undefined ? [] : [{ about: object, command }]))
