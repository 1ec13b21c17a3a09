import { assertNever } from '../../base/index.ts'
import type { MiscChecker } from '../../model/index.ts'
import { type Outcome, outcome } from './outcome.ts'

/** How a script that was to be run for a checker ended. */
export type ScriptEnd =
  | { readonly type: 'exited'; readonly code: number }
  | { readonly type: 'killed'; readonly signal: string }
  /** It took longer than it may; it is being ended. */
  | { readonly type: 'timed-out' }
  | { readonly type: 'not-run'; readonly reason: string }

/** Exit codes from here on set the weight, so much less. */
const WEIGHT_FROM = 2

/**
 * MISC_CHECK: exit code 0 is good. With misc_dynamic so are 2 to 255, which set the weight to 0 to 253, and 0 sets it back
 * (keepalived.conf(5)). A script that cannot be run says nothing of the server.
 */
export function judgeMisc(
  { timeout, dynamicFrom }: Pick<MiscChecker, 'timeout' | 'dynamicFrom'>,
  end: ScriptEnd,
): Outcome {
  switch (end.type) {
    case 'exited': {
      const detail = `the script ended with exit code ${end.code}`
      if (end.code === 0)
        return { ...outcome('accepted', detail), ...(dynamicFrom === undefined ? {} : { contribution: 0 }) }
      if (dynamicFrom === undefined || end.code < WEIGHT_FROM) return outcome('script-failed', detail)
      const weight = end.code - WEIGHT_FROM
      return { ...outcome('accepted', `${detail}: weight ${weight}`), contribution: weight - dynamicFrom }
    }
    case 'killed':
      return outcome('script-failed', `the script was ended by ${end.signal}`)
    case 'timed-out':
      return outcome('script-timeout', `the script takes longer than ${timeout / 1_000_000} s`)
    case 'not-run':
      return outcome('local-error', `the script is not run: ${end.reason}`)
    default:
      return assertNever(end)
  }
}
