import type { Command, FifoName, GlobalDefs, NotifyFifo } from '../../model/index.ts'
import { looksLike, usualTruth } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { boolean, command, groupOf, type Lowering, required, switched, timer } from './arguments.ts'
import type { Mutable } from './mutable.ts'

/** What global_defs says of notifications, as written so far. */
export type NotificationDraft = {
  readonly fifos: { readonly [Name in FifoName]: FifoDraft }
  priorityChanges: boolean
  alerts: { all?: boolean | undefined; vrrp?: boolean | undefined; checker?: boolean | undefined }
  withoutFaults: boolean
  withoutCheckers: boolean
  rest: Pick<
    Mutable<GlobalDefs>,
    | 'startupScriptTimeout'
    | 'shutdownScriptTimeout'
    | 'fifoStatesOnReload'
    | 'realServerInitNotifies'
    | 'supplementaryGroups'
  >
}

type FifoDraft = {
  path?: { readonly text: string; readonly user?: string; readonly group?: string; readonly at: Span }
  reader?: { readonly command: Command; readonly at: Span }
}

export const emptyNotifications = (): NotificationDraft => ({
  fifos: { all: {}, vrrp: {}, lvs: {} },
  priorityChanges: usualTruth('global_defs', 'vrrp_notify_priority_changes'),
  alerts: {},
  withoutFaults: false,
  withoutCheckers: usualTruth('global_defs', 'no_checker_emails'),
  rest: {},
})

const FIFO = /^(?:(vrrp|lvs)_)?notify_fifo(_script)?$/

/** One line of global_defs, if it is about notifications. */
export function readNotificationLine(to: Lowering, node: Node, draft: NotificationDraft): boolean {
  const keyword = node.keyword.text
  const fifo = FIFO.exec(keyword)
  if (fifo !== null) {
    const of = draft.fifos[(fifo[1] as 'vrrp' | 'lvs' | undefined) ?? 'all']
    if (fifo[2] === undefined) readPath(to, node, of)
    else readReader(to, node, of)
    return true
  }
  switch (keyword) {
    case 'vrrp_notify_priority_changes':
      draft.priorityChanges = boolean(to, node) ?? draft.priorityChanges
      return true
    case 'smtp_alert':
      draft.alerts.all = boolean(to, node) ?? draft.alerts.all
      return true
    case 'smtp_alert_vrrp':
      draft.alerts.vrrp = boolean(to, node) ?? draft.alerts.vrrp
      return true
    case 'smtp_alert_checker':
      draft.alerts.checker = boolean(to, node) ?? draft.alerts.checker
      return true
    case 'no_email_faults':
      draft.withoutFaults = true
      return true
    case 'no_checker_emails':
      draft.withoutCheckers = boolean(to, node) ?? draft.withoutCheckers
      return true
    case 'set_supplementary_groups':
      switched(to, node, draft.rest, 'supplementaryGroups')
      return true
    case 'fifo_write_vrrp_states_on_reload':
      draft.rest.fifoStatesOnReload = true
      return true
    case 'rs_init_notifies':
      switched(to, node, draft.rest, 'realServerInitNotifies')
      return true
    case 'startup_script_timeout':
    case 'shutdown_script_timeout': {
      const limit = timer(to, node)
      const key = keyword === 'startup_script_timeout' ? 'startupScriptTimeout' : 'shutdownScriptTimeout'
      if (limit !== undefined) draft.rest[key] = limit
      return true
    }
    default:
      return false
  }
}

function readPath(to: Lowering, node: Node, draft: FifoDraft): void {
  if (isGiven(to, node, draft.path)) return
  const path = required(to, node, 'a path')
  const [, user, group] = node.words
  if (path === undefined) return
  if (!looksLike('FILE', path.text)) {
    to.report.error(
      'value',
      path.at,
      `${node.keyword.text} ${path.text} does not begin with a slash; there is no FIFO`,
      {
        remedy: 'write the whole path',
      },
    )
    return
  }
  const { group: owner } = groupOf(group)
  draft.path = {
    text: path.text,
    at: path.at,
    ...(user === undefined ? {} : { user: user.text }),
    ...(owner === undefined ? {} : { group: owner }),
  }
}

function readReader(to: Lowering, node: Node, draft: FifoDraft): void {
  if (isGiven(to, node, draft.reader)) return
  const found = command(to, node)
  if (found !== undefined) draft.reader = { command: found, at: node.at }
}

/** The first one wins (keepalived.conf(5)). */
function isGiven(to: Lowering, node: Node, before: object | undefined): boolean {
  if (before === undefined) return false
  to.report.warning('remark', node.at, `${node.keyword.text} is given already; the first one is used`)
  return true
}

/** The FIFOs that there will be, and their readers as scripts to look at. */
export function fifosOf(
  to: Lowering,
  { fifos }: NotificationDraft,
): { readonly of: Pick<GlobalDefs, 'fifos'>; readonly scripts: readonly { command: Command; at: Span }[] } {
  const found: { [Name in FifoName]?: NotifyFifo } = {}
  const scripts: { command: Command; at: Span }[] = []
  const remark = (at: Span, message: string) => to.report.warning('remark', at, message)
  for (const name of ['all', 'vrrp', 'lvs'] as const) {
    const { path, reader } = fifos[name]
    const word = name === 'all' ? 'notify_fifo' : `${name}_notify_fifo`
    if (path === undefined) {
      if (reader !== undefined) remark(reader.at, `${word}_script has nothing to read without ${word}`)
      continue
    }
    if (name !== 'all' && found.all?.path === path.text) {
      remark(path.at, `${word} is the same as notify_fifo, which has its lines already; it is left out`)
      continue
    }
    // Both may write to one, but two readers would tear its lines from each other (keepalived).
    const isShared = name === 'lvs' && found.vrrp?.path === path.text
    const reads = isShared && found.vrrp?.reader !== undefined ? undefined : reader
    if (reader !== undefined && reads === undefined)
      remark(reader.at, `${word} is the same as vrrp_notify_fifo, whose script reads it; this one is left out`)
    const { text, at: _, ...owner } = path
    found[name] = { path: text, ...owner, ...(reads === undefined ? {} : { reader: reads.command }) }
    if (reads !== undefined) scripts.push(reads)
  }
  return { of: Object.keys(found).length === 0 ? {} : { fifos: found }, scripts }
}

/** Of which objects mail is sent that do not say so themselves (keepalived.conf(5), smtp_alert). */
export type AlertDefaults = {
  /** There are receivers and a server. */
  readonly possible: boolean
  readonly vrrp: boolean
  readonly virtualServer: boolean
  readonly realServer: boolean
}

const usualAlerts = {
  vrrp: usualTruth('vrrp_instance', 'smtp_alert'),
  virtualServer: usualTruth('virtual_server', 'smtp_alert'),
  realServer: usualTruth('virtual_server/real_server', 'smtp_alert'),
}

export const alertDefaults = ({ alerts }: NotificationDraft, possible: boolean): AlertDefaults => ({
  possible,
  vrrp: alerts.vrrp ?? alerts.all ?? usualAlerts.vrrp,
  virtualServer: alerts.checker ?? alerts.all ?? usualAlerts.virtualServer,
  realServer: alerts.checker ?? alerts.all ?? usualAlerts.realServer,
})

type AlertKind = 'vrrp' | 'virtualServer' | 'realServer'

/** What an object says, or what holds for all of its kind. */
export const smtpAlert = (
  own: boolean | undefined,
  defaults: AlertDefaults,
  kind: AlertKind,
): { readonly smtpAlert?: true } => (sendsAlerts(own, defaults, kind) ? { smtpAlert: true } : {})

export const sendsAlerts = (own: boolean | undefined, defaults: AlertDefaults, kind: AlertKind): boolean =>
  defaults.possible && (own ?? defaults[kind])
