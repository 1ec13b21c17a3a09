import { hostIsLittleEndian } from '../../base/index.ts'
import { type SyncedConnection, SyncWriter } from '../../wire/ipvs-sync/index.ts'
import type { SyncCounters } from './counters.ts'

export type Tell = (connections: readonly SyncedConnection[]) => void

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
export function createSender({ syncId, version, maxLength, send, counters }: SenderOptions): Tell {
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

/** Spreads connections over several senders, all news of one over the same: whoever listens hears them in their order. */
export function spread(senders: readonly Tell[]): Tell {
  const [only, ...others] = senders
  if (only !== undefined && others.length === 0) return only
  return (connections) => {
    const parts = senders.map((): SyncedConnection[] => [])
    for (const one of connections) {
      const { client, clientPort } = one
      parts[(clientPort + (client.at(-1) ?? 0)) % parts.length]?.push(one)
    }
    for (const [i, tell] of senders.entries()) tell(parts[i] ?? [])
  }
}
