import type { Container, Default, KeywordFacts } from './facts.ts'
import { type LineName, type OptionName, optionOf } from './lines/index.ts'
import { keywordAt } from './positions.ts'

/** What a keyword means there where it is not written; undefined: it has nothing that could be written. */
export const defaultAt = ({ default: usual, defaultIn }: Facts, at: Container): Default | undefined =>
  defaultIn?.[at] ?? usual

type Facts = Pick<KeywordFacts, 'default' | 'defaultIn'>

/** The same, of a row that has a number, on or off, or words; asking for another is a mistake in the program. */
export const usualNumber = (at: Container, name: string): number => as('number', usual(at, name), `${at} ${name}`)
export const usualTruth = (at: Container, name: string): boolean => as('boolean', usual(at, name), `${at} ${name}`)
export const usualWord = (at: Container, name: string): string => as('string', usual(at, name), `${at} ${name}`)

/**
 * What the model has for one of the words that a row lets choose from.
 * @param spelled  how each is written; absent: as it is
 */
export function usualChoice<Text extends string>(
  at: Container,
  name: string,
  of: readonly Text[],
  spelled = (one: Text): string => one,
): Text {
  const word = usualWord(at, name)
  return oneOf(of, (one) => spelled(one) === word, `${word}, the default of ${at} ${name}`)
}

/** Of a word within a line. */
export const usualOption = <Line extends LineName>(line: Line, name: OptionName<Line>): number =>
  as('number', optionOf(line, name)?.default, `${line} ${name}`)
export const usualOptionChoice = <Line extends LineName, Text extends string>(
  line: Line,
  name: OptionName<Line>,
  of: readonly Text[],
): Text => {
  const word = as('string', optionOf(line, name)?.default, `${line} ${name}`)
  return oneOf(of, (one) => one === word, `${word}, the default of ${line} ${name}`)
}

/** What strict mode makes of words of a virtual router. */
export const strictNumber = (name: string): number =>
  as('number', keywordAt('vrrp_instance', name)?.facts.strict, `strict ${name}`)
export const strictTruth = (name: string): boolean =>
  as('boolean', keywordAt('vrrp_instance', name)?.facts.strict, `strict ${name}`)

function usual(at: Container, name: string): Default | undefined {
  const keyword = keywordAt(at, name)
  return keyword && defaultAt(keyword.facts, at)
}

function oneOf<Text extends string>(words: readonly Text[], is: (one: Text) => boolean, what: string): Text {
  const found = words.find(is)
  if (found === undefined) throw new Error(`${what} in the table, is none of ${words.join(', ')}`)
  return found
}

type Kinds = { readonly number: number; readonly boolean: boolean; readonly string: string }

function as<Kind extends keyof Kinds>(kind: Kind, value: Default | undefined, of: string): Kinds[Kind] {
  if (typeof value !== kind) throw new Error(`the table has no ${kind} as default of ${of}`)
  return value as Kinds[Kind]
}
