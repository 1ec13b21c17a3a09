/** sh and dh (ip_vs_sh.c, ip_vs_dh.c): a table of 256 buckets, found by the hash of an address. */

import { available, type Candidate } from './candidate.ts'
import { hash32 } from './hash.ts'

/** By bucket: the position of a destination in the list; undefined: the list is empty. */
export type Buckets = readonly (number | undefined)[]

/** What is hashed: a folded address, with a port where that counts. */
export type Hashed = { readonly address: number; readonly port: number }

const TABLE_BITS = 8
export const HASH_BUCKETS = 1 << TABLE_BITS

/** dh: one bucket each in turn; the weight does not count. */
export function destinationHashTable(destinations: number): Buckets {
  return Array.from({ length: HASH_BUCKETS }, (_, i) => (destinations === 0 ? undefined : i % destinations))
}

/** sh: as many buckets in a row as the weight, at least one, in turn until the table is full. */
export function sourceHashTable(weights: readonly number[]): Buckets {
  let position = 0
  let filled = 0
  return Array.from({ length: HASH_BUCKETS }, () => {
    const here = position
    const weight = weights[here]
    if (weight === undefined) return undefined
    filled++
    if (filled >= weight) {
      filled = 0
      position = (here + 1) % weights.length
    }
    return here
  })
}

/** dh: whoever has the bucket of the address the packet goes to, or nobody. */
export function destinationHash(list: readonly Candidate[], buckets: Buckets, { address }: Hashed): number | undefined {
  return usable(list, buckets[hash32(address, TABLE_BITS)])
}

/** sh: whoever has the bucket of the client; with `fallback`, if that one is not available, others in a fixed order. */
export function sourceHash(
  list: readonly Candidate[],
  buckets: Buckets,
  { address, port }: Hashed,
  fallback: boolean,
): number | undefined {
  const bucket = (offset: number): number => (offset + hash32(port + address, TABLE_BITS)) % HASH_BUCKETS
  return lookUp(list, buckets, bucket, fallback)
}

/**
 * A lookup with IPVS's way of falling back: the number of the first bucket, and each one after it in the ring, is an
 * offset to the hash.
 * @param bucket  where an offset leads
 */
export function lookUp(
  list: readonly Candidate[],
  buckets: Buckets,
  bucket: (offset: number) => number,
  fallback: boolean,
): number | undefined {
  const first = bucket(0)
  const chosen = usable(list, buckets[first])
  if (chosen !== undefined || !fallback || buckets[first] === undefined) return chosen
  for (let i = 0; i < buckets.length; i++) {
    const next = usable(list, buckets[bucket((i + first) % buckets.length)])
    if (next !== undefined) return next
  }
  return undefined
}

function usable(list: readonly Candidate[], position: number | undefined): number | undefined {
  const candidate = position === undefined ? undefined : list[position]
  return candidate !== undefined && available(candidate) ? position : undefined
}
