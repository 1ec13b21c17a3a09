/** mh (ip_vs_mh.c): the lookup table of Maglev hashing, 4093 slots as kernels are built. */

import { type Buckets, type Hashed, lookUp } from './address-hash.ts'
import type { Candidate } from './candidate.ts'
import { type HashKey, halfSipHash } from './hash.ts'

export const MAGLEV_SLOTS = 4093
/** A destination's turns have at most so many bits. */
const TURN_BITS = 6
const FIRST_KEY: HashKey = [2654435761n, 2654435761n]
const SECOND_KEY: HashKey = [2654446892n, 2654446892n]

/** The order in which a destination asks for slots: from `offset` on in steps of `skip`. */
export type Permutation = { readonly offset: number; readonly skip: number }

export type MaglevMember = {
  readonly permutation: Permutation
  /** The latest weight that was not 0, so that quiescing moves nobody; 0: it never had one. */
  readonly lastWeight: number
}

/** By a destination's own address, folded, and port. */
export function permutation({ address, port }: Hashed): Permutation {
  return {
    offset: halfSipHash(port + address, FIRST_KEY) % MAGLEV_SLOTS,
    skip: (halfSipHash(port + address, SECOND_KEY) % (MAGLEV_SLOTS - 1)) + 1,
  }
}

/** How many slots each takes in a round: its part of the weights, cut to six bits, and at least one. */
export function turns(lastWeights: readonly number[]): readonly number[] {
  const divisor = lastWeights.filter((weight) => weight > 0).reduce(greatestCommonDivisor, 0)
  if (divisor === 0) return lastWeights.map(() => 0)
  const bits = 32 - Math.clz32(Math.floor(Math.max(...lastWeights) / divisor))
  const shift = Math.max(0, bits - TURN_BITS)
  return lastWeights.map((weight) => (weight === 0 ? 0 : Math.max(1, Math.floor(weight / divisor) >> shift)))
}

/** The table: by slot a position in the list; all undefined when nobody has ever had a weight. */
export function maglevTable(members: readonly MaglevMember[]): Buckets {
  const slots = new Array<number | undefined>(MAGLEV_SLOTS).fill(undefined)
  const perRound = turns(members.map(({ lastWeight }) => lastWeight))
  const asking = members
    .map(({ permutation: { offset, skip } }, position) => ({
      position,
      at: offset,
      skip,
      turns: perRound[position] as number,
    }))
    .filter((one) => one.turns > 0)
  if (asking.length === 0) return slots
  for (let free = MAGLEV_SLOTS; ; ) {
    for (const one of asking) {
      for (let turn = 0; turn < one.turns; turn++) {
        while (slots[one.at] !== undefined) one.at = (one.at + one.skip) % MAGLEV_SLOTS
        slots[one.at] = one.position
        if (--free === 0) return slots
      }
    }
  }
}

/** Whoever has the client's slot; with `fallback`, if that one is not available, others in a fixed order. */
export function maglev(
  list: readonly Candidate[],
  table: Buckets,
  { address, port }: Hashed,
  fallback: boolean,
): number | undefined {
  const slot = (offset: number): number => halfSipHash(offset + port + address, FIRST_KEY) % MAGLEV_SLOTS
  return lookUp(list, table, slot, fallback)
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
