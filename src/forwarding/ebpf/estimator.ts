/**
 * Rates as IPVS's estimator has them (ip_vs_est.c): every two seconds each goes a quarter of the way to what these two
 * seconds brought. Only a process that lives sees them; one that takes over begins at zero.
 */

import type { TrafficCounters, TrafficRates } from '../index.ts'

/** Milliseconds between two samples, of which one half is a second. */
export const ESTIMATION_INTERVAL = 2_000

const names = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
] as const satisfies (keyof TrafficRates)[]
type Name = (typeof names)[number]
/** Bits after the binary point. */
const shifts: Readonly<Record<Name, number>> = {
  connections: 10,
  inPackets: 10,
  outPackets: 10,
  inBytes: 5,
  outBytes: 5,
}

type Estimate = { last: TrafficCounters; readonly scaled: Record<Name, number> }

const NO_RATES: TrafficRates = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }

/** Of things by some name each. */
export class Estimator<Key> {
  readonly #unnamed: 'forgotten' | 'without-traffic'
  #estimates: Map<Key, Estimate> | undefined

  /** @param unnamed  what a thing is that a sample does not name; it begins at zero, or has carried nothing so far */
  constructor(unnamed: 'forgotten' | 'without-traffic' = 'forgotten') {
    this.#unnamed = unnamed
  }

  /** @param totals  of everything there is, or of everything that has carried something */
  sample(totals: Iterable<readonly [Key, TrafficCounters]>): void {
    const before = this.#estimates
    const beginsAtNothing = before !== undefined && this.#unnamed === 'without-traffic'
    this.#estimates = new Map()
    for (const [key, now] of totals) {
      const held = before?.get(key) ?? (beginsAtNothing ? nothing() : undefined)
      // Counters that went back were set to zero, and so are the rates.
      const known = held !== undefined && names.every((name) => now[name] >= held.last[name]) ? held : undefined
      this.#estimates.set(key, known === undefined ? { last: now, scaled: { ...NO_RATES } } : advance(known, now))
    }
  }

  /** Whole numbers a second. */
  rates(key: Key): TrafficRates {
    const scaled = this.#estimates?.get(key)?.scaled
    if (scaled === undefined) return NO_RATES
    const shown = (name: Name) => Math.floor((scaled[name] + 2 ** (shifts[name] - 1) - 1) / 2 ** shifts[name])
    return {
      connections: shown('connections'),
      inPackets: shown('inPackets'),
      outPackets: shown('outPackets'),
      inBytes: shown('inBytes'),
      outBytes: shown('outBytes'),
    }
  }
}

const nothing = (): Estimate => ({ last: NO_RATES, scaled: { ...NO_RATES } })

function advance({ last, scaled }: Estimate, now: TrafficCounters): Estimate {
  for (const name of names) {
    const rate = (now[name] - last[name]) * 2 ** (shifts[name] - 1)
    scaled[name] += Math.floor((rate - scaled[name]) / 4)
  }
  return { last: now, scaled }
}
