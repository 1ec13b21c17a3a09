import type { ConnectionSync } from '../../model/index.ts'
import { timeText, word } from './words.ts'

/** What follows lvs_sync_daemon. */
export function connectionSyncText(sync: ConnectionSync): string {
  const { instance, maxLength, port, ttl, group } = sync
  const named = Object.entries({
    inst: instance && word(instance),
    id: sync.syncId,
    maxlen: maxLength,
    port,
    ttl,
    group,
  })
  return [
    word(sync.interface),
    ...named.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`])),
  ].join(' ')
}

/** What follows lvs_sync_catch_up; undefined: it is as usual. */
export function catchUpText(of: ConnectionSync['catchUp']): string | undefined {
  if (of === undefined || of === 'off') return of
  const { limit, port } = of
  return port === undefined ? timeText(limit) : `${timeText(limit)} port ${port}`
}
