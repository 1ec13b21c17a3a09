import { argumentsOf, type Container, containerInside, mostWords } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import type { Complain, Rule } from './rule.ts'

/** Their lines are read by other rules than that of blanks between words. */
const OWN_READER = /\b(?:COMMAND|PATTERN)\b/

/** What bites in single lines, whatever their block. */
export const lineRules: readonly Rule[] = [
  {
    name: 'word-twice',
    finds: 'two values for a word that has one, in one block',
    why: 'One of them counts, most often the last, and the other is passed over in silence.',
    look: ({ nodes }, complain) => inEachBlock(nodes, 'root', (lines) => tellTwice(lines, complain)),
  },
  {
    name: 'extra-words',
    finds: 'more words behind a keyword than it takes',
    why: 'They are passed over in silence, as if they were not there.',
    look: ({ nodes }, complain) =>
      inEachBlock(nodes, 'root', (lines) => {
        for (const line of lines) tellExtra(line, complain)
      }),
  },
]

function inEachBlock(nodes: readonly Node[], container: Container, look: (lines: readonly Node[]) => void): void {
  look(nodes.filter(({ block }) => block === undefined))
  for (const { keyword, block } of nodes) {
    const inside = block === undefined ? undefined : containerInside(container, keyword.text)
    if (inside !== undefined) inEachBlock(block?.nodes ?? [], inside, look)
  }
}

function tellTwice(lines: readonly Node[], complain: Complain): void {
  const seen = new Map<string, Node>()
  for (const line of lines) {
    const { known } = line
    if (known === undefined || known.support !== 'supported') continue
    const { twice = 'last' } = known.facts
    if (twice === 'all' || twice === 'told') continue
    const before = seen.get(known.name)
    if (before !== undefined && valueText(before) !== valueText(line)) {
      const counts = twice === 'first' || (twice !== 'last' && before.words[0]?.text === twice) ? before : line
      const passed = counts === line ? before : line
      complain(line.at, `${shown(counts)} goes before ${shown(passed)}`, {
        remedy: 'keep the one that is meant',
        related: [{ at: before.at, message: 'first written here' }],
      })
    }
    if (twice !== 'first' || before === undefined) seen.set(known.name, line)
  }
}

const shown = (line: Node): string => `${line.keyword.text} ${valueText(line)}`.trimEnd()
const valueText = ({ words }: Node): string => words.map(({ text }) => text).join(' ')

function tellExtra({ keyword, words, known }: Node, complain: Complain): void {
  if (known === undefined || known.facts.line !== undefined || OWN_READER.test(known.facts.takes)) return
  const argument = argumentsOf(known.facts.takes)
  const most = argument === undefined ? 0 : mostWords(argument)
  const extra = words[most]
  if (extra === undefined) return
  const { text } = keyword
  const takes = most === 0 ? 'nothing' : known.facts.takes
  complain(
    { start: extra.at.start, end: words.at(-1)?.at.end ?? extra.at.end },
    `${text} takes ${takes}; what follows has no effect`,
    { remedy: 'remove it, or quote what is one value' },
  )
}
