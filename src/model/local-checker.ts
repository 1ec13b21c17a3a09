import type { Micros } from '../base/index.ts'
import type { CheckTiming } from './checker.ts'
import type { Command } from './command.ts'

/** Runs a script: exit code 0 is good. Waits of its timing count from start to start. */
export type MiscChecker = {
  readonly kind: 'misc'
  readonly timing: CheckTiming
  readonly command: Command
  /** A run that takes longer has failed, and is ended. */
  readonly timeout: Micros
  /** misc_dynamic: an exit code from 2 on sets the weight, in the place of this, the configured one. */
  readonly dynamicFrom?: number
}
