import { type Container, containers, type KeywordFacts, keywordsIn, type LineName, lines } from '../keywords/index.ts'
import { defaultText, rangeText, sinceText } from './explain.ts'
import { optionPlaces, spelled } from './places.ts'

/** What is told of a keyword, or of a word within a line; nothing absent is told. */
export type DescribedKeyword = {
  readonly names: readonly string[]
  readonly takes: string
  readonly means: string
  readonly default?: string
  readonly range?: string
  /** Absent of words within lines. */
  readonly since?: string
  /** It is read and has no effect. */
  readonly accepted: boolean
}

export type KeywordBlock = { readonly title: string; readonly keywords: readonly DescribedKeyword[] }

/** Every block of the language with its keywords, then every kind of line with the words within it. */
export const keywordBlocks = (): readonly KeywordBlock[] => [...containers.map(block), ...lineNames.map(line)]

const lineNames = Object.keys(lines) as LineName[]

const block = (container: Container): KeywordBlock => ({
  title: spelled(container),
  keywords: keywordsIn(container).map(({ name, support, facts }) => ({
    ...described(facts, [name], container),
    since: sinceText(facts, container),
    accepted: support === 'accepted',
  })),
})

const line = (name: LineName): KeywordBlock => ({
  title: `within ${[...new Set(optionPlaces.filter((place) => place.line === name).map(({ path }) => path.at(-1)))].join(', ')}`,
  keywords: lines[name].options.map((facts) => ({ ...described(facts, facts.names), accepted: false })),
})

function described(
  facts: Pick<KeywordFacts, 'takes' | 'means' | 'default' | 'defaultIn' | 'without' | 'strict' | 'instead'> &
    Parameters<typeof rangeText>[0],
  names: readonly string[],
  at?: Container,
): Omit<DescribedKeyword, 'since' | 'accepted'> {
  const usual = defaultText(facts, at)
  const range = rangeText(facts)
  return {
    names,
    takes: facts.takes,
    means: facts.instead === undefined ? facts.means : `${facts.means}; write ${facts.instead}`,
    ...(usual === undefined ? {} : { default: usual }),
    ...(range === undefined ? {} : { range }),
  }
}
