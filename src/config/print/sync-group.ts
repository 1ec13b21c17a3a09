import type { SyncGroup, SyncGroupNotifications } from '../../model/index.ts'
import { tracksText } from './tracker.ts'
import { commandText, type Text, word } from './words.ts'

const NOTIFY: readonly (readonly [keyof SyncGroupNotifications, string])[] = [
  ['master', 'notify_master'],
  ['backup', 'notify_backup'],
  ['fault', 'notify_fault'],
  ['stop', 'notify_stop'],
  ['any', 'notify'],
]

export function syncGroupText({ name, members, tracks, trackingWeight, smtpAlert, notify }: SyncGroup): Text {
  const body: Text[] = [{ head: 'group', body: members.map(word) }, ...tracksText(tracks)]
  if (trackingWeight) body.push('sync_group_tracking_weight')
  if (smtpAlert === true) body.push('smtp_alert')
  for (const [key, keyword] of NOTIFY) {
    const command = notify[key]
    if (command !== undefined) body.push(`${keyword} ${commandText(command)}`)
  }
  return { head: `vrrp_sync_group ${word(name)}`, body }
}
