import { nextOf } from '../next-of.ts'
import { parse as runParser } from './parser.generated.js'

/** What a line is made of, in order; offsets count in the whole text. */
export type TokenSink = {
  /** A word whose text is what stands there. */
  plain(start: number, end: number): void
  /** Any other word: quoted, or with escapes; `closed`: its quote is not left open. */
  odd(start: number, end: number, word: OddWord): void
  open(at: number): void
  close(at: number): void
}

export type OddWord = { readonly text: string; readonly quoted: boolean; readonly closed: boolean }

type RawToken =
  | { readonly kind: 'word'; readonly start: number; readonly end: number; readonly word: OddWord }
  | { readonly kind: 'open' | 'close'; readonly start: number }

/** Character codes. */
const [TAB, LINE_FEED, RETURN, SPACE, BANG, HASH, DOLLAR, OPEN_BRACE, CLOSE_BRACE] = [
  9, 10, 13, 32, 33, 35, 36, 123, 125,
] as const

/** The grammar's `Line`, whatever stands on it. */
export function grammarLine(text: string, from: number, end: number, to: TokenSink): void {
  const line = text.slice(from, end)
  const tokens: readonly RawToken[] = runParser(line, { startRule: 'Line' })
  for (const token of tokens)
    if (token.kind !== 'word') to[token.kind](from + token.start)
    else if (token.word.text === line.slice(token.start, token.end)) to.plain(from + token.start, from + token.end)
    else to.odd(from + token.start, from + token.end, token.word)
}

/** The same for a line without `"` and backslash, forty times sooner. */
export function plainLine(text: string, from: number, end: number, to: TokenSink): void {
  let at = from
  while (at < end) {
    const code = text.charCodeAt(at)
    if (isBlank(code)) at++
    else if (code === OPEN_BRACE) to.open(at++)
    else if (code === CLOSE_BRACE) to.close(at++)
    else if (code === HASH || code === BANG) return
    else {
      const start = at
      do at = text.charCodeAt(at) === DOLLAR ? afterDollar(text, at) : at + 1
      while (at < end && !endsWord(text.charCodeAt(at)))
      to.plain(start, at)
    }
  }
}

const UNDEFINED_NAME = /\$\{[A-Za-z_]\w*\}/y

/** The offset behind a `$`, or behind `${NAME}`, which is left where there is no definition. */
function afterDollar(text: string, at: number): number {
  UNDEFINED_NAME.lastIndex = at
  return UNDEFINED_NAME.test(text) ? UNDEFINED_NAME.lastIndex : at + 1
}

const isBlank = (code: number): boolean => code === SPACE || (code >= TAB && code <= RETURN && code !== LINE_FEED)

const endsWord = (code: number): boolean =>
  code <= HASH
    ? code === SPACE || (code >= TAB && code <= RETURN) || code === BANG || code === HASH
    : code === OPEN_BRACE || code === CLOSE_BRACE

/** Kinds of tokens, and marks on them. */
export const [WORD, OPEN, CLOSE] = [0, 1, 2] as const
const KIND = 3
const FIRST_ON_LINE = 4
const UNCLOSED_QUOTE = 8

/** All tokens of a text, by number, in 9 bytes each. */
export type TokenList = {
  readonly text: string
  readonly count: number
  kind(token: number): number
  startsLine(token: number): boolean
  hasOpenQuote(token: number): boolean
  startOf(token: number): number
  /** First offset after it. */
  endOf(token: number): number
  /** Undefined: the word is what stands there. */
  oddWord(token: number): OddWord | undefined
}

/** Reads a text line by line, plain lines by `plainLine` and all others by the grammar. */
export function readTokens(text: string): TokenList {
  let room = 64 + (text.length >> 3)
  let starts = new Int32Array(room)
  let ends = new Int32Array(room)
  let kinds = new Uint8Array(room)
  let count = 0
  let first = FIRST_ON_LINE
  const oddWords = new Map<number, OddWord>()
  const add = (kind: number, start: number, end: number): void => {
    if (count === room) {
      room *= 2
      starts = grown(starts, new Int32Array(room))
      ends = grown(ends, new Int32Array(room))
      kinds = grown(kinds, new Uint8Array(room))
    }
    starts[count] = start
    ends[count] = end
    kinds[count++] = kind | first
    first = 0
  }
  const sink: TokenSink = {
    plain: (start, end) => add(WORD, start, end),
    odd(start, end, word) {
      oddWords.set(count, word)
      add(word.closed ? WORD : WORD | UNCLOSED_QUOTE, start, end)
    },
    open: (at) => add(OPEN, at, at + 1),
    close: (at) => add(CLOSE, at, at + 1),
  }
  const nextOdd = nextOf(text, ['"', '\\'])
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from)
    const end = newline < 0 ? text.length : newline
    first = FIRST_ON_LINE
    if (nextOdd(from) >= end) plainLine(text, from, end, sink)
    else grammarLine(text, from, end, sink)
    from = end + 1
  }
  return {
    text,
    count,
    kind: (token) => (kinds[token] as number) & KIND,
    startsLine: (token) => ((kinds[token] as number) & FIRST_ON_LINE) !== 0,
    hasOpenQuote: (token) => ((kinds[token] as number) & UNCLOSED_QUOTE) !== 0,
    startOf: (token) => starts[token] as number,
    endOf: (token) => ends[token] as number,
    oddWord: (token) => (oddWords.size === 0 ? undefined : oddWords.get(token)),
  }
}

function grown<List extends Int32Array | Uint8Array>(from: List, to: List): List {
  to.set(from)
  return to
}
