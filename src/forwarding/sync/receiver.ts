import { hostIsLittleEndian, type IpAddress, ok } from '../../base/index.ts'
import { decodeSyncMessage } from '../../wire/ipvs-sync/index.ts'
import type { SyncCounters } from './counters.ts'
import type { ConnectionExchange, TakenIn } from './exchange.ts'
import type { createVerifier } from './signature.ts'

export type ReceiverOptions = {
  /** 0 takes every id. */
  readonly syncId: number
  readonly exchange: Pick<ConnectionExchange, 'takeIn'>
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
    countTaken(counters, exchange.takeIn(connections))
  }
}

export function countTaken(counters: SyncCounters, { entered, renewed, refused, invalid }: TakenIn): void {
  counters['connections-entered'] += entered
  counters['connections-renewed'] += renewed
  counters['connections-refused'] += refused
  counters['connections-invalid'] += invalid
}
