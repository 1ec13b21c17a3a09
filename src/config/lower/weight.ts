import type { TrackedWeight } from '../../model/index.ts'
import { type Container, choicesIn, usualNumber } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { badValue, integer, type Lowering, noneOf } from './arguments.ts'

/** What a block that can be tracked has where its weight is not written. */
export const usualWeight = (at: Container): TrackedWeight => ({ weight: usualNumber(at, 'weight'), reverse: false })

/** The first line that says something else than is usual (keepalived). */
export function firstWeight(to: Lowering, line: Node, before: TrackedWeight, usual: TrackedWeight): TrackedWeight {
  const weight = readWeight(to, line)
  return weight === undefined || before.weight !== usual.weight ? before : weight
}

/** `weight N [reverse]`, or `weight N [reverse|noreverse]`. */
export function readWeight(to: Lowering, line: Node): TrackedWeight | undefined {
  const weight = integer(to, line)
  const option = line.words[1]
  const options = choicesIn(line.known?.facts.takes ?? '')
  if (option !== undefined && !options.includes(option.text)) badValue(to, 'weight', option, noneOf(options))
  return weight === undefined ? undefined : { weight, reverse: option?.text === 'reverse' }
}

/** As an object has it that only shows it: nothing where it is usual. */
export const shownWeight = (weight: TrackedWeight, usual: TrackedWeight): { readonly weight?: TrackedWeight } =>
  weight.weight === usual.weight && !weight.reverse ? {} : { weight }
