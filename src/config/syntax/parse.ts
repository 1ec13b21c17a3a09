import type { Report } from '../report.ts'
import { nodesOf, pairBraces } from './blocks.ts'
import type { Node, ScriptWord, Tree } from './node.ts'
import { parse as runParser } from './parser.generated.js'
import { readTokens } from './tokens.ts'

type RawWord = {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly quoted: boolean
  readonly closed: boolean
}
/**
 * The expanded text to nodes: lines by grammar/keepalived.peggy, blocks by what stands between their braces. Takes time and
 * room in proportion to the text. An open quote and a brace too many are reported, and as much as can be is kept.
 * @param keep  false: for a large text that is gone through block by block; nodes of a top-level block are made anew each time
 */
export function parse(text: string, report: Report, keep = true): Tree {
  const tokens = readTokens(text)
  const braces = pairBraces(tokens, report)
  return {
    nodes: nodesOf(tokens, braces, keep),
    unclosed: braces.unclosed,
    nestedHeads: braces.nestedHeads,
    keeps: keep,
    scriptWords: (of) => scriptWords(text, of),
    escapedWords: (of) => commandArguments(text.slice(of.keyword.at.end, of.at.end)),
  }
}

function scriptWords(text: string, of: Node): readonly ScriptWord[] {
  const raw: readonly RawWord[] = runParser(text.slice(of.at.start, of.at.end), { startRule: 'ScriptLine' })
  return raw.map((word) => ({
    text: word.text,
    quoted: word.quoted,
    closed: word.closed,
    at: { start: word.start + of.at.start, end: word.end + of.at.start },
  }))
}

/** A command string to program and arguments; undefined if a quote in it is not closed. */
export function commandArguments(text: string): readonly string[] | undefined {
  const words: readonly { readonly text: string; readonly closed: boolean }[] = runParser(text, {
    startRule: 'CommandString',
  })
  return words.every((word) => word.closed) ? words.map((word) => word.text) : undefined
}
