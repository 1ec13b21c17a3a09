import type { KeptLine } from '../../model/index.ts'
import { type Argument, argumentsOf, mayBeAbsent, valueKinds } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { boolean, integer, type Lowering, required, timer } from './arguments.ts'

/** The lines of a block that are accepted and have no effect, without those whose values cannot be, which is said. */
export const keptLines = (to: Lowering, nodes: readonly Node[]): readonly KeptLine[] =>
  nodes.flatMap((node) => (node.known?.support === 'accepted' && isPossible(to, node) ? [kept(node)] : []))

/** `{ kept: … }` where there is any. */
export const keptOf = (lines: readonly KeptLine[]): { readonly kept?: readonly KeptLine[] } =>
  lines.length === 0 ? {} : { kept: lines }

function kept(node: Node): KeptLine {
  const { keyword, block } = node
  const words = node.known?.facts.takes === 'flag' ? [] : node.words
  return {
    words: [keyword, ...words].map(({ text }) => text),
    ...(block === undefined
      ? {}
      : { lines: block.nodes.map((line) => [line.keyword, ...line.words].map(({ text }) => text)) }),
  }
}

/** Whether the arguments are what the table says, as far as one of its kinds of value tells. */
function isPossible(to: Lowering, node: Node): boolean {
  const takes = node.known?.facts.takes ?? 'flag'
  if (takes === 'bool') return boolean(to, node) !== undefined
  const argument = argumentsOf(takes)
  if (argument === undefined || (node.words.length === 0 && mayBeAbsent(argument))) return true
  const value = firstValue(argument)
  switch (value === undefined ? 'text' : valueKinds[value.name]) {
    case 'integer':
      return integer(to, node) !== undefined
    case 'number':
      return timer(to, node) !== undefined
    default:
      return required(to, node, 'a value') !== undefined
  }
}

function firstValue(of: Argument): Extract<Argument, { kind: 'value' }> | undefined {
  switch (of.kind) {
    case 'value':
      return of
    case 'word':
      return undefined
    case 'optional':
    case 'repeated':
      return firstValue(of.of)
    default:
      return of.of[0] && firstValue(of.of[0])
  }
}
