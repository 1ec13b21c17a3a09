import { addressBytes, familyOf, type IpAddress, type Micros, micros, parseAddress } from '../../base/index.ts'
import type { Command } from '../../model/index.ts'
import {
  boundsOf,
  firstWordsIn,
  LONGEST_INTERFACE_NAME,
  MOST_32,
  truths,
  untruths,
  type ValueName,
  values,
} from '../keywords/index.ts'
import type { ConfigPorts } from '../ports.ts'
import type { Report, Span } from '../report.ts'
import { commandArguments, type Node, type Tree, type Word } from '../syntax/index.ts'
import type { IprouteNames } from './iproute-names.ts'

/** What reading a value needs: where to complain, the tree to read a script's line again, and files that values name. */
export type Lowering = {
  readonly report: Report
  readonly tree: Tree
  readonly read: ConfigPorts['read']
  readonly patternFault?: NonNullable<ConfigPorts['patternFault']>
  readonly tlsFault?: NonNullable<ConfigPorts['tlsFault']>
  /** Where the service manager has put credentials (systemd.exec(5)); undefined: it has none for us. */
  readonly credentials?: string
  readonly names: IprouteNames
  /** What comes of a wrong line, where that is more than that it has no effect. */
  readonly consequence?: string
  /** Hears what is wrong with a line, as it is told, without what comes of it. */
  readonly onFault?: (fault: string) => void
}

/** Tells what is wrong with a line, and what comes of that. */
export function wrongLine(
  to: Lowering,
  kind: 'missing-argument' | 'value',
  at: Span,
  fault: string,
  details?: { readonly remedy: string },
): void {
  to.onFault?.(fault)
  to.report.error(kind, at, `${fault}; ${to.consequence ?? 'the line has no effect'}`, details)
}

/** The argument after the keyword, or a complaint that it is missing. */
export function required(to: Lowering, node: Node, what: string, index = 0): Word | undefined {
  const word = node.words[index]
  if (word === undefined)
    wrongLine(to, 'missing-argument', node.at, `${node.keyword.text} needs ${what}`, {
      remedy: `write ${[node.keyword.text, ...node.words.map((one) => one.text)].slice(0, 3).join(' ')} and ${what}`,
    })
  return word
}

/** Seconds that are still exact in microseconds. */
const EXACT_SECONDS = 9_007_199_254

type Range = { readonly min: number; readonly max: number }

/** What the table allows the keyword of a line. */
const bounds = ({ known }: Node, most: number): Range => ({ min: known?.facts.min ?? 0, max: known?.facts.max ?? most })

/** What the table allows a number of the line that `takes` calls so. */
export function rangeOf({ known }: Node, name: ValueName): Range {
  const { min = 0, max = MOST_32 } = boundsOf(known?.facts, name)
  return { min, max }
}

/** What the keyword means without a number. */
export const alone = ({ known }: Node): number | undefined => known?.facts.alone

/** A whole decimal number in a range; anything else is an error at the word, and undefined. */
export function integer(to: Lowering, node: Node, range = bounds(node, MOST_32), index = 0): number | undefined {
  const word = node.words[index]
  if (word !== undefined) return integerWord(to, node.keyword.text, word, range)
  required(to, node, `a whole number from ${range.min} to ${range.max}`, index)
  return undefined
}

export function integerWord(to: Lowering, keyword: string, word: Word, { min, max }: Range): number | undefined {
  const value = /^-?\d{1,12}$/.test(word.text) ? Number(word.text) : undefined
  if (value !== undefined && value >= min && value <= max) return value
  badValue(to, keyword, word, `is not a whole number from ${min} to ${max}`)
  return undefined
}

/** keepalived.conf(5) knows no units: in a lenient timer `10s` was read as 10 µs there, here it is refused. */
const WITH_UNIT = /^(\d+(?:\.\d+)?)(?:us|ms|s|sec|m|min|h)$/

/** Seconds with at most six decimals, in a range of seconds; anything else is an error at the word, and undefined. */
export function timer(to: Lowering, node: Node, range = bounds(node, EXACT_SECONDS), index = 0): Micros | undefined {
  const word = required(to, node, 'a number of seconds', index)
  return word === undefined ? undefined : timerWord(to, node.keyword.text, word, range)
}

function timerWord(to: Lowering, keyword: string, word: Word, { min, max }: Range): Micros | undefined {
  const value = /^(?:\d{1,12}(?:\.\d*)?|\.\d+)$/.test(word.text) ? Number(word.text) : undefined
  if (value === undefined || value < min || value > max) {
    const unit = WITH_UNIT.exec(word.text)
    if (unit !== null)
      return badValue(
        to,
        keyword,
        word,
        'has a unit',
        `times are seconds without a unit, for instance ${keyword} ${unit[1]}`,
      )
    const range = max === EXACT_SECONDS ? `of at least ${min}` : `from ${min} to ${max}`
    badValue(to, keyword, word, `is not a number of seconds ${range}`)
    return undefined
  }
  if (!Number.isInteger(value) && /\.\d{7,}$/.test(word.text))
    to.report.warning('remark', word.at, `${keyword} ${word.text}: rounded to whole microseconds`)
  return micros(value * 1_000_000)
}

/** true, on, yes / false, off, no in lower case; nothing written means true. */
export function boolean(to: Lowering, node: Node): boolean | undefined {
  const word = node.words[0]
  const is = (text: string): boolean => text === word?.text
  if (word === undefined || truths.some(is)) return true
  if (untruths.some(is)) return false
  badValue(to, node.keyword.text, word, `is neither ${truths.join(', ')} nor ${untruths.join(', ')}`)
  return undefined
}

/** The same, kept as `true` or not at all. */
export function switched<Key extends string>(
  to: Lowering,
  node: Node,
  of: { [Name in Key]?: true | undefined },
  key: Key,
): void {
  const is = boolean(to, node)
  if (is === true) Object.assign(of, { [key]: true })
  else if (is === false) delete of[key]
}

/** A numeric address. What follows a `/` is dropped with a remark; keepalived drops it without. */
export function address(to: Lowering, node: Node, index = 0): { value: IpAddress; at: Span } | undefined {
  const word = required(to, node, 'an address', index)
  if (word === undefined) return undefined
  const value = addressWord(to, node.keyword.text, word)
  return value === undefined ? undefined : { value, at: word.at }
}

export function addressWord(to: Lowering, keyword: string, word: Word): IpAddress | undefined {
  const slash = word.text.indexOf('/')
  const [text, prefix] = slash < 0 ? [word.text] : (word.text.split('/') as [string, string | undefined])
  const value = parseAddress(text)
  if (value === undefined) {
    badValue(to, keyword, word, 'is not an IPv4 or IPv6 address')
    return undefined
  }
  if (prefix !== undefined)
    to.report.warning('remark', word.at, `${keyword} ${shown(word)}: /${prefix} means nothing here`)
  return value
}

export const portWord = (to: Lowering, keyword: string, word: Word): number | undefined =>
  integerWord(to, `${keyword} port`, word, { min: values.PORT.min, max: values.PORT.max })

/** An interface name of at most 15 bytes; whether there is such an interface is asked later. */
export function interfaceName(to: Lowering, node: Node, index = 0): Word | undefined {
  const word = required(to, node, 'an interface', index)
  if (word === undefined) return undefined
  return isInterfaceName(word.text) ? word : badValue(to, node.keyword.text, word, 'is no interface name')
}

/** What Linux allows. */
export const isInterfaceName = (text: string): boolean =>
  text !== '' &&
  text !== '.' &&
  text !== '..' &&
  !/[/\s]/.test(text) &&
  new TextEncoder().encode(text).length <= LONGEST_INTERFACE_NAME

/** `COMMAND [USER [GROUP]]` by the script reader: the second word is split again into program and arguments. */
export function command(to: Lowering, node: Node): Command | undefined {
  const words = to.tree.scriptWords(node)
  const [, text, user, group] = words
  if (text === undefined) {
    required(to, { ...node, words: [] }, 'a command')
    return undefined
  }
  const open = words.find(({ closed }) => !closed)
  if (open !== undefined) {
    badValue(to, node.keyword.text, open, 'has a quote that is not closed', 'put # and ! inside double quotes')
    return undefined
  }
  const argv = commandArguments(text.text)
  if (argv === undefined) {
    badValue(to, node.keyword.text, text, 'has a quote that is not closed')
    return undefined
  }
  if (argv.length === 0 || argv[0] === '') {
    badValue(to, node.keyword.text, text, 'is no command')
    return undefined
  }
  return {
    argv,
    ...(user === undefined ? {} : { user: user.text }),
    ...groupOf(group),
  }
}

/** `GROUP`, or `:GROUP` or `:` for one that comes with all other groups of the user (keepalived.conf(5)). */
export function groupOf(word: Word | undefined): Pick<Command, 'group' | 'supplementaryGroups'> {
  if (word === undefined) return {}
  if (!word.text.startsWith(':')) return { group: word.text }
  const group = word.text.replace(/^:+/, '')
  return { ...(group === '' ? {} : { group }), supplementaryGroups: true }
}

export function badValue(to: Lowering, keyword: string, word: Word, why: string, remedy?: string): undefined {
  const undefinedName = /\$\{?([A-Za-z_]\w*)/.exec(word.text)?.[1]
  const help = undefinedName === undefined ? remedy : `there is no definition $${undefinedName}=… before this line`
  const details = help === undefined ? undefined : { remedy: help }
  wrongLine(to, 'value', word.at, `${keyword} ${shown(word)} ${why}`, details)
}

/** `is not a, b or c`. */
export function noneOf(words: readonly string[]): string {
  const [first = '', second, ...more] = words
  if (second === undefined) return `is not ${first}`
  return more.length === 0 ? `is neither ${first} nor ${second}` : `is not ${eitherOf(words)}`
}

/** `a, b or c`. */
export const eitherOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

/**
 * The argument of a keyword that has words to choose from in the table, in the case that the table writes it in; anything else is an
 * error at the word, and undefined.
 */
export function choice(to: Lowering, node: Node, index = 0): { readonly text: string; readonly at: Span } | undefined {
  const { takes = '', anyCase = false } = node.known?.facts ?? {}
  const words = firstWordsIn(takes)
  const word = required(to, node, eitherOf(words), index)
  if (word === undefined) return undefined
  const found = words.find((one) => one === word.text || (anyCase && one.toLowerCase() === word.text.toLowerCase()))
  return found === undefined ? badValue(to, node.keyword.text, word, noneOf(words)) : { text: found, at: word.at }
}

/** The same, as one of the words that the table has from the model. */
export function choiceOf<Text extends string>(to: Lowering, node: Node, words: readonly Text[]): Text | undefined {
  const found = choice(to, node)
  return words.find((one) => one === found?.text)
}

export const shown = (word: Word): string => {
  const text = word.text.length > 60 ? `${word.text.slice(0, 60)}…` : word.text
  return word.quoted || text === '' ? `"${text}"` : text
}

/** The bits of a network mask, or undefined where they are not all at the front. */
export function prefixOfMask(mask: IpAddress): number | undefined {
  if (familyOf(mask) !== 4) return undefined
  const bits = [...addressBytes(mask)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits) ? bits.replace(/0+$/, '').length : undefined
}
