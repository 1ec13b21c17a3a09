import type { IpAddress } from '../../base/index.ts'
import type { Checker } from '../../model/index.ts'
import type { Inherited } from './inherited.ts'
import type { LoweredFile } from './tracker.ts'

/** The parents' words, nearest first, and where a checker connects by default. */
export type CheckerParents = {
  readonly inherited: readonly Inherited[]
  readonly address: IpAddress
  readonly port: number
  /** The configured one. */
  readonly weight: number
  readonly files: ReadonlyMap<string, LoweredFile>
  readonly logAllFailures: boolean
}

/**
 * A checker block that has been read; what it inherits is known when its virtual server has been read to the end. Then
 * this makes the checkers of it: most often one, none where it cannot work and an error was said.
 */
export type PendingChecker = (parents: CheckerParents) => readonly Checker[]
