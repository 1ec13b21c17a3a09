import { isOption, type LineName, type OptionFacts, type OptionName, optionOf } from '../keywords/index.ts'
import type { Word } from '../syntax/index.ts'
import { integerWord, type Lowering } from './arguments.ts'

/** An option as it stands in a line, with the word that follows if it takes one; or a word that is no option there. */
export type LineWord<Line extends LineName> =
  | {
      readonly option: OptionName<Line>
      readonly facts: OptionFacts
      readonly word: Word
      /** Undefined for a flag, and where the line ends too early, which `incomplete` tells. */
      readonly value: Word | undefined
      readonly incomplete: boolean
    }
  | { readonly option: undefined; readonly word: Word }

/** What words are by the table: for lines whose options take one value or none. */
export function lineWords<Line extends LineName>(line: Line, words: readonly Word[]): readonly LineWord<Line>[] {
  const found: LineWord<Line>[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as Word
    const facts = optionOf(line, word.text)
    if (facts === undefined || !isOption(line, word.text)) {
      found.push({ option: undefined, word })
      continue
    }
    const takesValue = facts.takes !== 'flag'
    const value = takesValue ? words[++i] : undefined
    found.push({ option: word.text, facts, word, value, incomplete: takesValue && value === undefined })
  }
  return found
}

/** A whole number within the bounds of an option. */
export const optionNumber = (
  to: Lowering,
  keyword: string,
  { min = 0, max }: OptionFacts,
  value: Word,
): number | undefined => integerWord(to, keyword, value, { min, max: max ?? Number.MAX_SAFE_INTEGER })
