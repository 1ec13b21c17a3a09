import type { Instant } from '../../base/index.ts'

/** Deadlines of many things, one each, earliest first: a binary heap, so each change costs log n. */
export class DeadlineQueue<T> {
  readonly #heap: { at: Instant; item: T }[] = []
  readonly #places = new Map<T, number>()

  get size(): number {
    return this.#heap.length
  }

  get earliest(): Instant | undefined {
    return this.#heap[0]?.at
  }

  /** Gives the item this deadline, whether it had one or not. */
  set(item: T, at: Instant): void {
    const place = this.#places.get(item)
    if (place === undefined) {
      this.#heap.push({ at, item })
      this.#rise(this.#heap.length - 1)
      return
    }
    const entry = this.#heap[place] as { at: Instant; item: T }
    const later = at > entry.at
    entry.at = at
    if (later) this.#sink(place)
    else this.#rise(place)
  }

  delete(item: T): void {
    const place = this.#places.get(item)
    if (place === undefined) return
    this.#places.delete(item)
    const last = this.#heap.pop()
    if (last === undefined || last.item === item) return
    this.#put(place, last)
    this.#sink(place)
    this.#rise(this.#places.get(last.item) as number)
  }

  /** Takes out the earliest item if its deadline is reached. */
  takeDue(now: Instant): T | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    this.delete(first.item)
    return first.item
  }

  #rise(from: number): void {
    const entry = this.#heap[from] as { at: Instant; item: T }
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = this.#heap[parent] as { at: Instant; item: T }
      if (above.at <= entry.at) break
      this.#put(place, above)
      place = parent
    }
    this.#put(place, entry)
  }

  #sink(from: number): void {
    const entry = this.#heap[from] as { at: Instant; item: T }
    let place = from
    for (;;) {
      let child = 2 * place + 1
      let below = this.#heap[child]
      if (below === undefined) break
      const right = this.#heap[child + 1]
      if (right !== undefined && right.at < below.at) {
        child++
        below = right
      }
      if (below.at >= entry.at) break
      this.#put(place, below)
      place = child
    }
    this.#put(place, entry)
  }

  #put(place: number, entry: { at: Instant; item: T }): void {
    this.#heap[place] = entry
    this.#places.set(entry.item, place)
  }
}
