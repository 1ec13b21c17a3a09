import { type Family, familyOf, type IpAddress, parseAddress } from '../../base/index.ts'
import type { PortRange, Prefix } from '../../model/index.ts'
import {
  choicesIn,
  isOption,
  type LineName,
  lines,
  MOST_32,
  nameFileOf,
  type OptionFacts,
  type OptionName,
  optionOf,
  optionWords,
} from '../keywords/index.ts'
import { nearest } from '../nearest.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { isInterfaceName, type Lowering, noneOf, shown } from './arguments.ts'

/** A line of options read word by word. The first mistake is said, and the line has failed: it is to be left out. */
export type OptionLine<Line extends LineName = LineName> = {
  readonly failed: () => boolean
  readonly at: Span
  next(): Word | undefined
  /** The next word without taking it. */
  peek(): Word | undefined
  /** Which option a word is; undefined: none. */
  option(word: Word): OptionName<Line> | undefined
  /** The word after this option. */
  value(option: Word): Word | undefined
  /** A whole number within the bounds of the option. */
  number(option: Word): number | undefined
  /** `A-B` within the bounds of the option, or one number for both; keepalived refuses a single one. */
  range(option: Word): PortRange | undefined
  /** A number within the bounds of the option, or a name of iproute2. */
  named(option: Word): number | undefined
  /** One of the words that the table has for the option, or a number within its bounds if it has any. */
  choice(option: Word): string | undefined
  address(option: Word, family?: Family): IpAddress | undefined
  interface(option: Word): string | undefined
  /** The same line, where the words that follow are options of another kind. */
  as<Other extends LineName>(other: Other): OptionLine<Other>
  refuse(at: Span, message: string, remedy?: string): undefined
  /** Refuses a word that is none of the options. */
  refuseWord(word: Word, remedy?: string): undefined
}

/** @param title  what the complaint says is left out: `the route 10.0.0.0/8` */
export function optionLine<Line extends LineName>(
  to: Lowering,
  node: Node,
  title: string,
  kind: Line,
): OptionLine<Line> {
  const words = [node.keyword, ...node.words]
  let at = 0
  let failed = false

  const refuse = (span: Span, message: string, remedy?: string): undefined => {
    if (!failed)
      to.report.error('value', span, `${message}; ${title} is left out`, remedy === undefined ? {} : { remedy })
    failed = true
  }
  const value = (option: Word): Word | undefined => {
    const word = words[at++]
    if (word !== undefined) return word
    if (!failed) to.report.error('missing-argument', option.at, `${option.text} needs a value; ${title} is left out`)
    failed = true
    return undefined
  }
  const lineOf = <Kind extends LineName>(of: Kind): OptionLine<Kind> => {
    const factsOf = (option: Word): OptionFacts | undefined => optionOf(of, option.text)
    const boundsOf = (option: Word) => {
      const { min = 0, max = MOST_32 } = factsOf(option) ?? {}
      return { min, max }
    }
    return {
      at: node.at,
      failed: () => failed,
      next: () => words[at++],
      peek: () => words[at],
      option: ({ text }) => (isOption(of, text) ? text : undefined),
      value,
      number(option) {
        const word = value(option)
        if (word === undefined) return undefined
        const { min, max } = boundsOf(option)
        const number = factsOf(option)?.anyBase ? based(word.text) : decimal(word.text)
        if (number !== undefined && number >= min && number <= max) return number
        return refuse(word.at, `${option.text} ${shown(word)} is not a whole number from ${min} to ${max}`)
      },
      range(option) {
        const word = value(option)
        if (word === undefined) return undefined
        const { max } = boundsOf(option)
        const [, first, last = first] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(word.text) ?? []
        const range = { from: Number(first), to: Number(last) }
        if (first !== undefined && range.from <= range.to && range.to <= max) return range
        return refuse(word.at, `${option.text} ${shown(word)} is no range up to ${max}`, `write ${option.text} A-B`)
      },
      named(option) {
        const word = value(option)
        const file = nameFileOf(factsOf(option)?.takes ?? '')
        if (word === undefined || file === undefined) return undefined
        const { min, max } = boundsOf(option)
        const number = to.names.numberOf(file, word.text)
        if (number !== undefined && number >= min && number <= max) return number
        const range = min === 0 ? `up to ${max}` : `from ${min} to ${max}`
        return refuse(
          word.at,
          `${option.text} ${shown(word)} is neither a number ${range} nor a name`,
          `names are in ${file} of iproute2`,
        )
      },
      choice(option) {
        const word = value(option)
        if (word === undefined) return undefined
        const { takes = '', min = 0, max, anyCase = false } = factsOf(option) ?? {}
        const words = choicesIn(takes)
        const number = decimal(word.text)
        const found = words.find((one) => one === word.text || (anyCase && one === word.text.toLowerCase()))
        if (found !== undefined) return found
        if (max !== undefined && number !== undefined && number >= min && number <= max) return word.text
        const all = max === undefined ? words : [...words, `${min} to ${max}`]
        return refuse(word.at, `${option.text} ${shown(word)} ${noneOf(all)}`)
      },
      address(option, family) {
        const word = value(option)
        if (word === undefined) return undefined
        const address = parseAddress(word.text)
        if (address === undefined)
          return refuse(word.at, `${option.text} ${shown(word)} is not an IPv4 or IPv6 address`)
        if (family !== undefined && familyOf(address) !== family)
          return refuse(word.at, `${option.text} ${shown(word)} is not IPv${family} as the rest is`)
        return address
      },
      interface(option) {
        const word = value(option)
        if (word === undefined) return undefined
        if (isInterfaceName(word.text)) return word.text
        return refuse(word.at, `${option.text} ${shown(word)} is no interface name`)
      },
      as: lineOf,
      refuse,
      refuseWord(word, remedy) {
        const like = nearest(word.text, optionWords(of))
        return refuse(
          word.at,
          `${shown(word)} is no option of ${lines[of].is}`,
          remedy ?? (like === undefined ? undefined : `did you mean ${like}?`),
        )
      },
    }
  }
  return lineOf(kind)
}

const decimal = (text: string): number | undefined => (/^\d{1,12}$/.test(text) ? Number(text) : undefined)

const based = (text: string): number | undefined => {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text.slice(2), 16)
  if (/^0[0-7]{1,11}$/.test(text)) return Number.parseInt(text, 8)
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined
}

/** `ADDRESS[/LENGTH]`, or an IPv4 mask for the length; undefined for anything else. */
export function prefixIn(text: string): Prefix | undefined {
  const [first, second, third] = text.split('/') as [string, string | undefined, string | undefined]
  const address = parseAddress(first)
  if (address === undefined || third !== undefined) return undefined
  const full = familyOf(address) === 4 ? 32 : 128
  if (second === undefined) return { address, length: full }
  const length = /^\d{1,3}$/.test(second) ? Number(second) : undefined
  return length !== undefined && length <= full ? { address, length } : undefined
}

/** `default`, `any`, `all`: every address of a family. */
export const isEverything = (text: string): boolean => EVERYTHING.includes(text)

const EVERYTHING = choicesIn(optionOf('rule', 'from')?.takes ?? '')

export const everything = (family: Family): Prefix => ({
  address: parseAddress(family === 4 ? '0.0.0.0' : '::') as IpAddress,
  length: 0,
})

/** `[FROM/]TO` as one number; undefined where one of them is neither a number nor a name. */
export function realmsIn(to: Lowering, text: string): number | undefined {
  const parts = text.split('/')
  const numbers = parts.map((part) => to.names.numberOf('rt_realms', part))
  if (parts.length > 2 || numbers.some((number) => number === undefined || number > 0xffff)) return undefined
  const [first = 0, second] = numbers
  return second === undefined ? first : ((first << 16) | second) >>> 0
}
