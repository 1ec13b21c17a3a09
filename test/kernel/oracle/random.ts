/** A generator of numbers that a seed repeats (splitmix32). */
export type Random = {
  /** A whole number from 0 to `below` - 1. */
  number(below: number): number
  /** True once in `times`. */
  once(times: number): boolean
  pick<T>(from: readonly T[]): T
  /** One of the keys, each as often as its number says. */
  weighted<K extends string>(shares: Readonly<Record<K, number>>): K
}

export function randomFrom(seed: number, index: number): Random {
  let state = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b)) >>> 0
  const next = (): number => {
    state = (state + 0x9e37_79b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0_aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const number = (below: number): number => next() % below
  return {
    number,
    once: (times) => number(times) === 0,
    pick: (from) => {
      const found = from[number(from.length)]
      if (found === undefined) throw new Error('nothing to pick from')
      return found
    },
    weighted(shares) {
      const entries = Object.entries<number>(shares)
      let at = number(entries.reduce((sum, [, share]) => sum + share, 0))
      for (const [key, share] of entries) {
        at -= share
        if (at < 0) return key as keyof typeof shares
      }
      throw new Error('shares have a sum')
    },
  }
}
