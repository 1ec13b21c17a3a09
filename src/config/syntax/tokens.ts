import { parse as runParser } from './parser.generated.js'

/** What a line is made of, in order; offsets count in the whole text. */
export type TokenSink = {
  word(text: string, start: number, end: number, quoted: boolean, closed: boolean): void
  open(at: number): void
  close(at: number): void
  /** The line is over. */
  lineEnd(): void
}

type RawToken =
  | {
      readonly kind: 'word'
      readonly text: string
      readonly start: number
      readonly end: number
      readonly quoted: boolean
      readonly closed: boolean
    }
  | { readonly kind: 'open' | 'close'; readonly start: number }

const [TAB, LINE_FEED, RETURN, SPACE, BANG, HASH, OPEN, CLOSE] = [9, 10, 13, 32, 33, 35, 123, 125] as const

/**
 * Reads a text line by line. What has quotes or backslashes is read by the rule `Line` of grammar/keepalived.peggy, and all
 * else, which is nearly all, by `plainLine`, which comes to the same forty times sooner.
 */
export function tokens(text: string, to: TokenSink): void {
  const odd = /["\\]/g
  const nextOdd = (): number => odd.exec(text)?.index ?? text.length
  let oddAt = nextOdd()
  let from = 0
  while (from < text.length) {
    const newline = text.indexOf('\n', from)
    const end = newline < 0 ? text.length : newline
    if (oddAt >= end) plainLine(text, from, end, to)
    else {
      grammarLine(text, from, end, to)
      odd.lastIndex = end
      oddAt = nextOdd()
    }
    to.lineEnd()
    from = end + 1
  }
}

/** The grammar's `Line`, whatever stands on it. */
export function grammarLine(text: string, from: number, end: number, to: TokenSink): void {
  const line: readonly RawToken[] = runParser(text.slice(from, end), { startRule: 'Line' })
  for (const token of line)
    if (token.kind === 'word') to.word(token.text, from + token.start, from + token.end, token.quoted, token.closed)
    else if (token.kind === 'open') to.open(from + token.start)
    else to.close(from + token.start)
}

/** The same for a line without `"` and backslash. */
export function plainLine(text: string, from: number, end: number, to: TokenSink): void {
  let at = from
  while (at < end) {
    const code = text.charCodeAt(at)
    if (isBlank(code)) at++
    else if (code === OPEN) to.open(at++)
    else if (code === CLOSE) to.close(at++)
    else if (code === HASH || code === BANG) return
    else {
      const start = at
      do at++
      while (at < end && !endsWord(text.charCodeAt(at)))
      to.word(text.slice(start, at), start, at, false, true)
    }
  }
}

const isBlank = (code: number): boolean => code === SPACE || (code >= TAB && code <= RETURN && code !== LINE_FEED)

const endsWord = (code: number): boolean =>
  code <= HASH
    ? code === SPACE || (code >= TAB && code <= RETURN) || code === BANG || code === HASH
    : code === OPEN || code === CLOSE
