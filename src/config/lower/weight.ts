import type { Track } from '../../model/index.ts'
import type { Node } from '../syntax/index.ts'
import { integer, type Lowering } from './arguments.ts'

/** A weight and its direction, as an object that can be tracked has them for those who track it without saying. */
export type TrackedWeight = Pick<Track, 'weight' | 'reverse'>

/** `weight N [reverse]`. */
export function readWeight(to: Lowering, line: Node): TrackedWeight | undefined {
  const weight = integer(to, line)
  return weight === undefined ? undefined : { weight, reverse: line.words[1]?.text === 'reverse' }
}
