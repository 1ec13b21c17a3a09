import { after, type Instant, type Micros, micros, seconds } from '../../base/index.ts'
import type { Checker } from '../../model/index.ts'

/** Unknown until the first result; it is not a kind of down. */
export type Verdict = 'unknown' | 'up' | 'down'

/** What is known by one checker of one real server, and when it asks again. */
export type CheckerHealth = {
  readonly verdict: Verdict
  /** What unknown counts as: up at a start without alpha, and whatever the server was when its checker was changed. */
  readonly presumedUp: boolean
  /** Failures in a row that were forgiven; at most `retry`. */
  readonly failures: number
  /** Index of the url the next probe asks for; always 0 for a checker without urls. */
  readonly request: number
  /** That url brought the server down: it alone is asked for until it succeeds. */
  readonly requestFailed: boolean
  /** What it adds to the weight of its server, from its last result that said so; 0 unless its kind has a say in that. */
  readonly contribution: number
  /** `listening`: it asks nothing and is told. `suspended`: it does not ask for the time being, and what it found holds. */
  readonly phase:
    | { readonly name: 'waiting'; readonly probeAt: Instant }
    /** It began at `since`, so `late` after `probeAt`. */
    | { readonly name: 'probing'; readonly since: Instant; readonly late: Micros }
    | { readonly name: 'listening' | 'suspended' }
}

/** Does the server live, as far as this checker goes? */
export const countsAsUp = (health: CheckerHealth): boolean =>
  health.verdict === 'unknown' ? health.presumedUp : health.verdict === 'up'

/** keepalived's BOOTSTRAP_DELAY: what a daemon that has just started waits before anything else. */
const BOOTSTRAP: Micros = seconds(1)

/** What an earlier checker of the same server had found: its verdict, or only whether the server lived. */
export type Inherited = ({ readonly verdict: 'up' | 'down' } | { readonly presumedUp: boolean }) & {
  readonly contribution?: number
}

/**
 * A checker that begins: the first probe comes after 1 s and a random part of warmup, so that checkers do not ask all at
 * once (keepalived.conf(5) warmup).
 * @param random  uniform in 0 ≤ random < 1
 */
export function beginHealth(checker: Checker, now: Instant, random: number, inherited?: Inherited): CheckerHealth {
  const { alpha, warmup } = checker.timing
  const known = faultIn(checker) === undefined ? inherited : { presumedUp: false }
  return {
    verdict: known !== undefined && 'verdict' in known ? known.verdict : 'unknown',
    presumedUp: known !== undefined && 'presumedUp' in known ? known.presumedUp : !alpha,
    failures: 0,
    request: 0,
    requestFailed: false,
    contribution: known?.contribution ?? 0,
    phase: isTold(checker)
      ? { name: 'listening' }
      : { name: 'waiting', probeAt: after(after(now, BOOTSTRAP), micros(warmup * random)) },
  }
}

/** It asks nothing: what a session or a file has come to is told. */
const isTold = ({ kind }: Checker): boolean => kind === 'bfd' || kind === 'file'

/** The number of requests one round consists of. */
export const requestCount = (checker: Checker): number => (checker.kind === 'http' ? checker.requests.length : 1)

/** Its configuration is at fault: nobody can be found up by it. */
export const faultIn = (checker: Checker): string | undefined => ('fault' in checker ? checker.fault : undefined)

/** Down until a check has found it up. */
export const beginsDown = (checker: Checker): boolean => checker.timing.alpha || faultIn(checker) !== undefined
