/**
 * Ranges of entries of an array map, given out and taken back. What was taken back rests before it is given out again,
 * because a packet may still be reading it.
 */

export type Range = { readonly start: number; readonly count: number }

export const NO_RANGE: Range = { start: 0, count: 0 }

/** Far longer than a program runs, and in whole seconds of a clock that may be about to tick. */
const REST_SECONDS = 2

export class Ranges {
  readonly size: number
  readonly #now: () => number
  /** By start, no two adjacent. */
  #free: readonly Range[]
  #resting: readonly { readonly range: Range; readonly until: number }[] = []

  /**
   * @param size  of the map
   * @param now   whole seconds of CLOCK_MONOTONIC
   */
  constructor(size: number, now: () => number) {
    this.size = size
    this.#now = now
    this.#free = [{ start: 0, count: size }]
  }

  /** The first range that fits; undefined: there is none, or not for the next two seconds. */
  take(count: number): Range | undefined {
    if (count === 0) return NO_RANGE
    this.#wake()
    const from = this.#free.find((range) => range.count >= count)
    if (from === undefined) return undefined
    const taken = { start: from.start, count }
    this.#free = this.#free.flatMap((range) => (range === from ? without(range, taken) : [range]))
    return taken
  }

  /** Takes this very range, which an earlier process was given. False: it is not free. */
  claim(wanted: Range): boolean {
    if (wanted.count === 0) return true
    const from = this.#free.find(
      ({ start, count }) => start <= wanted.start && wanted.start + wanted.count <= start + count,
    )
    if (from === undefined) return false
    this.#free = this.#free.flatMap((range) => (range === from ? without(range, wanted) : [range]))
    return true
  }

  give(range: Range): void {
    if (range.count > 0) this.#resting = [...this.#resting, { range, until: this.#now() + REST_SECONDS }]
  }

  #wake(): void {
    const now = this.#now()
    const awake = this.#resting.filter(({ until }) => until <= now).map(({ range }) => range)
    if (awake.length === 0) return
    this.#resting = this.#resting.filter(({ until }) => until > now)
    const merged: Range[] = []
    for (const range of [...this.#free, ...awake].sort((a, b) => a.start - b.start)) {
      const last = merged.at(-1)
      if (last !== undefined && last.start + last.count === range.start)
        merged[merged.length - 1] = { start: last.start, count: last.count + range.count }
      else merged.push(range)
    }
    this.#free = merged
  }
}

const without = (whole: Range, taken: Range): Range[] =>
  [
    { start: whole.start, count: taken.start - whole.start },
    { start: taken.start + taken.count, count: whole.start + whole.count - taken.start - taken.count },
  ].filter(({ count }) => count > 0)
