/**
 * lblc and lblcr (ip_vs_lblc.c, ip_vs_lblcr.c): clients of one virtual address are kept together, for caches. What is
 * remembered of an address is a destination, or a set of them, by name: a destination that has left the list is still
 * remembered, and used again when it comes back.
 */

import type { Candidate } from './candidate.ts'
import { overhead, weightedLeastConnection } from './least-connection.ts'

export type Named = Candidate & { readonly name: number }
export type LocalityPick = { readonly chosen: number | undefined; readonly remembered: number | undefined }

/**
 * lblc.
 * @param remembered  the destination of the address so far
 */
export function locality(list: readonly Named[], remembered: number | undefined): LocalityPick {
  const held = list.find(({ name }) => name === remembered)
  // Its connection limit is not looked at.
  if (held !== undefined && held.weight > 0 && !outdone(held, list)) return { chosen: held.name, remembered }
  const chosen = nameOf(list, weightedLeastConnection(list))
  return { chosen, remembered: chosen ?? remembered }
}

/** The destinations of an address, the latest first; `changed` in seconds. */
export type ReplicaSet = { readonly members: readonly number[]; readonly changed: number }
export type ReplicaPick = { readonly chosen: number | undefined; readonly set: ReplicaSet | undefined }

/**
 * lblcr.
 * @param set         undefined: the address is new
 * @param known       all destinations by name, those that have left the list too (which still have weight and connections)
 * @param expiration  seconds after which a set that did not change loses its most loaded member
 */
export function localityWithReplication(
  list: readonly Named[],
  set: ReplicaSet | undefined,
  known: ReadonlyMap<number, Named>,
  now: number,
  expiration: number,
): ReplicaPick {
  if (set === undefined) {
    const chosen = nameOf(list, weightedLeastConnection(list))
    return { chosen, set: chosen === undefined ? undefined : { members: [chosen], changed: now } }
  }
  const present = set.members.flatMap((name) => list.filter((one) => one.name === name))
  const least = present[weightedLeastConnection(present) ?? -1]
  let after = set
  if (set.members.length > 1 && now - set.changed > expiration) {
    const most = mostLoaded(set.members.flatMap((name) => known.get(name) ?? []))
    if (most !== undefined) after = { members: set.members.filter((name) => name !== most), changed: now }
  }
  if (least !== undefined && !outdone(least, list)) return { chosen: least.name, set: after }
  const chosen = nameOf(list, weightedLeastConnection(list))
  if (chosen === undefined || after.members.includes(chosen)) return { chosen, set: after }
  return { chosen, set: { members: [chosen, ...after.members], changed: now } }
}

/** is_overloaded(): more active connections than weight while somebody has less than half of his. */
export function outdone({ active, weight }: Candidate, list: readonly Candidate[]): boolean {
  return active > weight && list.some((other) => other.active * 2 < other.weight)
}

/** The one with the most overhead per weight; ties keep the earlier one; weight 0 does not count. */
function mostLoaded(members: readonly Named[]): number | undefined {
  let most: Named | undefined
  for (const one of members) {
    if (one.weight === 0) continue
    if (most === undefined || overhead(most) * one.weight < overhead(one) * most.weight) most = one
  }
  return most?.name
}

const nameOf = (list: readonly Named[], position: number | undefined): number | undefined =>
  position === undefined ? undefined : list[position]?.name
