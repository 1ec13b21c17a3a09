import type { Bounds, KeywordFacts } from './facts.ts'
import { type Argument, argumentsOf, itemsOf } from './grammar.ts'
import type { LineFacts, OptionFacts } from './lines/facts.ts'
import { type LineName, lines } from './lines/index.ts'
import { decimalNumber, numberOfAnyBase, oneOf, wholeNumber } from './number-pattern.ts'
import { type ValueName, valueFacts } from './values.ts'

/** What of a row is needed to tell whether words are right. */
type Row = Pick<KeywordFacts, 'min' | 'max' | 'bounds' | 'anyCase'> & Pick<OptionFacts, 'anyBase'>

/** Where a word stands. */
type Around = Row & {
  /** Lines whose options may stand there. */
  readonly options: readonly LineName[]
  /** It may be left out, and then an option follows. */
  readonly optional: boolean
  /** All words behind it are passed over, as long as none of its own is left. */
  readonly open: boolean
}

/** What a row allows of a number that `takes` calls so. */
export function boundsOf(of: Pick<KeywordFacts, 'min' | 'max' | 'bounds'> | undefined, name: ValueName): Bounds {
  const usual = valueFacts(name)
  const own = of?.bounds?.[name] ?? of
  return { min: own?.min ?? usual.min ?? 0, ...bound(own?.max ?? usual.max) }
}

const bound = (max: number | undefined): { readonly max?: number } => (max === undefined ? {} : { max })

const END = '(?:\\s+|$)'
/** With quotes or without. */
const word = (pattern: string): string => `"?(?:${pattern})"?${END}`
const ANY = `(?:"(?:[^"\\\\]|\\\\.)*"|[^\\s"]\\S*|"\\S*)${END}`

/**
 * What stands behind the word of a row, as a regular expression (ECMA-262): it lets through all that the table allows. Bounds and choices
 * are as the table has them, and values look as they should. Undefined: nothing may stand there.
 */
export function argumentPattern(facts: KeywordFacts): string | undefined {
  const { line } = facts
  const own = line === undefined || /\bOPTION\b/.test(facts.takes)
  const argument = argumentsOf(own ? facts.takes : lines[line].takes)
  return argument && wholePattern(argument, facts, line === undefined ? [] : [line], line !== undefined)
}

/** What stands between the word of a row and its block. */
export function headPattern(facts: KeywordFacts): string | undefined {
  const argument = argumentsOf(facts.takes)
  return argument && wholePattern(argument, facts, [], false)
}

/** What a line of a list looks like, or a word of a list of words. */
export function itemPattern(facts: KeywordFacts): string | undefined {
  const { line } = facts
  if (line !== undefined) {
    const of: LineFacts = lines[line]
    const argument = argumentsOf(of.takes)
    return argument && wholePattern(argument, of, [line], true)
  }
  const argument = itemsOf(facts.takes)
  return argument && wholePattern(argument, facts, [], false)
}

const wholePattern = (argument: Argument, facts: Row, options: readonly LineName[], closed: boolean): string =>
  `^\\s*${patternOf(argument, { ...facts, options, optional: false, open: !closed })}${closed ? '$' : ''}`

function patternOf(of: Argument, around: Around): string {
  switch (of.kind) {
    case 'word':
      return word(literal(of.text, around))
    case 'value':
      return valuePattern(of.name, around)
    case 'sequence':
      return of.of
        .map((one, index) => patternOf(one, { ...around, open: around.open && index === of.of.length - 1 }))
        .join('')
    case 'choice':
      return oneOf(of.of.map((one) => patternOf(one, around)))
    case 'optional':
      return around.open
        ? `(?:${patternOf(of.of, { ...around, optional: true })}|$)`
        : `(?:${patternOf(of.of, { ...around, optional: true })})?`
    case 'repeated':
      return `(?:${patternOf(of.of, { ...around, open: false })})+${around.open ? '$' : ''}`
  }
}

function valuePattern(name: ValueName, around: Around): string {
  const { kind, pattern, file } = valueFacts(name)
  const { min = 0, max } = boundsOf(around, name)
  if (name === 'OPTION') return oneOf(around.options.map(optionPattern))
  if (name === 'HOP') return `(?:${oneOf(around.options.map(optionPattern))})+`
  if (kind === 'integer') return word(around.anyBase === true ? numberOfAnyBase(min, max) : wholeNumber(min, max))
  if (kind === 'number') return word(decimalNumber(min, max))
  if (file !== undefined && name !== 'REALMS')
    return word(`${numberOfAnyBase(min, max)}|(?!(?:\\d+|0[xX][0-9A-Fa-f]+)"?(?:\\s|$))[^\\s"]+`)
  const before = around.optional ? notAnOption(around.options) : ''
  return pattern === undefined ? before + ANY : word(before + pattern)
}

/** A word that could be left out is not one of the options that follow. */
const notAnOption = (all: readonly LineName[]): string => {
  const names = all.flatMap((line) => lines[line].options.flatMap(({ names }) => names.map(escaped)))
  return names.length === 0 ? '' : `(?!"?(?:${names.join('|')})"?(?:\\s|$))`
}

const ofLines = new Map<LineName, string>()

/** Any option of a line, with what follows it. */
function optionPattern(line: LineName): string {
  const known = ofLines.get(line)
  if (known !== undefined) return known
  const ways = (lines[line].options as readonly OptionFacts[]).map((facts) => {
    const argument = argumentsOf(facts.takes)
    const name = word(facts.names.map(escaped).join('|'))
    return argument === undefined
      ? name
      : name + patternOf(argument, { ...facts, options: facts.inner ?? [], optional: false, open: false })
  })
  ofLines.set(line, oneOf(ways))
  return oneOf(ways)
}

const literal = (text: string, { anyCase }: Row): string =>
  anyCase === true
    ? escaped(text).replace(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)
    : escaped(text)

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
