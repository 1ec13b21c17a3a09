import type { KeptLine } from '../../model/index.ts'
import {
  argumentPattern,
  argumentsOf,
  firstNumber,
  itemPattern,
  type KeywordFacts,
  mayBeAbsent,
  valueFacts,
} from '../keywords/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, boolean, integer, type Lowering, required, shown, timer } from './arguments.ts'

/** The lines of a block that are accepted and have no effect, without those whose values cannot be, which is said. */
export const keptLines = (to: Lowering, nodes: readonly Node[]): readonly KeptLine[] =>
  nodes.flatMap((node) => (isKept(node) && isPossible(to, node) ? [kept(node)] : []))

const isKept = ({ known }: Node): boolean => known !== undefined && known.support !== 'supported'

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

/** Whether the arguments, and the lines of a block, are what the table says. */
function isPossible(to: Lowering, node: Node): boolean {
  const facts = node.known?.facts
  if (facts === undefined || facts.takes === 'flag') return true
  if (facts.takes === 'bool') return boolean(to, node) !== undefined
  return hasItsArguments(to, node, facts) && (node.block?.nodes ?? []).every((line) => isItem(to, line, facts))
}

function hasItsArguments(to: Lowering, node: Node, facts: KeywordFacts): boolean {
  const argument = argumentsOf(facts.takes)
  const [first] = node.words
  if (argument === undefined || (first === undefined && mayBeAbsent(argument))) return true
  const value = firstNumber(argument)
  const kind = value && valueFacts(value).kind
  if (kind === 'integer' && integer(to, node) === undefined) return false
  if (kind === 'number' && timer(to, node) === undefined) return false
  if (first === undefined) return required(to, node, facts.takes) !== undefined
  if (matches(argumentPattern(facts), node.words)) return true
  badValue(to, node.keyword.text, first, `is not ${facts.takes}`)
  return false
}

function isItem(to: Lowering, line: Node, facts: KeywordFacts): boolean {
  if (matches(itemPattern(facts), [line.keyword, ...line.words])) return true
  to.report.error('value', line.at, `${shown(line.keyword)} is no line of ${facts.names[0]}; it has no effect`, {
    remedy: `write ${facts.takes}`,
  })
  return false
}

const matches = (pattern: string | undefined, words: readonly Word[]): boolean =>
  pattern === undefined ||
  new RegExp(pattern).test(words.map(({ text, quoted }) => (quoted ? `"${text}"` : text)).join(' '))
