/**
 * Where a scheduler stands after its list has changed (ip_vs_rr.c, ip_vs_wrr.c). Positions are counted from 1; 0 is the
 * head of the list, before its first destination.
 */

export type Cursor = { readonly position: number; readonly currentWeight: number }
export type WeightStep = { readonly maxWeight: number; readonly step: number }

/** One change of a list, as far as a cursor notices it. */
export type Move = {
  /** Of the list after the change. */
  readonly weights: WeightStep
  /** The slot that was taken out, and the one before it; undefined: it was the first. */
  readonly removed?: { readonly slot: number; readonly before: number | undefined }
}

/** The weights in a list, of which there are few. */
export class Weights {
  readonly #counts = new Map<number, number>()

  constructor(list: readonly { readonly weight: number }[]) {
    for (const { weight } of list) this.add(weight)
  }

  add(weight: number): void {
    this.#counts.set(weight, (this.#counts.get(weight) ?? 0) + 1)
  }

  remove(weight: number): void {
    const left = (this.#counts.get(weight) ?? 0) - 1
    if (left > 0) this.#counts.set(weight, left)
    else this.#counts.delete(weight)
  }

  /** wrr: the greatest common divisor of the positive weights (1 without any), and the largest weight less (step - 1). */
  step(): WeightStep {
    const positive = [...this.#counts.keys()].filter((weight) => weight > 0)
    const step = positive.reduce(greatestCommonDivisor, 0) || 1
    return { step, maxWeight: Math.max(0, ...positive) - (step - 1) }
  }
}

/**
 * rr: the cursor stays on its destination; when that goes, it moves to the one before.
 * @param before  the slots of the list so far, newest first
 * @param now     after all moves
 */
export function rrCursor(
  before: readonly number[],
  { position }: Cursor,
  moves: readonly Move[],
  now: readonly number[],
): Cursor {
  let on = before[position - 1]
  for (const { removed } of moves) if (removed !== undefined && removed.slot === on) on = removed.before
  return { position: on === undefined ? 0 : now.indexOf(on) + 1, currentWeight: 0 }
}

/** wrr: back to the head; the current weight stays as far as the new weights allow. */
export function wrrCursor(cursor: Cursor, { maxWeight, step }: WeightStep): Cursor {
  const { currentWeight } = cursor
  if (currentWeight > maxWeight || currentWeight === 0) return { position: 0, currentWeight: Math.max(0, maxWeight) }
  return { position: 0, currentWeight: step > 1 ? Math.floor(currentWeight / step) * step + 1 : currentWeight }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
