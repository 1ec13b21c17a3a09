/**
 * The destinations of every service in the maps `lists`, `members` and `buckets`, with where the schedulers stand. A
 * service has two lists; the one not in force is filled, then the service is put on it. A packet that is still reading a
 * list while its service changes twice may see the newer entries of the same service, never those of another one.
 */

import { fail, ok, type Result } from '../../base/index.ts'
import {
  type Buckets,
  destinationHashTable,
  HASH_BUCKETS,
  MAGLEV_SLOTS,
  maglevTable,
  type Permutation,
  sourceHashTable,
} from '../../proto/scheduler/index.ts'
import type { OpError, Service } from '../index.ts'
import { type Cursor, type Move, rrCursor, type WeightStep, Weights, wrrCursor } from './cursor.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { NO_RANGE, type Range, Ranges } from './ranges.ts'
import { u32 } from './struct.ts'

/** A destination in a list, by the number of its slot. */
export type Listed = {
  readonly slot: number
  readonly weight: number
  /** The latest that was not 0. */
  readonly lastWeight: number
  /** For mh; worked out when it is asked for. */
  readonly permutation: () => Permutation
}

/**
 * What becomes of where the scheduler stands: `anew` for a new service or scheduler, `kept` when only the service was
 * edited, else it follows how the list was changed.
 */
export type CursorChange = 'anew' | 'kept' | readonly Move[]

type Held = { members: Range; buckets: Range; slots: readonly number[] }

/** How many buckets a scheduler has; 0: it looks at the list. */
const bucketCounts: Readonly<Partial<Record<Service['scheduler'], number>>> = {
  sh: HASH_BUCKETS,
  dh: HASH_BUCKETS,
  mh: MAGLEV_SLOTS,
}
const START: Cursor = { position: 0, currentWeight: 0 }
const SMALLEST = 8

export class Lists {
  readonly #maps: Director['maps']
  readonly #members: Ranges
  readonly #buckets: Ranges
  readonly #held = new Map<number, Held>()

  /** @param now  whole seconds of CLOCK_MONOTONIC */
  constructor(maps: Director['maps'], now: () => number) {
    this.#maps = maps
    this.#members = new Ranges(maps.members.info.entries, now)
    this.#buckets = new Ranges(maps.buckets.info.entries, now)
  }

  /** Takes over a list that an earlier process put in force: its slots with their weights. */
  adopt(index: number): readonly { readonly slot: number; readonly weight: number }[] {
    const head = this.#head(index)
    // At least so much room: it may have been more, which is free again now.
    const members = { start: head.start, count: roomFor(head.count) }
    const buckets = { start: head.buckets_start, count: head.buckets_count }
    if (!this.#members.claim(members) || !this.#buckets.claim(buckets))
      throw new Error(`list ${index} lies outside its map or in another list`)
    const entries = new Uint32Array(this.#maps.members.arrayPart(head.start, head.count).buffer)
    const listed = Array.from({ length: head.count }, (_, i) => ({
      slot: entries[2 * i] as number,
      weight: entries[2 * i + 1] as number,
    }))
    this.#held.set(index, { members, buckets, slots: listed.map(({ slot }) => slot) })
    return listed
  }

  /**
   * Writes list `index`, which is to take the place of the other list of its service.
   * @param service  its key, for messages
   */
  write(
    service: string,
    index: number,
    scheduler: Service['scheduler'],
    change: CursorChange,
    listed: readonly Listed[],
  ): Result<void, OpError> {
    const held = this.#room(service, index, scheduler, listed.length)
    if (!held.ok) return held
    const { members, buckets: bucketRange } = held.value
    const buckets = bucketsOf(scheduler, listed)
    const weights = new Weights(listed).step()
    const cursor = this.#nextCursor(index ^ 1, scheduler, change, weights, listed)
    const written = [
      this.#fill('members', members.start, membersOf(listed)),
      this.#fill('buckets', bucketRange.start, slotsOf(buckets, listed)),
      this.#maps.lists.update(
        u32(index),
        layout.listHead.encode({
          position: cursor.position,
          current_weight: cursor.currentWeight,
          count: listed.length,
          start: members.start,
          max_weight: Math.max(0, weights.maxWeight),
          step: weights.step,
          buckets_start: bucketRange.start,
          buckets_count: buckets.length,
        }),
      ),
    ].find((result) => !result.ok)
    if (written !== undefined && !written.ok)
      return fail({ reason: 'system', message: `${service}: ${written.error.message}` })
    held.value.slots = listed.map(({ slot }) => slot)
    return ok(undefined)
  }

  /** Sees that list `index` can be written with so many destinations. Undefined: it can. */
  reserve(service: string, index: number, scheduler: Service['scheduler'], count: number): OpError | undefined {
    const room = this.#room(service, index, scheduler, count)
    return room.ok ? undefined : room.error
  }

  /** A service is gone: its room rests, then it is free. */
  free(index: number): void {
    for (const one of [index, index ^ 1]) {
      const held = this.#held.get(one)
      if (held === undefined) continue
      this.#members.give(held.members)
      this.#buckets.give(held.buckets)
      this.#held.delete(one)
    }
  }

  /** Room for so much, where the list has been if it fits there. */
  #room(service: string, index: number, scheduler: Service['scheduler'], count: number): Result<Held, OpError> {
    if (scheduler === 'mh' && count > MAGLEV_SLOTS)
      return fail({ reason: 'invalid', message: `${service}: lb_algo mh takes at most ${MAGLEV_SLOTS} destinations` })
    const held = this.#held.get(index) ?? { members: NO_RANGE, buckets: NO_RANGE, slots: [] }
    this.#held.set(index, held)
    // Less room than there is only when much less is needed, so that a list that grows and shrinks stays in place.
    if (count > held.members.count || roomFor(count) * 4 <= held.members.count) {
      const members = this.#members.take(roomFor(count))
      if (members !== undefined) {
        this.#members.give(held.members)
        held.members = members
      } else if (count > held.members.count)
        return fail(noRoom(service, `${count} destinations`, this.#members.size, 'spread them over fewer services'))
    }
    const bucketCount = bucketCounts[scheduler] ?? 0
    if (bucketCount !== held.buckets.count) {
      const buckets = this.#buckets.take(bucketCount)
      if (buckets === undefined)
        return fail(
          noRoom(service, `a table of lb_algo ${scheduler}`, this.#buckets.size, 'give some services another lb_algo'),
        )
      this.#buckets.give(held.buckets)
      held.buckets = buckets
    }
    return ok(held)
  }

  #nextCursor(
    before: number,
    scheduler: Service['scheduler'],
    change: CursorChange,
    weights: WeightStep,
    listed: readonly Listed[],
  ): Cursor {
    if (scheduler !== 'rr' && scheduler !== 'wrr') return START
    if (change === 'anew') return scheduler === 'wrr' ? wrrCursor(START, weights) : START
    const { position, current_weight: currentWeight } = this.#head(before)
    const cursor = { position, currentWeight }
    if (change === 'kept') return cursor
    if (scheduler === 'wrr') return change.reduce((at, { weights: then }) => wrrCursor(at, then), cursor)
    return rrCursor(
      this.#held.get(before)?.slots ?? [],
      cursor,
      change,
      listed.map(({ slot }) => slot),
    )
  }

  #head(index: number) {
    const bytes = this.#maps.lists.lookup(u32(index))
    if (bytes === undefined) throw new Error(`the map of lists has no entry ${index}`)
    return layout.listHead.decode(bytes)
  }

  /** Writes numbers from entry `start` on, as many an entry as fit. */
  #fill(name: 'members' | 'buckets', start: number, numbers: Uint32Array) {
    const map = this.#maps[name]
    const count = numbers.byteLength / map.info.valueSize
    if (count === 0) return ok(undefined)
    const keys = new Uint32Array(count)
    for (let i = 0; i < count; i++) keys[i] = start + i
    return map.updateBatch(new Uint8Array(keys.buffer), new Uint8Array(numbers.buffer), count)
  }
}

/** The entries of `members`; written by hand, for there may be thousands. */
function membersOf(listed: readonly Listed[]): Uint32Array {
  const numbers = new Uint32Array(2 * listed.length)
  for (const [i, { slot, weight }] of listed.entries()) {
    numbers[2 * i] = slot
    numbers[2 * i + 1] = weight
  }
  return numbers
}

/** The entries of `buckets`. */
function slotsOf(buckets: Buckets, listed: readonly Listed[]): Uint32Array {
  const numbers = new Uint32Array(buckets.length)
  for (const [i, position] of buckets.entries())
    numbers[i] = position === undefined ? layout.NO_DESTINATION : (listed[position] as Listed).slot
  return numbers
}

const noRoom = (service: string, what: string, size: number, remedy: string): OpError => ({
  reason: 'no-space',
  message: `${service}: no room for ${what} among the ${size} entries that all services share; ${remedy}`,
})

const roomFor = (count: number): number => (count === 0 ? 0 : Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(count))))

function bucketsOf(scheduler: Service['scheduler'], listed: readonly Listed[]): Buckets {
  switch (scheduler) {
    case 'sh':
      return sourceHashTable(listed.map(({ weight }) => weight))
    case 'dh':
      return destinationHashTable(listed.length)
    case 'mh':
      return maglevTable(listed.map(({ permutation, lastWeight }) => ({ permutation: permutation(), lastWeight })))
    default:
      return []
  }
}
