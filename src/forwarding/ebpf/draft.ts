/** The list of a service while orders change it, before it is written: the slots, newest first, and what cursors noticed. */

import { type Move, Weights } from './cursor.ts'
import type { Slot } from './slot.ts'

export class ListDraft {
  readonly slots: Slot[]
  readonly moves: Move[] = []
  readonly #byKey: Map<string, Slot>
  readonly #weights: Weights

  constructor(slots: readonly Slot[]) {
    this.slots = [...slots]
    this.#byKey = new Map(slots.map((slot) => [slot.destinationKey, slot]))
    this.#weights = new Weights(slots.map(({ destination }) => destination))
  }

  find(destinationKey: string): Slot | undefined {
    return this.#byKey.get(destinationKey)
  }

  /** To the head of the list. */
  add(slot: Slot): void {
    this.slots.unshift(slot)
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
    const at = this.slots.indexOf(slot)
    const before = this.slots[at - 1]?.index
    this.slots.splice(at, 1)
    this.#byKey.delete(slot.destinationKey)
    this.#weights.remove(slot.destination.weight)
    this.moves.push({ weights: this.#weights.step(), removed: { slot: slot.index, before } })
  }
}
