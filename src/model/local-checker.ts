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

/** The number in a track_file decides, or weighs: nothing is asked, and its timing means nothing. */
export type FileChecker = {
  readonly kind: 'file'
  readonly timing: CheckTiming
  /** The name of a track_file. */
  readonly file: string
  /** 0: down while the number is not 0. Else the number times this is added to the server's weight; ±2147483647. */
  readonly weight: number
  /** Of 0: down while the number is 0. Else the sign is turned. */
  readonly reverse: boolean
}
