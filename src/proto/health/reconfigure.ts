import { after, type Instant, instant, type Micros } from '../../base/index.ts'
import type { Checker } from '../../model/index.ts'
import { type CheckerHealth, requestCount } from './state.ts'

/**
 * Do two checkers ask the same question? Then what one found holds for the other. Timing, retries and fast_recovery are
 * not part of the question (keepalived compares kind, connection and urls).
 */
export function sameQuestion(a: Checker, b: Checker): boolean {
  return question(a) === question(b)
}

/** A string that two checkers share exactly when they ask the same question. */
export function question(checker: Checker): string {
  const { timing: _timing, ...asked } = checker
  return JSON.stringify('fastRecovery' in asked ? { ...asked, fastRecovery: undefined } : asked)
}

/**
 * What a checker that asks the same question goes on with after a reload: verdict, counters and schedule, the latter
 * brought forward if the new periods are shorter. If fewer retries are allowed now, one more failure is one too many.
 */
export function reconfigureHealth(to: Checker, state: CheckerHealth, now: Instant): CheckerHealth {
  const { retry, delayLoop, delayBeforeRetry, warmup } = to.timing
  const { phase } = state
  const longest = state.verdict === 'unknown' ? 1_000_000 + warmup : Math.max(delayLoop, delayBeforeRetry)
  return {
    ...state,
    failures: Math.min(state.failures, retry),
    request: state.request < requestCount(to) ? state.request : 0,
    phase:
      phase.name !== 'waiting'
        ? phase
        : { name: 'waiting', probeAt: instant(Math.min(phase.probeAt, after(now, longest as Micros))) },
  }
}
