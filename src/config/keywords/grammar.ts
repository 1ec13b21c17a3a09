import { type NameFile, type ValueName, valueFacts, values } from './values.ts'

/**
 * What `takes` of a row says, as a tree. `[ ]` is optional, ` | ` separates ways to write the whole, `|` without blanks words that may
 * stand in one place, `…` repeats, capital words that are listed in `values` are values and all others stand for themselves.
 */
export type Argument =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'value'; readonly name: ValueName }
  | { readonly kind: 'sequence'; readonly of: readonly Argument[] }
  | { readonly kind: 'choice'; readonly of: readonly Argument[] }
  | { readonly kind: 'optional' | 'repeated'; readonly of: Argument }

/** What a bool may be, besides nothing. */
export const truths = ['true', 'on', 'yes'] as const
export const untruths = ['false', 'off', 'no'] as const

/** The file of iproute2 that gives names to what `takes` is; undefined: none does. */
export const nameFileOf = (takes: string): NameFile | undefined => (isValue(takes) ? valueFacts(takes).file : undefined)

const isValue = (text: string): text is ValueName => Object.hasOwn(values, text)

/** Of what stands between the word and its block or the end of the line; undefined: nothing may. */
export function argumentsOf(takes: string): Argument | undefined {
  if (takes === 'flag') return undefined
  if (takes === 'bool') return { kind: 'optional', of: choice([...truths, ...untruths].map(wordOf)) }
  return read(takes.replace(/\{.*$/, ''))
}

/** Of a line within the braces of `takes`, or a word where these are words; undefined: it does not say. */
export function itemsOf(takes: string): Argument | undefined {
  const inside = /\{ (?:lines: )?(.*) \}/.exec(takes)?.[1]
  return inside === undefined || inside === '…' ? undefined : read(inside)
}

function read(takes: string): Argument | undefined {
  const tokens = takes.match(/ \| |[[\]|…]|[^\s[\]|…]+/g) ?? []
  const state = { at: 0, tokens }
  const whole = ways(state)
  return whole.kind === 'sequence' && whole.of.length === 0 ? undefined : whole
}

const choices = new Map<string, readonly string[]>()

/** The words of `takes` that stand for themselves, wherever: `IF [lock] a|b` has lock, a and b. */
export function choicesIn(takes: string): readonly string[] {
  const known = choices.get(takes)
  if (known !== undefined) return known
  const argument = argumentsOf(takes)
  const found = argument === undefined ? [] : [...new Set(literals(argument))]
  choices.set(takes, found)
  return found
}

/** Those of them that may stand first: of `NAT | TUN [type gre]` NAT and TUN. */
export function firstWordsIn(takes: string): readonly string[] {
  const known = firstWords.get(takes)
  if (known !== undefined) return known
  const argument = argumentsOf(takes)
  const found = argument === undefined ? [] : [...new Set(beginning(argument))]
  firstWords.set(takes, found)
  return found
}

const firstWords = new Map<string, readonly string[]>()

function beginning(argument: Argument): readonly string[] {
  switch (argument.kind) {
    case 'word':
      return [argument.text]
    case 'value':
      return []
    case 'choice':
      return argument.of.flatMap(beginning)
    case 'optional':
    case 'repeated':
      return beginning(argument.of)
    case 'sequence': {
      const last = argument.of.findIndex((one) => !mayBeAbsent(one))
      return argument.of.slice(0, last < 0 ? undefined : last + 1).flatMap(beginning)
    }
  }
}

function literals(argument: Argument): readonly string[] {
  switch (argument.kind) {
    case 'word':
      return [argument.text]
    case 'value':
      return []
    case 'optional':
    case 'repeated':
      return literals(argument.of)
    default:
      return argument.of.flatMap(literals)
  }
}

/** The number that may stand first; undefined: none does. */
export function firstNumber(argument: Argument): ValueName | undefined {
  switch (argument.kind) {
    case 'word':
      return undefined
    case 'value':
      return valueFacts(argument.name).kind === 'text' ? undefined : argument.name
    case 'optional':
    case 'repeated':
      return firstNumber(argument.of)
    case 'sequence': {
      const needed = argument.of.findIndex((one) => !mayBeAbsent(one))
      return firstNumber({ kind: 'choice', of: argument.of.slice(0, needed < 0 ? undefined : needed + 1) })
    }
    case 'choice':
      return argument.of.map(firstNumber).find((name) => name !== undefined)
  }
}

/** Whether the keyword may stand alone. */
export function mayBeAbsent(argument: Argument): boolean {
  switch (argument.kind) {
    case 'optional':
      return true
    case 'repeated':
      return mayBeAbsent(argument.of)
    case 'choice':
      return argument.of.some(mayBeAbsent)
    case 'sequence':
      return argument.of.every(mayBeAbsent)
    default:
      return false
  }
}

/** How many words there can be behind the keyword. */
export function mostWords(argument: Argument): number {
  switch (argument.kind) {
    case 'optional':
      return mostWords(argument.of)
    case 'repeated':
      return Number.POSITIVE_INFINITY
    case 'choice':
      return Math.max(...argument.of.map(mostWords))
    case 'sequence':
      return argument.of.reduce((sum, one) => sum + mostWords(one), 0)
    default:
      return 1
  }
}

type Reading = { at: number; readonly tokens: readonly string[] }

/** `A B | C` */
function ways(from: Reading): Argument {
  const all = [sequence(from)]
  while (from.tokens[from.at] === ' | ') {
    from.at++
    all.push(sequence(from))
  }
  return choice(all)
}

function sequence(from: Reading): Argument {
  const of: Argument[] = []
  for (;;) {
    const token = from.tokens[from.at]
    if (token === undefined || token === ']' || token === ' | ') break
    if (token === '…') {
      from.at++
      const last = of.pop()
      if (last !== undefined) of.push({ kind: 'repeated', of: last })
    } else of.push(place(from))
  }
  return of.length === 1 ? (of[0] as Argument) : { kind: 'sequence', of }
}

/** `a|b|c` */
function place(from: Reading): Argument {
  const all = [one(from)]
  while (from.tokens[from.at] === '|') {
    from.at++
    all.push(one(from))
  }
  return choice(all)
}

function one(from: Reading): Argument {
  const token = from.tokens[from.at++] as string
  if (token !== '[') return isValue(token) ? { kind: 'value', name: token } : wordOf(token)
  const of = ways(from)
  from.at++
  return { kind: 'optional', of }
}

const wordOf = (text: string): Argument => ({ kind: 'word', text })
const choice = (of: readonly Argument[]): Argument => (of.length === 1 ? (of[0] as Argument) : { kind: 'choice', of })
