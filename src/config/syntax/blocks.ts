import type { Report, Span } from '../report.ts'
import type { BlockNode, Node, Word } from './node.ts'
import { CLOSE, OPEN, type TokenList, WORD } from './tokens.ts'

/** keepalived.conf(5) has a depth of five. */
const DEEPEST = 32
const NO_WORDS: readonly Word[] = []
/** In one top-level block, and outside of them: their nodes are in memory together. */
const MOST_WORDS = 1_048_576
/** Of a `{` whose block is too deep, or too large. */
const LEFT_OUT = -1

/** Which brace closes which, and what the end of the text closed. */
export type Braces = {
  /** For a `{`: the number of its `}`, or of tokens if it has none; `LEFT_OUT`: all to `skip` of it is passed over. */
  readonly partner: Int32Array
  readonly skip: ReadonlyMap<number, number>
  readonly unclosed: readonly Span[]
  /** First words of the blocks that stand inside blocks. */
  readonly nestedHeads: ReadonlySet<string>
  /** The token from which on nothing is read. */
  readonly end: number
}

/**
 * Pairs braces and reports what is wrong with them, and quotes that are left open. As much as can be is kept: an open quote
 * costs its line, a brace too many is passed over, what stands in a block without keyword is read as if its braces were not there.
 */
export function pairBraces(tokens: TokenList, report: Report): Braces {
  const { count } = tokens
  let end = count
  let outside = 0
  const partner = new Int32Array(count)
  const skip = new Map<number, number>()
  const open: number[] = []
  const nestedHeads = new Set<string>()
  /** The first word of the line before a brace. */
  let head = 0
  const at = (token: number): Span => ({ start: tokens.startOf(token), end: tokens.endOf(token) })
  const leaveOutIfLarge = (opening: number, after: number): void => {
    if (after - opening <= MOST_WORDS) return
    report.error('syntax', at(opening), `block of more than ${MOST_WORDS} words; it is left out`, {
      remedy: 'divide it, and look whether this is a configuration',
    })
    partner[opening] = LEFT_OUT
    skip.set(opening, after)
  }
  for (let token = 0; token < end; token++) {
    const kind = tokens.kind(token)
    if (kind === WORD) {
      if (open.length === 0 && ++outside > MOST_WORDS) {
        report.error('syntax', at(token), `more than ${MOST_WORDS} words outside of blocks; the rest is not read`, {
          remedy: 'look whether this is a configuration',
        })
        end = token
        break
      }
      if (tokens.startsLine(token) || tokens.kind(token - 1) !== WORD) head = token
      if (tokens.hasOpenQuote(token))
        report.error('syntax', at(token), 'quote is not closed on its line', { remedy: 'add the missing "' })
    } else if (kind === CLOSE) {
      const opening = open.pop()
      if (opening === undefined) report.error('syntax', at(token), 'extra }: no block is open here')
      else {
        partner[opening] = token
        if (open.length === 0) leaveOutIfLarge(opening, token + 1)
      }
    } else if (open.length < DEEPEST) {
      if (token === 0 || tokens.kind(token - 1) !== WORD)
        report.error('syntax', at(token), 'unexpected {: there is no keyword before it')
      else if (open.length > 0) nestedHeads.add(textOf(tokens, head))
      open.push(token)
      partner[token] = count
    } else {
      report.error('syntax', at(token), `blocks are more than ${DEEPEST} deep; this one is left out`, {
        remedy: 'look for a } that is missing further up',
      })
      partner[token] = LEFT_OUT
      const after = endOfBlock(tokens, token)
      skip.set(token, after)
      token = after - 1
    }
  }
  const [first] = open
  if (first !== undefined) leaveOutIfLarge(first, count)
  return { partner, skip, unclosed: open.map(at), nestedHeads, end }
}

const textOf = (tokens: TokenList, token: number): string =>
  tokens.oddWord(token)?.text ?? tokens.text.slice(tokens.startOf(token), tokens.endOf(token))

/** The number after the brace that closes this one, however deep it is in between. */
function endOfBlock(tokens: TokenList, opening: number): number {
  let depth = 0
  let token = opening
  while (token < tokens.count) {
    const kind = tokens.kind(token++)
    if (kind === OPEN) depth++
    else if (kind === CLOSE && --depth === 0) break
  }
  return token
}

/**
 * The nodes of a text. A `{` belongs to the words before it, on its line or an earlier one, if nothing but blanks and
 * comments is between. Nodes are made when a block is looked into.
 * @param keep  hold on to the nodes of top-level blocks: a large text is looked at one block at a time, and made anew the next time
 */
export function nodesOf(tokens: TokenList, { partner, skip, end }: Braces, keep: boolean): readonly Node[] {
  const word = (token: number): Word => {
    const at = { start: tokens.startOf(token), end: tokens.endOf(token) }
    const odd = tokens.oddWord(token)
    if (odd === undefined) return { text: tokens.text.slice(at.start, at.end), at, quoted: false }
    return { text: odd.text, at, quoted: odd.quoted }
  }

  const wordsFrom = (from: number, to: number): readonly Word[] => {
    // Not from an empty list, which makes room for 17 when it grows.
    const words = [word(from)]
    for (let token = from + 1; token < to; token++) words.push(word(token))
    return words
  }

  /** The nodes from one token to before another. */
  const between = (from: number, to: number, kept: boolean): readonly Node[] => {
    const nodes: Node[] = []
    let token = from
    while (token < to) {
      if (tokens.kind(token) !== WORD) {
        // The brace of a block without keyword, whose nodes go on here, or one too many.
        token = skip.get(token) ?? token + 1
        continue
      }
      const first = token++
      let broken = tokens.hasOpenQuote(first)
      while (token < to && tokens.kind(token) === WORD && !tokens.startsLine(token))
        broken = tokens.hasOpenQuote(token++) || broken
      const keyword = word(first)
      const words = token === first + 1 ? NO_WORDS : wordsFrom(first + 1, token)
      const at = words === NO_WORDS ? keyword.at : { start: keyword.at.start, end: tokens.endOf(token - 1) }
      const closing = token < to && tokens.kind(token) === OPEN ? (partner[token] as number) : undefined
      if (closing === undefined) nodes.push({ keyword, words, at, broken })
      else if (closing === LEFT_OUT) nodes.push({ keyword, words, at, broken: true })
      else {
        nodes.push({ keyword, words, at, block: blockOf(token, closing, kept), broken })
        token = closing + 1
      }
    }
    return nodes
  }

  const blockOf = (opening: number, closing: number, kept: boolean): BlockNode =>
    new LazyBlock(
      {
        start: tokens.startOf(opening),
        end: closing < tokens.count ? tokens.endOf(closing) : tokens.text.length,
      },
      kept,
      () => between(opening + 1, closing, true),
    )

  return between(0, end, keep)
}

/** A block whose nodes are made when they are asked for, each time or once. A class, because there are thousands of them. */
export class LazyBlock implements BlockNode {
  readonly at: Span
  readonly #kept: boolean
  readonly #make: () => readonly Node[]
  #made: readonly Node[] | undefined

  constructor(at: Span, kept: boolean, make: () => readonly Node[]) {
    this.at = at
    this.#kept = kept
    this.#make = make
  }

  get nodes(): readonly Node[] {
    if (this.#made !== undefined) return this.#made
    const nodes = this.#make()
    if (this.#kept) this.#made = nodes
    return nodes
  }
}
