/**
 * Orders about the destinations of one service, carried out together: its list is written once, after the last of them. What
 * they say of single destinations is written in slices; until the new list is complete packets choose from the old one.
 */

import { fail, familyOf, type IpAddress, ok } from '../../base/index.ts'
import { type Destination, endpoint, type ForwardingOp, type OpError, type OpResult, type TableOp } from '../index.ts'
import { acceptDestination } from './accept.ts'
import { ListDraft } from './draft.ts'
import { type Entry, writeList } from './entry.ts'
import type { Lists } from './lists.ts'
import { type Director, loadingTables } from './program.ts'
import { inSlices, type Sliced } from './slices.ts'
import { type Hop, NO_HOP, type Slot } from './slot.ts'
import { SECONDS_IN_TRASH, type Slots, zero } from './slots.ts'

export type DestinationOp = Extract<TableOp, { readonly type: 'put-destination' | 'remove-destination' }>

type Maps = {
  readonly director: Director
  readonly slots: Slots
  readonly lists: Lists
  readonly hopTo: (to: IpAddress) => Hop | undefined
}

/** Each order succeeds or fails by itself, but for a list that cannot be written: then all fail and nothing has changed. */
export function* changeDestinations(
  maps: Maps,
  entry: Entry,
  ops: readonly DestinationOp[],
): Sliced<readonly OpResult[]> {
  const { director, slots, lists } = maps
  const draft = new ListDraft(entry.slots)
  const edited = new Map<Slot, Pick<Slot, 'destination' | 'lastWeight'>>()
  /** Packets choose them until the new list is in force. */
  const leaving = new Map<string, Slot>()
  /** Places that removed ones hold, with those that these orders remove; counted when there is no place left. */
  let removed: number | undefined

  // What routers say of the way to a tunnel's end is for the program of that family to hear.
  const heard = ops.some(tunnelsByIpv6) ? yield* loadingTables(director, 6) : ok(undefined)
  const results: OpResult[] = []
  yield* inSlices(ops, (op) => {
    results.push(
      op.type === 'put-destination' ? put(op.destination, endpoint(op.destination)) : remove(op.destinationKey),
    )
  })
  if (draft.moves.length === 0) return results
  const list = draft.list()
  const written = writeList(director, lists, entry, list, draft.moves)
  if (written.ok) {
    yield* inSlices(leaving.values(), (slot) => slots.retire(slot))
    return results
  }
  yield* inSlices(edited, ([slot, before]) => {
    Object.assign(slot, before)
    slots.put(slot)
  })
  // What is in no list must not look as if it were.
  const listed = new Set(entry.slots)
  yield* inSlices(list, (slot) => {
    if (!listed.has(slot)) slots.retire(slot)
  })
  return results.map((result) => (result.ok ? written : result))

  function put(destination: Destination, key: string): OpResult {
    const hop = maps.hopTo(destination.address)
    const refused = acceptDestination(entry.service, destination, hop?.local ?? false)
    if (refused !== undefined) return fail(refused)
    if (!heard.ok && destination.method === 'tun' && familyOf(destination.address) === 6)
      return fail({ reason: 'system', message: `${key}: ${heard.error.message}` })
    const held = draft.find(key)
    if (held === undefined) {
      const noRoom = lists.reserve(entry.key, entry.list ^ 1, entry.service.scheduler, draft.size + 1)
      if (noRoom !== undefined) return fail(noRoom)
    }
    const known = held ?? leaving.get(key) ?? slots.trashed(entry.key, key)
    const slot = known ?? slots.make(entry.key, entry.accepted, key, destination)
    if (slot === undefined) {
      removed ??= slots.removed() + ops.filter((op) => op.type === 'remove-destination' && isHeld(op)).length
      return fail(full(key, director.maps.destinations.info.entries, removed))
    }
    const { destination: before, lastWeight } = slot
    if (slot.available && !edited.has(slot)) edited.set(slot, { destination: before, lastWeight })
    leaving.delete(key)
    if (known !== undefined && slot.serviceId !== entry.id) {
      zero(director.maps.dest_traffic, slot.index)
      zero(director.maps.baselines, slot.index)
    }
    slot.serviceId = entry.id
    slot.destination = destination
    if (held === undefined || destination.weight !== 0) slot.lastWeight = destination.weight
    slot.hop = hop ?? NO_HOP
    slot.available = true
    slots.put(slot)
    // A new one has no connections that a threshold could count.
    if (known !== undefined) slots.judgeThresholds(slot)
    if (held === undefined) draft.add(slot)
    else draft.edited(slot, before.weight)
    return ok(undefined)
  }

  function isHeld({ destinationKey }: Extract<DestinationOp, { readonly type: 'remove-destination' }>): boolean {
    return slots.named(entry.key, destinationKey)?.available === true
  }

  function remove(key: string): OpResult {
    const slot = draft.find(key)
    if (slot === undefined) return ok(undefined)
    draft.remove(slot)
    leaving.set(key, slot)
    return ok(undefined)
  }
}

/** Whether a destination needs the program of IPv6, of whichever family its service is. */
export const tunnelsByIpv6 = (op: ForwardingOp): boolean =>
  op.type === 'put-destination' && op.destination.method === 'tun' && familyOf(op.destination.address) === 6

const RAISE = 'raise lvs_settings destination_table_size and restart'

/** @param removed  how many places are kept for removed ones */
function full(key: string, size: number, removed: number): OpError {
  const why =
    removed === 0
      ? `holds as many; ${RAISE}`
      : `keeps ${removed} of the places for removed ones, for ${SECONDS_IN_TRASH} s each and then while it has connections; wait for them, or ${RAISE}`
  return { reason: 'no-space', message: `${key}: the table has room for ${size} destinations and ${why}` }
}
