import type { Report, Span } from '../report.ts'
import type { BlockNode, Node, Tree, Word } from './node.ts'
import { parse as runParser } from './parser.generated.js'

type RawWord = {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly quoted: boolean
  readonly closed: boolean
}
type RawBlock = { readonly open: number; readonly items: readonly RawItem[]; readonly close?: number }
type RawItem =
  | { readonly kind: 'statement'; readonly words: readonly [RawWord, ...RawWord[]]; readonly block: RawBlock | null }
  | { readonly kind: 'anonymous'; readonly block: RawBlock }
  | { readonly kind: 'stray-close'; readonly start: number }

/**
 * The expanded text to nodes, over the parser generated from grammar/keepalived.peggy. An open quote and a brace too
 * many are reported, and as much as can be is kept: an open quote costs its line, the brace is passed over, what stands in
 * a block without keyword is read as if its braces were not there. Blocks that are not closed are in `unclosed`.
 */
export function parse(text: string, report: Report): Tree {
  const items: readonly RawItem[] = runParser(text, { startRule: 'File' })
  const end = text.length
  const unclosed: Span[] = []

  const nodesOf = (of: readonly RawItem[]): Node[] => of.flatMap(nodeOf)
  const nodeOf = (item: RawItem): Node[] => {
    switch (item.kind) {
      case 'stray-close':
        report.error('syntax', { start: item.start, end: item.start + 1 }, 'extra }: no block is open here')
        return []
      case 'anonymous': {
        const at = { start: item.block.open, end: item.block.open + 1 }
        report.error('syntax', at, 'unexpected {: there is no keyword before it')
        return blockOf(item.block).nodes.slice()
      }
      case 'statement':
        return [statement(item.words, item.block)]
    }
  }
  const statement = (words: readonly [RawWord, ...RawWord[]], block: RawBlock | null): Node => {
    const open = words.find((word) => !word.closed)
    if (open !== undefined)
      report.error('syntax', { start: open.start, end: open.end }, 'quote is not closed on its line', {
        remedy: 'add the missing "',
      })
    return {
      keyword: wordOf(words[0]),
      words: words.slice(1).map(wordOf),
      at: { start: words[0].start, end: (words.at(-1) as RawWord).end },
      ...(block === null ? {} : { block: blockOf(block) }),
      broken: open !== undefined,
    }
  }
  const blockOf = (block: RawBlock): BlockNode => {
    if (block.close === undefined) unclosed.push({ start: block.open, end: block.open + 1 })
    return { at: { start: block.open, end: (block.close ?? end - 1) + 1 }, nodes: nodesOf(block.items) }
  }

  const nodes = nodesOf(items)
  return { nodes, unclosed, scriptWords: (of) => scriptWords(text, of) }
}

const wordOf = (raw: RawWord): Word => ({
  text: raw.text,
  at: { start: raw.start, end: raw.end },
  quoted: raw.quoted,
})

function scriptWords(text: string, of: Node): readonly Word[] {
  const raw: readonly RawWord[] = runParser(text.slice(of.at.start, of.at.end), { startRule: 'ScriptLine' })
  return raw.map((word) => ({
    ...wordOf(word),
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
