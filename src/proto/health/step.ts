import { after, assertNever, type Instant, instant, type Micros, micros, seconds } from '../../base/index.ts'
import type { Checker } from '../../model/index.ts'
import type { HealthAction } from './action.ts'
import type { HealthEvent } from './event.ts'
import { type CheckerHealth, requestCount } from './state.ts'

export type HealthStep = { readonly state: CheckerHealth; readonly actions: readonly HealthAction[] }

/**
 * One event in the life of a checker, with keepalived's meaning of the counters: `retry` is the number of repetitions
 * after a first failure, `delay_before_retry` apart; the first result of all forgives nothing; a server that is down is
 * asked every `delay_loop`, by HTTP every max(delay_loop, delay_before_retry). Waits count from the end of the probe, and for
 * scripts from its start. By what the probe was late the wait after it is shorter, and after a success by what it took:
 * a server that answers is asked every `delay_loop`, not so long after each answer.
 */
export function stepHealth(checker: Checker, state: CheckerHealth, event: HealthEvent, now: Instant): HealthStep {
  switch (event.type) {
    case 'deadline-reached': {
      const { phase } = state
      if (phase.name !== 'waiting' || now < phase.probeAt) return { state, actions: [] }
      const start: HealthAction = { type: 'start-probe', request: state.request }
      const late = micros(now - phase.probeAt)
      return { state: { ...state, phase: { name: 'probing', since: now, late } }, actions: [start] }
    }
    case 'session-told':
      if (state.phase.name !== 'listening') return { state, actions: [] }
      return contributing(state, event.contribution, (one) => told(one, event.up ? 'up' : 'down'))
    case 'probe-ended': {
      if (state.phase.name !== 'probing') return { state, actions: [] }
      const { since, late } = state.phase
      const from = checker.kind === 'misc' ? since : now
      const ended = contributing(state, event.contribution, (one) => probeEnded(checker, one, event.meaning, from))
      const behind = event.meaning === 'success' ? late + (from - since) : late
      return catchingUp(ended, from, behind)
    }
    case 'suspended':
      return suspended(state)
    case 'resumed':
      // All that the address is for at once, but not all in one moment.
      return state.phase.name === 'suspended'
        ? wait(state, now, micros(Math.min(checker.timing.delayLoop, LONGEST_RESUMPTION) * event.random))
        : { state, actions: [] }
    default:
      return assertNever(event)
  }
}

/** Within this all checkers that were suspended ask again. */
const LONGEST_RESUMPTION: Micros = seconds(1)

function suspended(state: CheckerHealth): HealthStep {
  const { name } = state.phase
  if (name === 'suspended' || name === 'listening') return { state, actions: [] }
  return {
    state: { ...state, phase: { name: 'suspended' } },
    actions: name === 'probing' ? [{ type: 'cancel-probe' }] : [],
  }
}

/** Notes what the checker adds to the weight, and goes on with the rest of the event; a verdict is announced first. */
function contributing(
  before: CheckerHealth,
  contribution: number | undefined,
  goOn: (state: CheckerHealth) => HealthStep,
): HealthStep {
  if (contribution === undefined || contribution === before.contribution) return goOn(before)
  const { state, actions } = goOn({ ...before, contribution })
  return { state, actions: [...actions, { type: 'announce-contribution' }] }
}

function probeEnded(
  checker: Checker,
  state: CheckerHealth,
  meaning: 'success' | 'failure' | 'inconclusive',
  now: Instant,
): HealthStep {
  switch (meaning) {
    case 'success':
      return succeeded(checker, state, now)
    case 'failure':
      return failed(checker, state, now)
    // This host's own trouble (no descriptor, no such bind address) is no verdict on the server.
    case 'inconclusive':
      return wait(state, now, checker.timing.delayLoop)
    default:
      return assertNever(meaning)
  }
}

/**
 * Takes `behind` microseconds from the wait that begins at `from`, so that they do not add up and a checker keeps to its
 * period; at most a quarter of the wait, lest probes follow one another at once after a stall of the host.
 */
function catchingUp(step: HealthStep, from: Instant, behind: number): HealthStep {
  const { state, actions } = step
  if (behind === 0 || state.phase.name !== 'waiting') return step
  const { probeAt } = state.phase
  const sooner = Math.min(behind, Math.floor((probeAt - from) / 4))
  return { state: { ...state, phase: { name: 'waiting', probeAt: instant(probeAt - sooner) } }, actions }
}

/** What is told holds at once, and is told only when it changes. */
const told = (state: CheckerHealth, verdict: 'up' | 'down'): HealthStep =>
  state.verdict === verdict
    ? { state, actions: [] }
    : { state: { ...state, verdict }, actions: [{ type: 'announce-verdict', verdict }] }

function succeeded(checker: Checker, before: CheckerHealth, now: Instant): HealthStep {
  const { delayLoop } = checker.timing
  const state = before.failures === 0 ? before : { ...before, failures: 0 }

  // The url that failed is well again: that alone does not make the server up, now every url is asked for once.
  if (state.requestFailed)
    return wait({ ...state, requestFailed: false, request: 0 }, now, withinRound(checker, delayLoop))

  const next = state.request + 1
  if (next < requestCount(checker))
    return wait({ ...state, request: next }, now, state.verdict === 'up' ? delayLoop : withinRound(checker, delayLoop))
  if (state.verdict === 'up') return wait(state.request === 0 ? state : { ...state, request: 0 }, now, delayLoop)
  return wait({ ...state, verdict: 'up', request: 0 }, now, delayLoop, { type: 'announce-verdict', verdict: 'up' })
}

function failed(checker: Checker, state: CheckerHealth, now: Instant): HealthStep {
  const { retry, delayBeforeRetry } = checker.timing
  if (state.verdict === 'up' && state.failures < retry) {
    const failures = state.failures + 1
    return wait({ ...state, failures }, now, delayBeforeRetry, {
      type: 'log-forgiven-failure',
      failure: failures,
      allowed: retry,
    })
  }
  const down: CheckerHealth = { ...state, verdict: 'down', failures: 0, requestFailed: checker.kind === 'http' }
  if (state.verdict === 'down') return wait(down, now, whileDown(checker))
  return wait(down, now, whileDown(checker), { type: 'announce-verdict', verdict: 'down' })
}

function whileDown({ kind, timing }: Checker): Micros {
  return kind === 'http' ? micros(Math.max(timing.delayLoop, timing.delayBeforeRetry)) : timing.delayLoop
}

/** Between the urls of a round that is to bring the server up: fast_recovery does not wait. */
const withinRound = (checker: Checker, delayLoop: Micros): Micros =>
  checker.kind === 'http' && checker.fastRecovery ? micros(0) : delayLoop

const wait = (state: CheckerHealth, now: Instant, delay: Micros, ...actions: readonly HealthAction[]): HealthStep => ({
  state: { ...state, phase: { name: 'waiting', probeAt: after(now, delay) } },
  actions,
})
