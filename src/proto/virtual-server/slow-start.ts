import { after, elapsed, type Instant, type Micros, micros } from '../../base/index.ts'

/** A ramp goes up in at most so many steps, so that thousands of servers do not change at every moment. */
const STEPS = 20

/** A server that came up at `since` has its whole weight after `length`. */
export type Ramp = { readonly since: Instant; readonly length: Micros }

/** The step a ramp is on, 0 to STEPS. */
const stepAt = ({ since, length }: Ramp, now: Instant): number =>
  Math.min(STEPS, Math.floor((elapsed(since, now) * STEPS) / length))

/** What it has of its weight by now: whole numbers, at least 1, so a weight of 1 knows no ramp. */
export function rampedWeight(weight: number, ramp: Ramp, now: Instant): number {
  if (weight === 0) return 0
  return Math.max(1, Math.floor((weight * stepAt(ramp, now)) / STEPS))
}

/** When the weight may be another; undefined: it is whole. */
export function nextStepAt(ramp: Ramp, now: Instant): Instant | undefined {
  const step = stepAt(ramp, now)
  if (step >= STEPS) return undefined
  return after(ramp.since, micros(Math.ceil(((step + 1) * ramp.length) / STEPS)))
}
