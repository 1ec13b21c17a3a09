import {
  type Checker,
  type Command,
  type GlobalDefs,
  type RealServer,
  realServerKey,
  type SyncGroup,
  type SyncGroupNotifyState,
  type VirtualRouter,
  type VirtualServer,
  type VrrpNotifyState,
  virtualRouterKey,
} from '../../model/index.ts'
import { checkerMail, groupMail, type MailText, quorumMail, routerMail, STOPPING } from './mail-text.ts'
import { nameOfServer, nameOfService } from './names.ts'

/** Who is told of what happens to the object `about`; each kind is in the order of the object's changes. */
export type Notification =
  | { readonly type: 'script'; readonly about: string; readonly command: Command }
  /** A line for the FIFOs of this topic and for the one of all, newline and all. */
  | { readonly type: 'fifo-line'; readonly about: string; readonly topic: 'vrrp' | 'lvs'; readonly line: string }
  /** `state`: not sent if the last one about the object was of the same. */
  | ({ readonly type: 'mail'; readonly about: string; readonly state?: string } & MailText)

/** What of the configuration says who listens. */
export type Audience = Pick<GlobalDefs, 'fifos' | 'mail' | 'routerId'>

/**
 * What a virtual router's change calls for: its specific command, then the general one with
 * `INSTANCE NAME STATE PRIORITY` (keepalived.conf(5), notify), then FIFOs and mail.
 */
export function routerNotifications(
  router: VirtualRouter,
  state: VrrpNotifyState,
  priority: number,
  audience: Audience,
): readonly Notification[] {
  const { notify, name } = router
  const key = virtualRouterKey(router)
  const line = fifoLine(key, 'vrrp', `INSTANCE "${name}" ${state} ${priority}\n`, audience)
  // Of priorities only FIFOs hear.
  if (state === 'MASTER_PRIORITY' || state === 'BACKUP_PRIORITY') return router.tellsPriority === true ? line : []
  const specific = {
    MASTER: notify.master,
    BACKUP: notify.backup,
    FAULT: notify.fault,
    STOP: notify.stop,
    DELETED: notify.deleted,
    MASTER_RX_LOWER_PRI: notify.masterRxLowerPri,
  }[state]
  const general = notify.any && withArguments(notify.any, ['INSTANCE', name, state, String(priority)])
  const mail =
    router.smtpAlert === true && state !== 'MASTER_RX_LOWER_PRI' ? routerMail(name, state, audience) : undefined
  return [...scripts(key, specific, general), ...line, ...mails(key, mail, state, audience)]
}

/** The same for a sync group, with `GROUP NAME STATE 0`. */
export function groupNotifications(
  { name, notify, smtpAlert }: SyncGroup,
  state: SyncGroupNotifyState,
  audience: Audience,
): readonly Notification[] {
  const specific = { MASTER: notify.master, BACKUP: notify.backup, FAULT: notify.fault, STOP: notify.stop }[state]
  const general = notify.any && withArguments(notify.any, ['GROUP', name, state, '0'])
  const key = `vrrp_sync_group ${name}`
  return [
    ...scripts(key, specific, general),
    ...fifoLine(key, 'vrrp', `GROUP "${name}" ${state} 0\n`, audience),
    ...mails(key, smtpAlert === true ? groupMail(name, state, audience) : undefined, state, audience),
  ]
}

/** What FIFOs are told again after a reload that changed nothing here (fifo_write_vrrp_states_on_reload). */
export const repeatedLines = (notifications: readonly Notification[]): readonly Notification[] =>
  notifications.filter(({ type }) => type === 'fifo-line')

/** What a checker has come to that counted otherwise before. */
export type CheckerVerdict = {
  readonly kind: Checker['kind']
  readonly up: boolean
  /** Why it is down, in words. */
  readonly reason?: string
}

export type RealServerChange = {
  readonly serviceKey: string
  readonly realServerKey: string
  readonly up: boolean
  /** Why, in words. */
  readonly reason?: string
  /** What brought it about; absent: no checker did. */
  readonly verdict?: CheckerVerdict
}

/** What a real server's going up or down calls for, by the first of the virtual servers that has it. */
export function realServerNotifications(
  servers: readonly VirtualServer[],
  change: RealServerChange,
  audience: Audience,
): readonly Notification[] {
  const found = findRealServer(servers, change)
  if (found === undefined) return []
  const { server, real } = found
  const about = `${change.serviceKey} ${change.realServerKey}`
  const line = `RS ${nameOfServer(real, server)} ${nameOfService(server)} ${upDown(change.up)}\n`
  return [
    ...scripts(about, change.up ? real.notifyUp : real.notifyDown),
    ...fifoLine(about, 'lvs', line, audience),
    ...mails(
      about,
      real.smtpAlert === true ? checkerMail(server, real, change, audience) : undefined,
      undefined,
      audience,
    ),
  ]
}

/** Mail of one checker's verdict while the server as a whole stays what it is (unless no_checker_emails). */
export function checkerNotifications(
  servers: readonly VirtualServer[],
  now: RealServerChange,
  audience: Audience,
): readonly Notification[] {
  if (audience.mail.withoutCheckers === true || now.verdict === undefined) return []
  const found = findRealServer(servers, now)
  if (found?.real.smtpAlert !== true) return []
  const about = `${now.serviceKey} ${now.realServerKey}`
  return mails(about, checkerMail(found.server, found.real, now, audience), undefined, audience)
}

function findRealServer(
  servers: readonly VirtualServer[],
  change: Pick<RealServerChange, 'serviceKey' | 'realServerKey'>,
): { readonly server: VirtualServer; readonly real: RealServer } | undefined {
  for (const server of servers) {
    const real = server.key === change.serviceKey ? realServersOf(server).get(change.realServerKey) : undefined
    if (real !== undefined) return { server, real }
  }
  return undefined
}

const realServers = new WeakMap<VirtualServer, ReadonlyMap<string, RealServer>>()

/** By key, worked out once: thousands may change one after another. */
function realServersOf(server: VirtualServer): ReadonlyMap<string, RealServer> {
  const known = realServers.get(server) ?? new Map(server.realServers.map((real) => [realServerKey(real), real]))
  realServers.set(server, known)
  return known
}

/**
 * What a quorum that is gained or lost calls for.
 * @param isUp  undefined: nothing is known of it, it is as it began
 * @param isFirst nothing was said of it before
 */
export function quorumNotifications(
  servers: readonly VirtualServer[],
  serviceKey: string,
  up: boolean,
  isUp: IsUp,
  audience: Audience,
  isFirst = false,
): readonly Notification[] {
  const server = servers.find(({ key }) => key === serviceKey)
  if (server === undefined) return []
  const mail =
    server.smtpAlert === true ? quorumMail(server, up, livingWeight(server, isUp), isFirst, audience) : undefined
  return [
    ...scripts(serviceKey, up ? server.quorumUp : server.quorumDown),
    ...fifoLine(serviceKey, 'lvs', `VS ${nameOfService(server)} ${upDown(up)}\n`, audience),
    ...mails(serviceKey, mail, upDown(up), audience),
  ]
}

/**
 * What the end of the daemon calls for: virtual servers with `omega` tell that they and their living servers go down.
 * @param isUp  undefined: nothing is known of it, it is as it began
 */
export function stopNotifications(
  servers: readonly VirtualServer[],
  isUp: IsUp,
  audience: Audience,
): readonly Notification[] {
  return servers
    .filter(({ omega }) => omega)
    .flatMap((server) => [
      ...server.realServers
        .filter((real) => lives(server, real, isUp))
        .flatMap((real) => {
          const change = { serviceKey: server.key, realServerKey: realServerKey(real), up: false, reason: STOPPING }
          return realServerNotifications([server], change, audience)
        }),
      ...quorumNotifications([server], server.key, false, () => false, audience),
    ])
}

type IsUp = (serviceKey: string, realServer: string) => boolean | undefined

const lives = (server: VirtualServer, real: RealServer, isUp: IsUp): boolean =>
  isUp(server.key, realServerKey(real)) ?? beginsUp(server, real)

const livingWeight = (server: VirtualServer, isUp: IsUp): number =>
  server.realServers.reduce((sum, real) => sum + (lives(server, real, isUp) ? real.weight : 0), 0)

const beginsUp = ({ alpha }: VirtualServer, { checkers }: RealServer): boolean =>
  !alpha && !checkers.some(({ timing }) => timing.alpha)

const upDown = (up: boolean): 'UP' | 'DOWN' => (up ? 'UP' : 'DOWN')

const withArguments = (command: Command, more: readonly string[]): Command => ({
  ...command,
  argv: [...command.argv, ...more],
})

const scripts = (about: string, ...commands: readonly (Command | undefined)[]): readonly Notification[] =>
  commands.flatMap((command) => (command === undefined ? [] : [{ type: 'script', about, command }]))

const fifoLine = (about: string, topic: 'vrrp' | 'lvs', line: string, { fifos }: Audience): readonly Notification[] =>
  fifos?.all === undefined && fifos?.[topic] === undefined ? [] : [{ type: 'fifo-line', about, topic, line }]

const mails = (
  about: string,
  text: MailText | undefined,
  state: string | undefined,
  { mail }: Audience,
): readonly Notification[] =>
  text === undefined || (state === 'FAULT' && mail.withoutFaults === true)
    ? []
    : [{ type: 'mail', about, ...text, ...(state === undefined ? {} : { state }) }]
