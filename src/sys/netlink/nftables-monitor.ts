import { fail, hostIsLittleEndian as host, ok, type Result } from '../../base/index.ts'
import { endsTransaction, tableOfRemoval } from '../../wire/nftables/index.ts'
import { isWouldBlock, systemError } from '../descriptor/index.ts'
import { NETLINK_NETFILTER, openGroupSocket } from './netlink-socket.ts'
import { FIRST_SEQUENCE, SEQUENCES } from './nftables.ts'
import type { NetlinkError } from './ports.ts'

/** NFNLGRP_NFTABLES. */
const GROUP = 7
/** A ruleset of some thousand rules that is flushed. */
const RECEIVE_BUFFER = 1_048_576
/** Datagrams taken at one wake-up; the rest wakes the loop again. */
const BATCH = 128

/** Calls back after something was removed from tables of nf_tables: a table as a whole, a chain, a rule, a set, an element. */
export type WatchNftables = (
  onRemoved: (tables: ReadonlySet<string> | 'unknown') => void,
) => Result<{ close(): void }, NetlinkError>

/**
 * Of what others do, not of what `changeNftables` does, of this process or any like it. Once a wake-up, with the names of the
 * tables, of whatever family; `unknown` when news was lost.
 */
export const watchNftables: WatchNftables = (onRemoved) => {
  const opened = openGroupSocket([GROUP], RECEIVE_BUFFER, undefined, NETLINK_NETFILTER)
  if (!opened.ok) return fail(opened.error)
  const socket = opened.value
  /** Of transactions whose end has not come yet, by the port of who makes them. */
  const pending = new Map<number, Set<string>>()
  const watching = socket.descriptor.whenReadable(() => {
    const tables = new Set<string>()
    let lost = false
    for (let left = BATCH; left > 0; left--) {
      const received = socket.receive()
      if (typeof received === 'number' && isWouldBlock(received)) break
      if (typeof received === 'number' || received.type === 'unreadable') {
        lost = true
        continue
      }
      for (const message of received.messages) {
        const { port, sequence } = message
        const removed = pending.get(port) ?? new Set()
        if (!endsTransaction(message)) {
          const table = tableOfRemoval(message, host)
          if (table !== undefined) pending.set(port, removed.add(table))
          continue
        }
        pending.delete(port)
        // Only here: Linux 6.18 tells of elements of sets without a number.
        if (!isOurs(sequence)) for (const table of removed) tables.add(table)
      }
    }
    if (lost) {
      pending.clear()
      onRemoved('unknown')
    } else if (tables.size > 0) onRemoved(tables)
  })
  if (watching < 0) {
    socket.close()
    return fail(systemError('epoll_ctl', watching))
  }
  return ok({ close: () => socket.close() })
}

const isOurs = (sequence: number): boolean => sequence >= FIRST_SEQUENCE && sequence < FIRST_SEQUENCE + SEQUENCES
