import { type Family, familyOf, type IpAddress, parseAddress } from '../../base/index.ts'
import type { Prefix } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { isInterfaceName, type Lowering, shown } from './arguments.ts'
import type { NameFile } from './iproute-names.ts'

/** A line of options read word by word. The first mistake is said, and the line has failed: it is to be left out. */
export type OptionLine = {
  readonly failed: () => boolean
  readonly at: Span
  next(): Word | undefined
  /** The next word without taking it. */
  peek(): Word | undefined
  /** The word after this option. */
  value(option: Word): Word | undefined
  /** A whole decimal number; `based`: also 0x and 0 notation. */
  number(option: Word, min: number, max: number, notation?: 'decimal' | 'based'): number | undefined
  /** A number, or a name of iproute2. */
  named(option: Word, file: NameFile, max: number): number | undefined
  address(option: Word, family?: Family): IpAddress | undefined
  interface(option: Word): string | undefined
  refuse(at: Span, message: string, remedy?: string): undefined
}

/** @param title  what the complaint says is left out: `the route 10.0.0.0/8` */
export function optionLine(to: Lowering, node: Node, title: string): OptionLine {
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
  return {
    at: node.at,
    failed: () => failed,
    next: () => words[at++],
    peek: () => words[at],
    value,
    number(option, min, max, notation = 'decimal') {
      const word = value(option)
      if (word === undefined) return undefined
      const number =
        notation === 'based' ? based(word.text) : /^\d{1,12}$/.test(word.text) ? Number(word.text) : undefined
      if (number !== undefined && number >= min && number <= max) return number
      return refuse(word.at, `${option.text} ${shown(word)} is not a whole number from ${min} to ${max}`)
    },
    named(option, file, max) {
      const word = value(option)
      if (word === undefined) return undefined
      const number = to.names.numberOf(file, word.text)
      if (number !== undefined && number <= max) return number
      return refuse(
        word.at,
        `${option.text} ${shown(word)} is neither a number up to ${max} nor a name`,
        `names are in ${file} of iproute2`,
      )
    },
    address(option, family) {
      const word = value(option)
      if (word === undefined) return undefined
      const address = parseAddress(word.text)
      if (address === undefined) return refuse(word.at, `${option.text} ${shown(word)} is not an IPv4 or IPv6 address`)
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
    refuse,
  }
}

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
export const isEverything = (text: string): boolean => /^(?:default|any|all)$/.test(text)

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
