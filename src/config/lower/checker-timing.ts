import type { Micros } from '../../base/index.ts'
import type { CheckTiming } from '../../model/index.ts'
import { type Container, usualNumber } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { boolean, type Lowering } from './arguments.ts'
import { type Inherited, inherit, inheritedLine, serviceDefaults } from './inherited.ts'
import type { CheckerParents } from './pending-checker.ts'
import { usualTime } from './usual.ts'

/** The words of every checker that asks, as written. */
export type TimingDraft = {
  readonly inherited: Inherited
  logAllFailures?: boolean | undefined
}

/** Reads the line if it is one of the timing set (keepalived.conf(5)); false: it is another. */
export function timingLine(to: Lowering, node: Node, draft: TimingDraft): boolean {
  if (inheritedLine(to, node, draft.inherited)) return true
  if (node.keyword.text !== 'log_all_failures') return false
  draft.logAllFailures = boolean(to, node) ?? draft.logAllFailures
  return true
}

/** What holds where neither the checker nor its parents say something; it differs from checker to checker. */
export type TimingDefaults = { readonly retry: number; readonly delayBeforeRetry: Micros | 'delay-loop' }

/** As the table has it for a checker's block. */
export const timingDefaults = (at: Container): TimingDefaults => ({
  retry: usualNumber(at, 'retry'),
  delayBeforeRetry: usualTime(at, 'delay_before_retry'),
})

export function timingOf(draft: TimingDraft, parents: CheckerParents, defaults: TimingDefaults): CheckTiming {
  const { inherited: own } = draft
  const { inherited } = parents
  const delayLoop = own.delayLoop ?? inherit(inherited, 'delayLoop') ?? serviceDefaults.delayLoop
  const { retry, delayBeforeRetry } = defaults
  return {
    delayLoop,
    retry: own.retry ?? inherit(inherited, 'retry') ?? retry,
    delayBeforeRetry:
      own.delayBeforeRetry ??
      inherit(inherited, 'delayBeforeRetry') ??
      (delayBeforeRetry === 'delay-loop' ? delayLoop : delayBeforeRetry),
    warmup: own.warmup ?? inherit(inherited, 'warmup') ?? delayLoop,
    alpha: own.alpha ?? inherit(inherited, 'alpha') ?? serviceDefaults.alpha,
    logAllFailures: draft.logAllFailures ?? parents.logAllFailures,
  }
}
