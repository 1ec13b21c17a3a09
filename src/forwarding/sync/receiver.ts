import { hostIsLittleEndian, type IpAddress, ok } from '../../base/index.ts'
import { decodeSyncMessage, type SyncedConnection } from '../../wire/ipvs-sync/index.ts'
import type { SyncCounters } from './counters.ts'
import type { ConnectionExchange, TakenIn } from './exchange.ts'
import type { createVerifier } from './signature.ts'

export type ReceiverOptions = {
  /** 0 takes every id. */
  readonly syncId: number
  readonly exchange: Pick<ConnectionExchange, 'readies' | 'takeIn'>
  isNeighbour(source: IpAddress): boolean
  /** Absent: messages are not signed. */
  readonly verify?: ReturnType<typeof createVerifier>
  readonly counters: SyncCounters
}

const unsigned: ReturnType<typeof createVerifier> = (datagram) => ok(datagram)

/** Takes connections from messages, as far as these are to be believed. Whatever comes, it counts and goes on. */
export function createReceiver({
  syncId,
  exchange,
  isNeighbour,
  verify = unsigned,
  counters,
}: ReceiverOptions): (datagram: Uint8Array, source: IpAddress) => void {
  const take = taker(exchange, counters)
  return (datagram, source) => {
    if (!isNeighbour(source)) {
      counters['wrong-source'] += 1
      return
    }
    const verified = verify(datagram, source)
    if (!verified.ok) {
      counters[verified.error] += 1
      return
    }
    const read = decodeSyncMessage(verified.value, hostIsLittleEndian)
    if (!read.ok) {
      counters[read.error.field === 'length' ? 'too-short' : 'wrong-size'] += 1
      return
    }
    const { connections, faults, syncId: theirs } = read.value
    if (syncId !== 0 && theirs !== syncId) {
      counters['wrong-sync-id'] += 1
      return
    }
    counters['messages-received'] += 1
    counters['malformed-entries'] += faults.length
    if (connections.length === 0) return
    take(connections)
  }
}

/** Connections that wait until the exchange is ready for them; those beyond are refused, and come again with their packets. */
const MOST_HELD = 16_384

/** Into the tables, in the order of the messages. */
function taker(
  exchange: Pick<ConnectionExchange, 'readies' | 'takeIn'>,
  counters: SyncCounters,
): (connections: readonly SyncedConnection[]) => void {
  let held: SyncedConnection[] | undefined
  const takeHeld = () => {
    const connections = held ?? []
    held = undefined
    countTaken(counters, exchange.takeIn(connections))
  }
  return (connections) => {
    if (held === undefined) {
      const ready = exchange.readies(connections)
      if (ready === undefined) return countTaken(counters, exchange.takeIn(connections))
      held = []
      ready.then(takeHeld)
    }
    const room = MOST_HELD - held.length
    for (const connection of connections.slice(0, room)) held.push(connection)
    counters['connections-refused'] += Math.max(0, connections.length - room)
  }
}

export function countTaken(counters: SyncCounters, { entered, renewed, refused, invalid }: TakenIn): void {
  counters['connections-entered'] += entered
  counters['connections-renewed'] += renewed
  counters['connections-refused'] += refused
  counters['connections-invalid'] += invalid
}
