import type { FileChecker } from '../../model/index.ts'
import { type Outcome, outcome } from './outcome.ts'

/** The most that a number can add or take away; a product beyond it upwards counts as this. */
const MOST = 2_147_483_647

/**
 * FILE_CHECK: what the number in a tracked file comes to (keepalived.conf(5)). Without a weight it decides; with one it is
 * added to the server's weight, and what would take away more than any server has takes the server out.
 * @param value  a whole number; that of a missing, empty or wrong file is 0
 * @returns `outcome` with what it adds to the server's weight
 */
export function judgeFile(
  { file, weight, reverse }: Pick<FileChecker, 'file' | 'weight' | 'reverse'>,
  value: number,
): { readonly up: boolean; readonly outcome: Outcome } {
  const holds = `file ${file} holds ${value}`
  if (weight === 0) {
    const up = (value === 0) !== reverse
    return { up, outcome: { ...outcome(up ? 'file-up' : 'file-down', holds), contribution: 0 } }
  }
  const product = value * weight * (reverse ? -1 : 1)
  if (product < -MOST) return { up: false, outcome: outcome('file-down', `${holds}, which outweighs any server`) }
  // Adding 0 also turns -0 into 0.
  const added = Math.min(MOST, product) + 0
  const detail = added === 0 ? holds : `${holds}: weight ${added > 0 ? '+' : '−'}${Math.abs(added)}`
  return { up: true, outcome: { ...outcome('file-up', detail), contribution: added } }
}
