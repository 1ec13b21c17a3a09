/** The destinations of a service in the map `lists`, with where its scheduler stands. */

import type { BpfMap } from '../../sys/bpf/index.ts'
import type { Service } from '../index.ts'
import { type Cursor, type Listed, rrCursor, weightStep, wrrCursor } from './cursor.ts'
import * as layout from './layout.ts'
import { u32 } from './struct.ts'

export type HeldList = { readonly cursor: Cursor; readonly listed: readonly Listed[] }

const START: Cursor = { position: 0, currentWeight: 0 }

export function readList(lists: BpfMap, index: number): HeldList {
  const bytes = lists.lookup(u32(index))
  if (bytes === undefined) throw new Error(`the map of lists has no entry ${index}`)
  const head = layout.listHead.decode(bytes)
  const listed = Array.from({ length: Math.min(head.count, layout.LIST_SIZE) }, (_, i) => {
    const entry = layout.listEntry.decode(bytes, layout.listHead.size + i * layout.listEntry.size)
    return { slot: entry.destination, weight: entry.weight }
  })
  return { cursor: { position: head.position, currentWeight: head.current_weight }, listed }
}

/**
 * The list that takes the place of another one.
 * @param before  undefined: the scheduler starts anew
 */
export function listBytes(
  scheduler: Service['scheduler'],
  before: HeldList | undefined,
  listed: readonly Listed[],
): Uint8Array {
  const weights = weightStep(listed)
  const cursor = nextCursor(scheduler, before, listed)
  const bytes = new Uint8Array(layout.listHead.size + layout.LIST_SIZE * layout.listEntry.size)
  bytes.set(
    layout.listHead.encode({
      position: cursor.position,
      current_weight: cursor.currentWeight,
      count: listed.length,
      max_weight: Math.max(0, weights.maxWeight),
      step: weights.step,
    }),
  )
  for (const [i, { slot, weight }] of listed.entries())
    bytes.set(layout.listEntry.encode({ destination: slot, weight }), layout.listHead.size + i * layout.listEntry.size)
  return bytes
}

function nextCursor(scheduler: Service['scheduler'], before: HeldList | undefined, listed: readonly Listed[]): Cursor {
  if (scheduler === 'wrr') return wrrCursor(before?.cursor ?? START, weightStep(listed))
  if (scheduler === 'rr' && before !== undefined) return rrCursor(before.listed, before.cursor, listed)
  return START
}
