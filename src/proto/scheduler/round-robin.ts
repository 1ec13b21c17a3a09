import type { Candidate } from './candidate.ts'
import { available } from './candidate.ts'

/** Where rr stands: the position of the last chosen one; -1: before the first. */
export type RoundRobinState = { readonly last: number }
export type RoundRobinPick = { readonly chosen: number | undefined; readonly state: RoundRobinState }

export const roundRobinStart: RoundRobinState = { last: -1 }

/** rr (ip_vs_rr.c): the next available one after the last, once round. */
export function roundRobin(list: readonly Candidate[], state: RoundRobinState): RoundRobinPick {
  for (let i = 1; i <= list.length; i++) {
    const position = (state.last + i) % list.length
    const candidate = list[position]
    if (candidate !== undefined && available(candidate)) return { chosen: position, state: { last: position } }
  }
  return { chosen: undefined, state }
}

/** Where wrr stands: position of the last chosen one (-1: the head of the list) and the weight wanted at present. */
export type WeightedState = { readonly last: number; readonly currentWeight: number }
export type WeightedPick = { readonly chosen: number | undefined; readonly state: WeightedState }

/** The greatest common divisor of the positive weights, 1 without any; and the largest weight less (step - 1). */
export function weights(list: readonly Candidate[]): { readonly step: number; readonly maxWeight: number } {
  const positive = list.map(({ weight }) => weight).filter((weight) => weight > 0)
  const step = positive.reduce(greatestCommonDivisor, 0) || 1
  return { step, maxWeight: Math.max(0, ...positive) - (step - 1) }
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))

export const weightedStart = (list: readonly Candidate[]): WeightedState => ({
  last: -1,
  currentWeight: weights(list).maxWeight,
})

/** wrr (ip_vs_wrr_schedule): line by line, with the kernel's rule for giving up. */
export function weightedRoundRobin(list: readonly Candidate[], state: WeightedState): WeightedPick {
  const { step, maxWeight } = weights(list)
  let { last: at, currentWeight } = state
  if (maxWeight <= 0) return { chosen: undefined, state }
  const start = at
  let lastPass = false
  let restarted = false
  let stop: number | undefined
  for (;;) {
    for (let position = at + 1; position < list.length; position++) {
      const { weight, overloaded } = list[position] as Candidate
      if (!overloaded && weight >= currentWeight) return { chosen: position, state: { last: position, currentWeight } }
      if (position === stop) return { chosen: undefined, state: { last: position, currentWeight } }
    }
    at = -1
    currentWeight -= step
    if (currentWeight <= 0) {
      currentWeight = maxWeight
      if (lastPass || start === -1) return { chosen: undefined, state: { last: -1, currentWeight } }
      restarted = true
    }
    lastPass = currentWeight <= step
    if (lastPass && restarted && start !== -1) stop = start
  }
}
