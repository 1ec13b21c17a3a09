import type { Micros } from '../../base/index.ts'
import { timeoutOf, unendedAfter } from './failure.ts'
import type { NetFailure } from './target.ts'
import { WaitLimit } from './wait-limit.ts'

/** Bytes that have to come before an answer is given another wait: what is below that drips. */
const PROGRESS = 4096

export type AnswerWait = {
  /** So many bytes have come. */
  heard(bytes: number): void
  end(): void
}

/**
 * How long an answer may take: it begins within `wait`, and ends within another, which is given anew for each `PROGRESS`
 * bytes; all of it within `patience`, however steadily it comes.
 * @param onLate  called once at most
 */
export function waitForAnswer(wait: Micros, patience: Micros, onLate: (failure: NetFailure) => void): AnswerWait {
  let begun = false
  let progress = 0
  const late = (limit: Micros) => () => onLate(begun ? unendedAfter(limit) : timeoutOf('receive', limit))
  const next = new WaitLimit(wait, late(wait))
  const whole = new WaitLimit(patience, late(patience))
  return {
    heard(bytes) {
      progress += bytes
      if (begun && progress < PROGRESS) return
      begun = true
      progress = 0
      next.refresh()
    },
    end() {
      next.end()
      whole.end()
    },
  }
}
