import type { Report, Span } from '../report.ts'
import type { Node, Word } from './node.ts'
import type { TokenSink } from './tokens.ts'

/** keepalived.conf(5) has a depth of five. */
const DEEPEST = 32
const NO_WORDS: readonly Word[] = []

/** A line that is being read, or that is over and may yet get a block. */
type Statement = { readonly keyword: Word; words: Word[] | undefined; end: number; open: Span | undefined }

/** A block that is being read; `of` is missing where there is no keyword before its brace. */
type OpenBlock = { readonly nodes: Node[]; readonly of: Statement | undefined; readonly open: number }

/**
 * Makes blocks of the tokens of a text. A `{` belongs to the words before it, on its line or an earlier one, if nothing but
 * blanks and comments is between. What is wrong is reported, and as much as can be is kept: an open quote costs its line, a
 * brace too many is passed over, what stands in a block without keyword is read as if its braces were not there.
 */
export function blockBuilder(report: Report) {
  const root: Node[] = []
  const stack: OpenBlock[] = []
  let nodes = root
  let statement: Statement | undefined
  let lineOver = false
  /** Blocks below the deepest: counted, and nothing of them is kept. */
  let tooDeep = 0

  const finish = (): void => {
    if (statement !== undefined) nodes.push(nodeOf(statement, report))
    statement = undefined
  }

  const sink: TokenSink = {
    word(text, start, end, quoted, closed) {
      if (tooDeep > 0) return
      const word: Word = { text, at: { start, end }, quoted }
      if (statement === undefined || lineOver) {
        finish()
        statement = { keyword: word, words: undefined, end, open: closed ? undefined : word.at }
        lineOver = false
        return
      }
      if (statement.words === undefined) statement.words = [word]
      else statement.words.push(word)
      statement.end = end
      if (!closed) statement.open ??= word.at
    },
    open(at) {
      if (tooDeep > 0 || stack.length >= DEEPEST) {
        if (tooDeep++ === 0)
          report.error(
            'syntax',
            { start: at, end: at + 1 },
            `blocks are more than ${DEEPEST} deep; this one is left out`,
            {
              remedy: 'look for a } that is missing further up',
            },
          )
        return
      }
      if (statement === undefined)
        report.error('syntax', { start: at, end: at + 1 }, 'unexpected {: there is no keyword before it')
      stack.push({ nodes, of: statement, open: at })
      if (statement !== undefined) nodes = []
      statement = undefined
    },
    close(at) {
      if (tooDeep > 0) {
        tooDeep--
        return
      }
      finish()
      const block = stack.pop()
      if (block === undefined) report.error('syntax', { start: at, end: at + 1 }, 'extra }: no block is open here')
      else leave(block, at + 1)
    },
    lineEnd() {
      lineOver = true
    },
  }

  const leave = ({ nodes: outer, of, open }: OpenBlock, end: number): void => {
    if (of !== undefined) {
      outer.push(nodeOf(of, report, { at: { start: open, end }, nodes }))
      nodes = outer
    }
  }

  /** @returns the nodes, and the braces whose block the end of the text closed, the outermost first */
  const end = (length: number): { readonly nodes: readonly Node[]; readonly unclosed: readonly Span[] } => {
    finish()
    const unclosed = stack.map(({ open }) => ({ start: open, end: open + 1 }))
    for (const block of stack.reverse()) leave(block, length)
    return { nodes: root, unclosed }
  }
  return { sink, end }
}

function nodeOf(
  { keyword, words = NO_WORDS as Word[], end, open }: Statement,
  report: Report,
  block?: Node['block'],
): Node {
  if (open !== undefined)
    report.error('syntax', open, 'quote is not closed on its line', { remedy: 'add the missing "' })
  const at = { start: keyword.at.start, end }
  const broken = open !== undefined
  return block === undefined ? { keyword, words, at, broken } : { keyword, words, at, block, broken }
}
