import { hostIsLittleEndian } from '../../base/index.ts'
import { type SyncedConnection, SyncWriter } from '../../wire/ipvs-sync/index.ts'
import type { SyncCounters } from './counters.ts'

export type SenderOptions = {
  readonly syncId: number
  readonly version: 0 | 1
  /** Bytes of a message. */
  readonly maxLength: number
  /** False: it did not go out. */
  send(message: Uint8Array): boolean
  readonly counters: SyncCounters
}

/** Tells connections in as few messages as they fit into; what it was given is out when it returns. */
export function createSender({
  syncId,
  version,
  maxLength,
  send,
  counters,
}: SenderOptions): (connections: readonly SyncedConnection[]) => void {
  const writer = new SyncWriter(version, syncId, maxLength, hostIsLittleEndian)
  const flush = () => {
    const { count } = writer
    if (count === 0) return
    if (send(writer.take())) {
      counters['messages-sent'] += 1
      counters['connections-sent'] += count
    } else counters['send-failed'] += 1
  }
  return (connections) => {
    for (const connection of connections) {
      if (writer.add(connection)) continue
      flush()
      writer.add(connection)
    }
    flush()
  }
}
