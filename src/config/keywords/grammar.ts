/**
 * What `takes` of a row says, as a tree. `[ ]` is optional, ` | ` separates ways to write the whole, `|` without blanks words that may
 * stand in one place, `…` repeats, capital words that are listed in `valueKinds` are values and all others stand for themselves.
 */
export type Argument =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'value'; readonly name: ValueName }
  | { readonly kind: 'sequence'; readonly of: readonly Argument[] }
  | { readonly kind: 'choice'; readonly of: readonly Argument[] }
  | { readonly kind: 'optional' | 'repeated'; readonly of: Argument }

/** Values and what they are: a whole number, one with decimals, or a text. */
export const valueKinds = {
  N: 'integer',
  BYTES: 'integer',
  ID: 'integer',
  MAX: 'integer',
  MICROSECONDS: 'integer',
  PORT: 'integer',
  PERCENT: 'integer',
  PREFIXLEN: 'integer',
  PRIORITY: 'integer',
  START: 'integer',
  VALUE: 'text',
  MILLISECONDS: 'number',
  SECONDS: 'number',
  SHA256: 'text',
  VERSION: 'text',
  'VERSION-VERSION': 'text',
  ADDRESS: 'text',
  ARG: 'text',
  COMMAND: 'text',
  CPU: 'text',
  DIR: 'text',
  DOMAIN: 'text',
  DSFIELD: 'text',
  FILE: 'text',
  FLAG: 'text',
  GROUP: 'text',
  HEX: 'text',
  HOP: 'text',
  HOST: 'text',
  IF: 'text',
  IFGROUP: 'text',
  INSTANCE: 'text',
  LABELS: 'text',
  LOCATOR: 'text',
  LOGFILE: 'text',
  MAC: 'text',
  MARK: 'text',
  MASK: 'text',
  'N-N': 'text',
  NAME: 'text',
  NETMASK: 'text',
  OPTION: 'text',
  PATH: 'text',
  PATTERN: 'text',
  PREFIX: 'text',
  PROTOCOL: 'text',
  REALMS: 'text',
  SCOPE: 'text',
  SPEC: 'text',
  STRING: 'text',
  TABLE: 'text',
  TEST: 'text',
  TIME: 'text',
  USER: 'text',
  VS: 'text',
} as const

export type ValueName = keyof typeof valueKinds

/** Values that may be a name out of a file of iproute2, and which. */
const nameFiles = {
  DSFIELD: 'rt_dsfield',
  IFGROUP: 'group',
  PROTOCOL: 'rt_protos',
  REALMS: 'rt_realms',
  SCOPE: 'rt_scopes',
  TABLE: 'rt_tables',
} as const satisfies Partial<Record<ValueName, string>>

export type NameFile = (typeof nameFiles)[keyof typeof nameFiles]

/** The file of iproute2 that gives names to what `takes` is; undefined: none does. */
export const nameFileOf = (takes: string): NameFile | undefined =>
  Object.hasOwn(nameFiles, takes) ? nameFiles[takes as keyof typeof nameFiles] : undefined

/** Of what stands between the word and its block or the end of the line; undefined: nothing may. */
export function argumentsOf(takes: string): Argument | undefined {
  if (takes === 'flag') return undefined
  if (takes === 'bool') return { kind: 'optional', of: choice(['true', 'false', 'on', 'off', 'yes', 'no'].map(wordOf)) }
  const tokens = takes.replace(/\{.*$/, '').match(/ \| |[[\]|…]|[^\s[\]|…]+/g) ?? []
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
  if (token !== '[')
    return Object.hasOwn(valueKinds, token) ? { kind: 'value', name: token as ValueName } : wordOf(token)
  const of = ways(from)
  from.at++
  return { kind: 'optional', of }
}

const wordOf = (text: string): Argument => ({ kind: 'word', text })
const choice = (of: readonly Argument[]): Argument => (of.length === 1 ? (of[0] as Argument) : { kind: 'choice', of })
