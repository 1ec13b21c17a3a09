import type { Instant } from '../../base/index.ts'

/** What can be in one queue at a time. Tens of thousands are, so each knows its own place. */
export type Queued = { place: number }

/** The place of what is in no queue. */
export const NOWHERE = -1

/** Deadlines of many things, one each, earliest first: a binary heap, so each change costs log n. */
export class DeadlineQueue<T extends Queued> {
  readonly #items: T[] = []
  /** In the same places: numbers by themselves take less than an object each. */
  readonly #times: Instant[] = []

  get size(): number {
    return this.#items.length
  }

  get earliest(): Instant | undefined {
    return this.#times[0]
  }

  /** Gives the item this deadline, whether it had one or not. */
  set(item: T, at: Instant): void {
    const { place } = item
    if (place === NOWHERE) {
      this.#put(this.#items.length, item, at)
      return this.#rise(item.place)
    }
    const later = at > this.#timeAt(place)
    this.#times[place] = at
    if (later) this.#sink(place)
    else this.#rise(place)
  }

  delete(item: T): void {
    const { place } = item
    if (place === NOWHERE) return
    item.place = NOWHERE
    const last = this.#items.pop()
    const at = this.#times.pop()
    if (last === undefined || at === undefined || last === item) return
    this.#put(place, last, at)
    this.#sink(place)
    this.#rise(last.place)
  }

  /** Takes out the earliest item if its deadline is reached. */
  takeDue(now: Instant): T | undefined {
    const [first] = this.#items
    if (first === undefined || this.#timeAt(0) > now) return undefined
    this.delete(first)
    return first
  }

  #rise(from: number): void {
    const item = this.#itemAt(from)
    const at = this.#timeAt(from)
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (this.#timeAt(parent) <= at) break
      this.#put(place, this.#itemAt(parent), this.#timeAt(parent))
      place = parent
    }
    this.#put(place, item, at)
  }

  #sink(from: number): void {
    const item = this.#itemAt(from)
    const at = this.#timeAt(from)
    const { size } = this
    let place = from
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && this.#timeAt(child + 1) < this.#timeAt(child)) child++
      if (this.#timeAt(child) >= at) break
      this.#put(place, this.#itemAt(child), this.#timeAt(child))
      place = child
    }
    this.#put(place, item, at)
  }

  #put(place: number, item: T, at: Instant): void {
    this.#items[place] = item
    this.#times[place] = at
    item.place = place
  }

  #itemAt(place: number): T {
    return this.#items[place] as T
  }

  #timeAt(place: number): Instant {
    return this.#times[place] as Instant
  }
}
