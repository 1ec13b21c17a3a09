import {
  type Container,
  containerName,
  containersOf,
  type Keyword,
  keywordAt,
  keywordsByName,
  keywordsIn,
  untruths,
} from '../keywords/index.ts'
import { nearest } from '../nearest.ts'
import { type Report, type Span, silent } from '../report.ts'
import { type BlockNode, LazyBlock, type Node } from '../syntax/index.ts'

/**
 * Words accepted where keepalived does not know them, because how-tos write them there and mean it: read as the other
 * word, with a remark.
 */
const readAs: Readonly<Partial<Record<Container, Readonly<Record<string, string>>>>> = {
  'virtual_server/real_server/TCP_CHECK': { nb_get_retry: 'retry' },
}

/** What has passed, and how to hear of the rest. */
export type CheckedKeywords = {
  readonly nodes: readonly Node[]
  /** Says what has not been said: blocks are gone through when somebody looks into them, and those that nobody did are left. */
  finish(): void
}

/**
 * Is each word a keyword where it stands, and does it have a block exactly if it wants one? What is not is reported once,
 * with the nearest word that would be right, and left out with its block. What remains knows its row of the table, and has a
 * meaning in lower/.
 * @param keep  as in `parse`
 */
export function checkKeywords(nodes: readonly Node[], report: Report, keep: boolean): CheckedKeywords {
  const kept: Node[] = []
  const around: Around = { report, reasons: new Map(), keep, unseen: [] }
  look(nodes, 'root', around, kept)
  return {
    nodes: kept,
    finish() {
      for (const see of around.unseen ?? []) see()
      for (const [why, { at, remedy }] of around.reasons)
        report.warning('without-effect', at, why, remedy === undefined ? {} : { remedy })
    },
  }
}

type Around = {
  readonly report: Report
  /** Why words have no effect, and where the first of them stands. */
  readonly reasons: Map<string, { readonly at: Span; readonly remedy: string | undefined }>
  readonly keep: boolean
  /** At the top level: goes through a block unless that has been done. */
  readonly unseen?: (() => void)[]
}

function look(nodes: readonly Node[], container: Container, around: Around, kept: Node[]): void {
  const { report } = around
  const keywords = keywordsByName(container)
  const others = readAs[container]
  for (const node of nodes) {
    if (node.broken) {
      // The quote is reported already; what the block holds is not this line's fault, but has no owner.
      continue
    }
    const { keyword: word, words, at, block } = node
    const name = word.text
    const written = keywords.get(name)
    const other = written === undefined ? others?.[name] : undefined
    const keyword = other === undefined ? written : keywords.get(other)
    if (keyword === undefined) {
      reportUnknown(node, container, report)
      continue
    }
    sayWhatItIs(node, keyword, other, around)
    if (keyword.content === 'line') {
      kept.push({ keyword: word, words, at, broken: false, known: keyword })
      if (block !== undefined) {
        // As keepalived does: the brace is passed over and what follows is read as if it were not there.
        report.error(
          'syntax',
          { start: block.at.start, end: block.at.start + 1 },
          `unexpected {: ${name} takes no block`,
        )
        look(block.nodes, container, around, kept)
      }
      continue
    }
    if (block === undefined) {
      report.error('syntax', at, `${name} has no block`, { remedy: 'add { after it and } at its end' })
      continue
    }
    const { inside } = keyword
    const held = inside === undefined ? block : lookInside(block, inside, around)
    kept.push({ keyword: word, words, at, block: held, broken: false, known: keyword })
  }
}

/** What passes of a block; of one at the top level when somebody looks into it, and with words only the first time. */
function lookInside(block: BlockNode, within: Container, around: Around): BlockNode {
  const { unseen, ...outer } = around
  const passing = (how: Around): readonly Node[] => {
    const kept: Node[] = []
    look(block.nodes, within, how, kept)
    return kept
  }
  if (unseen === undefined) return { at: block.at, nodes: passing(outer) }
  let seen = false
  const lazy = new LazyBlock(block.at, around.keep, () => {
    const how = seen ? { ...outer, report: silent } : outer
    seen = true
    return passing(how)
  })
  unseen.push(() => {
    if (!seen) lazy.nodes
  })
  return lazy
}

/** An old word, or one without effect. */
function sayWhatItIs(
  { keyword: { at, text }, words: [first] }: Node,
  { facts, support }: Keyword,
  other: string | undefined,
  { report, reasons }: Around,
): void {
  const instead = other ?? facts.instead
  if (instead !== undefined)
    report.warning('deprecated', at, `${text} is an old word for ${instead}`, { remedy: `write ${instead}` })
  const { why, remedy } = facts
  const isIdle = support === 'accepted' || (support === 'always' && isUntruth(first?.text))
  if (isIdle && why !== undefined && at.start <= (reasons.get(why)?.at.start ?? at.start))
    reasons.set(why, { at, remedy })
}

const isUntruth = (word: string | undefined): boolean => untruths.some((one) => one === word)

function reportUnknown(node: Node, container: Container, report: Report): void {
  const name = node.keyword.text
  const shown = name.length > 40 ? `${name.slice(0, 40)}…` : name
  if (/^include[rmwba]?$/.test(name)) {
    report.warning('unknown-keyword', node.keyword.at, `${name} without a file name has no effect`, {
      remedy: 'name the file, and write it at the start of a line',
    })
    return
  }
  const place = container === 'root' ? 'at the top level' : `in ${containerName(container)}`
  const loss = node.block === undefined ? '' : '; its block is left out'
  const remedy = suggestion(name, container)
  report.warning('unknown-keyword', node.keyword.at, `unknown keyword ${shown} ${place}${loss}`, {
    ...(remedy === undefined ? {} : { remedy }),
  })
}

/** Sequences repeat words thousands of times: answers are kept, as long as there are few. */
const suggestions = new Map<string, string | undefined>()
const MOST_SUGGESTIONS = 1024

function suggestion(name: string, container: Container): string | undefined {
  const key = `${container} ${name}`
  if (suggestions.has(key)) return suggestions.get(key)
  if (suggestions.size >= MOST_SUGGESTIONS) suggestions.clear()
  const answer = suggested(name, container)
  suggestions.set(key, answer)
  return answer
}

function suggested(name: string, container: Container): string | undefined {
  if (keywordAt(container, `vrrp_${name}`) !== undefined) return `did you mean vrrp_${name}?`
  const elsewhere = containersOf(name)
  if (elsewhere.length > 0) {
    const places = [...new Set(elsewhere.map(containerName))].slice(0, 3)
    return elsewhere.includes('root')
      ? `${name} belongs at the top level`
      : `${name} belongs inside ${places.join(' or ')}`
  }
  const here = nearest(
    name,
    keywordsIn(container).map((keyword) => keyword.name),
  )
  return here === undefined ? undefined : `did you mean ${here}?`
}
