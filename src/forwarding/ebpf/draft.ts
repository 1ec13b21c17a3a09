/** The list of a service while orders change it, before it is written: the slots, newest first, and what cursors noticed. */

import { type Move, Weights } from './cursor.ts'
import type { Slot } from './slot.ts'

export class ListDraft {
  readonly moves: Move[] = []
  /** Oldest first: what is added comes to the end, where there is room without moving thousands. */
  readonly #slots: Slot[]
  readonly #byKey: Map<string, Slot>
  readonly #weights: Weights

  /** @param slots  newest first */
  constructor(slots: readonly Slot[]) {
    this.#slots = [...slots].reverse()
    this.#byKey = new Map(slots.map((slot) => [slot.destinationKey, slot]))
    this.#weights = new Weights(slots.map(({ destination }) => destination))
  }

  get size(): number {
    return this.#slots.length
  }

  /** Newest first. */
  list(): Slot[] {
    return [...this.#slots].reverse()
  }

  find(destinationKey: string): Slot | undefined {
    return this.#byKey.get(destinationKey)
  }

  /** To the head of the list. */
  add(slot: Slot): void {
    this.#slots.push(slot)
    this.#byKey.set(slot.destinationKey, slot)
    this.#weights.add(slot.destination.weight)
    this.moves.push({ weights: this.#weights.step() })
  }

  /** A slot that is in the list was edited. @param weight  what it was */
  edited(slot: Slot, weight: number): void {
    this.#weights.remove(weight)
    this.#weights.add(slot.destination.weight)
    this.moves.push({ weights: this.#weights.step() })
  }

  remove(slot: Slot): void {
    const at = this.#slots.lastIndexOf(slot)
    const before = this.#slots[at + 1]?.index
    this.#slots.splice(at, 1)
    this.#byKey.delete(slot.destinationKey)
    this.#weights.remove(slot.destination.weight)
    this.moves.push({ weights: this.#weights.step(), removed: { slot: slot.index, before } })
  }
}
