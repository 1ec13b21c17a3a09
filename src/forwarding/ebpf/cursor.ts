/**
 * Where a scheduler stands after its list has changed (ip_vs_rr.c, ip_vs_wrr.c). Positions are counted from 1; 0 is the
 * head of the list, before its first destination.
 */

export type Cursor = { readonly position: number; readonly currentWeight: number }
export type WeightStep = { readonly maxWeight: number; readonly step: number }

/** wrr: the greatest common divisor of the positive weights (1 without any), and the largest weight less (step - 1). */
export function weightStep(list: readonly { readonly weight: number }[]): WeightStep {
  const positive = list.map(({ weight }) => weight).filter((weight) => weight > 0)
  const step = positive.reduce(greatestCommonDivisor, 0) || 1
  return { step, maxWeight: positive.reduce((most, weight) => Math.max(most, weight), 0) - (step - 1) }
}

/**
 * rr: the cursor stays on its destination; when that goes, it moves to the one before.
 * @param before  the slots of the list so far, newest first
 */
export function rrCursor(before: readonly number[], cursor: Cursor, now: readonly number[]): Cursor {
  for (let position = cursor.position; position > 0; position--) {
    const at = before[position - 1]
    const found = at === undefined ? -1 : now.indexOf(at)
    if (found >= 0) return { position: found + 1, currentWeight: 0 }
  }
  return { position: 0, currentWeight: 0 }
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
