/** FULLNAT's addresses towards servers: the map `locals`, of which each service has a range. */

import type { IpAddress } from '../../base/index.ts'
import * as layout from './layout.ts'
import type { Director } from './program.ts'
import { NO_RANGE, type Range, Ranges } from './ranges.ts'
import { addressOf, u32 } from './struct.ts'

export class Locals {
  readonly #maps: Director['maps']
  readonly #ranges: Ranges

  /** @param now  whole seconds of CLOCK_MONOTONIC */
  constructor({ maps }: Director, now: () => number) {
    this.#maps = maps
    this.#ranges = new Ranges(maps.locals.info.entries, now)
  }

  /** The addresses of a range that an earlier process has given out, now taken again. */
  adopt(range: Range, family: 4 | 6): readonly IpAddress[] {
    if (!this.#ranges.claim(range))
      throw new Error(`local addresses ${range.start} to ${range.start + range.count} are held twice`)
    return Array.from({ length: range.count }, (_, i) => {
      const bytes = this.#maps.locals.lookup(u32(range.start + i))
      if (bytes === undefined) throw new Error(`the map of local addresses has no entry ${range.start + i}`)
      return addressOf(bytes, family)
    })
  }

  /** A range with these addresses; undefined: there is no room. */
  put(addresses: readonly IpAddress[]): Range | undefined {
    const range = addresses.length === 0 ? NO_RANGE : this.#ranges.take(addresses.length)
    if (range === undefined) return undefined
    for (const [i, address] of addresses.entries()) {
      const written = this.#maps.locals.update(u32(range.start + i), layout.outerAddress.encode({ address }))
      if (!written.ok) throw new Error(written.error.message)
    }
    return range
  }

  give(range: Range): void {
    this.#ranges.give(range)
  }
}
