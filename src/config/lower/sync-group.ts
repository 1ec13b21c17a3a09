import type { Command, SyncGroup, SyncGroupNotifications, Track } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { boolean, command, type Lowering, required } from './arguments.ts'
import type { Globals } from './global-defs.ts'
import { smtpAlert } from './notification-lines.ts'
import { readTracks, type Trackables } from './tracker.ts'

/** A sync group as written: its members may not be there. */
export type LoweredGroup = {
  readonly value: SyncGroup
  readonly name: Span
  /** In the order of `value.members`. */
  readonly members: readonly Span[]
  readonly scripts: readonly { readonly command: Command; readonly at: Span }[]
  /** notify_priority_changes, for the members that do not say. */
  readonly tellsPriority: boolean | undefined
}

const NOTIFY: Readonly<Record<string, keyof SyncGroupNotifications>> = {
  notify_master: 'master',
  notify_backup: 'backup',
  notify_fault: 'fault',
  notify_stop: 'stop',
  notify: 'any',
}

/** `vrrp_sync_group NAME { … }`; undefined, and an error said, if it has no name or no list of members. */
export function lowerSyncGroup(
  to: Lowering,
  node: Node,
  trackables: Trackables,
  globals: Pick<Globals, 'alerts'>,
): LoweredGroup | undefined {
  const name = required(to, node, 'a name')
  if (name === undefined) return undefined
  const members: { readonly name: string; readonly at: Span }[] = []
  const notify: { -readonly [Key in keyof SyncGroupNotifications]?: Command } = {}
  const scripts: { command: Command; at: Span }[] = []
  let listed = false
  let tracks: readonly Track[] = []
  let trackingWeight = false
  let alert: boolean | undefined
  let tellsPriority: boolean | undefined
  for (const line of node.block?.nodes ?? []) {
    const keyword = line.keyword.text
    const key = NOTIFY[keyword]
    if (keyword.startsWith('track_')) tracks = readTracks(to, line, trackables, tracks)
    else if (keyword === 'sync_group_tracking_weight' || keyword === 'global_tracking') trackingWeight = true
    else if (keyword === 'smtp_alert') alert = boolean(to, line) ?? alert
    else if (keyword === 'notify_priority_changes') tellsPriority = boolean(to, line) ?? tellsPriority
    else if (keyword === 'group') {
      if (listed) {
        to.report.warning('remark', line.at, 'group is given already; the first one is used')
        continue
      }
      listed = true
      for (const word of (line.block?.nodes ?? [])
        .filter((one) => !one.broken)
        .flatMap((one) => [one.keyword, ...one.words])) {
        if (members.some((one) => one.name === word.text))
          to.report.warning('remark', word.at, `${word.text} is there twice`)
        else members.push({ name: word.text, at: word.at })
      }
    } else if (key !== undefined) {
      if (notify[key] !== undefined) {
        to.report.warning('remark', line.at, `${line.keyword.text} is given already; the first one is used`)
        continue
      }
      const found = command(to, line)
      if (found === undefined) continue
      notify[key] = found
      scripts.push({ command: found, at: line.at })
    }
  }
  if (!listed) {
    to.report.error('object', node.at, `vrrp_sync_group ${name.text} has no members; it is left out`, {
      remedy: 'add group { … } with the names of its virtual routers',
    })
    return undefined
  }
  return {
    value: {
      name: name.text,
      members: members.map((one) => one.name),
      tracks,
      trackingWeight,
      ...smtpAlert(alert, globals.alerts, 'vrrp'),
      notify,
    },
    tellsPriority,
    name: name.at,
    members: members.map((one) => one.at),
    scripts,
  }
}
