/** The destinations of a service in the map `lists`, with where its scheduler stands. */

import type { Result } from '../../base/index.ts'
import type { SystemError } from '../../sys/descriptor/index.ts'
import type { Service } from '../index.ts'
import { type Cursor, type Listed, rrCursor, weightStep, wrrCursor } from './cursor.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { u32 } from './struct.ts'

export type HeldList = { readonly cursor: Cursor; readonly listed: readonly Listed[] }

const START: Cursor = { position: 0, currentWeight: 0 }

/** Where the entries of a list begin: every list has room for the most a service can hold. */
const startOf = (index: number): number => index * layout.LIST_SIZE

export function readList({ lists, members }: Director['maps'], index: number): HeldList {
  const bytes = lists.lookup(u32(index))
  if (bytes === undefined) throw new Error(`the map of lists has no entry ${index}`)
  const head = layout.listHead.decode(bytes)
  const listed = Array.from({ length: Math.min(head.count, layout.LIST_SIZE) }, (_, i) => {
    const entry = layout.listEntry.decode(members.lookup(u32(head.start + i)) as Uint8Array)
    return { slot: entry.destination, weight: entry.weight }
  })
  return { cursor: { position: head.position, currentWeight: head.current_weight }, listed }
}

/**
 * Writes the list that takes the place of another one.
 * @param before  undefined: the scheduler starts anew
 */
export function writeListed(
  { lists, members }: Director['maps'],
  index: number,
  scheduler: Service['scheduler'],
  before: HeldList | undefined,
  listed: readonly Listed[],
): Result<void, SystemError> {
  const weights = weightStep(listed)
  const cursor = nextCursor(scheduler, before, listed)
  const start = startOf(index)
  for (const [i, { slot, weight }] of listed.entries()) {
    const written = members.update(u32(start + i), layout.listEntry.encode({ destination: slot, weight }))
    if (!written.ok) return written
  }
  return lists.update(
    u32(index),
    layout.listHead.encode({
      position: cursor.position,
      current_weight: cursor.currentWeight,
      count: listed.length,
      start,
      max_weight: Math.max(0, weights.maxWeight),
      step: weights.step,
    }),
  )
}

function nextCursor(scheduler: Service['scheduler'], before: HeldList | undefined, listed: readonly Listed[]): Cursor {
  if (scheduler === 'wrr') return wrrCursor(before?.cursor ?? START, weightStep(listed))
  if (scheduler === 'rr' && before !== undefined) return rrCursor(before.listed, before.cursor, listed)
  return START
}
