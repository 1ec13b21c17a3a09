import { nearest } from '../check/nearest.ts'
import {
  type Container,
  containerInside,
  containers,
  containersOf,
  type KeywordFacts,
  keywordAt,
  keywordsIn,
} from '../keywords/index.ts'

export type Explanation =
  | { readonly found: true; readonly text: string }
  /** One sentence, and what to ask instead. */
  | { readonly found: false; readonly text: string }

/**
 * A word in plain text: `quorum`, or with its block `virtual_server.quorum`, `real_server.TCP_CHECK.connect_port`. A word that
 * stands in several blocks with one meaning is told once.
 */
export function explain(question: string): Explanation {
  const path = question.split(/[./]/)
  const name = path.at(-1) as string
  const around = path.slice(0, -1)
  const places = containersOf(name).filter((container) => endsWith(container, around))
  if (places.length === 0) return { found: false, text: unknown(question, name, around) }
  const byFacts = new Map<KeywordFacts, Container[]>()
  for (const container of places) {
    const facts = keywordAt(container, name)?.facts
    if (facts !== undefined) byFacts.set(facts, [...(byFacts.get(facts) ?? []), container])
  }
  return { found: true, text: [...byFacts].map(([facts, at]) => entry(name, facts, at)).join('\n') }
}

/** All that `explain` has an answer for: each word, alone and with the block that it stands in. */
export const keywordQuestions = (): readonly string[] => [
  ...new Set(
    containers.flatMap((container) =>
      keywordsIn(container).flatMap(({ name }) =>
        container === 'root' ? [name] : [name, `${container.split('/').at(-1)}.${name}`],
      ),
    ),
  ),
]

/** `real_server.TCP_CHECK` stands for every container whose path ends so. */
function endsWith(container: Container, around: readonly string[]): boolean {
  if (around.length === 0) return true
  const blocks = container === 'root' ? ['root'] : container.split('/')
  return around.every((word, index) => blocks[blocks.length - around.length + index] === word)
}

function entry(name: string, facts: KeywordFacts, places: readonly Container[]): string {
  const lines: string[] = [facts.takes === 'flag' ? name : `${name} ${facts.takes}`]
  const say = (word: string, text: string | undefined) => {
    if (text !== undefined) lines.push(`    ${`${word}:`.padEnd(10)}${text}`)
  }
  lines.push(`    ${facts.means}`)
  say('in', places.map(spelled).join(', '))
  say('default', facts.default)
  say('range', rangeText(facts))
  say('write', facts.instead)
  const others = facts.names.filter((other) => other !== name && keywordAt(places[0] as Container, other) !== undefined)
  say('see also', others.length === 0 ? undefined : others.join(', '))
  say('since', [...new Set(places.map((at) => sinceText(facts, at)))].join('; '))
  const inside = places.map((at) => containerInside(at, name)).find((at) => at !== undefined)
  if (inside !== undefined)
    say(
      'holds',
      keywordsIn(inside)
        .map((keyword) => keyword.name)
        .join(' '),
    )
  const support = new Set(places.map((at) => keywordAt(at, name)?.support))
  if (support.has('unsupported')) say('here', 'not supported yet: it has no effect')
  else if (support.has('accepted')) say('here', 'accepted, and without effect')
  return `${lines.join('\n')}\n`
}

/** Bounds and conditions in one line: `1–255; required`. */
export function rangeText({ min, max, range, anyCase }: KeywordFacts): string | undefined {
  const to = min !== undefined && min < 0 ? '…' : '–'
  const bounds = min === undefined ? [] : [max === undefined ? `≥ ${min}` : `${number(min)}${to}${number(max)}`]
  const all = [...bounds, ...(anyCase === true ? ['any case'] : []), ...(range === undefined ? [] : [range])]
  return all.length === 0 ? undefined : all.join('; ')
}

const number = (of: number): string => String(of).replace('-', '−')

export const sinceText = (facts: KeywordFacts, at: Container): string => {
  const since = facts.sinceIn?.[at] ?? facts.since
  return since === undefined
    ? 'a word of Holdfast'
    : since === '1.2.2'
      ? 'keepalived 1.2.2 or before'
      : `keepalived ${since}`
}

/** `virtual_server.real_server.TCP_CHECK`; the top level by that name. */
export const spelled = (container: Container): string =>
  container === 'root' ? 'the top level' : container.replaceAll('/', '.')

function unknown(question: string, name: string, around: readonly string[]): string {
  const elsewhere = containersOf(name)
  if (elsewhere.length > 0)
    return `${name} does not stand in ${around.join('.')}, but in ${elsewhere.map(spelled).join(', ')}`
  const words = new Set(containers.flatMap((container) => keywordsIn(container).map((keyword) => keyword.name)))
  const like = nearest(name, words)
  return `there is no keyword ${question}${like === undefined ? '' : `; did you mean ${like}?`}`
}
