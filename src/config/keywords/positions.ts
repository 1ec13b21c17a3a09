import { checkerFacts } from './checkers.ts'
import { type Container, containers, type KeywordFacts, type Reservation } from './facts.ts'
import { globalFacts } from './global-defs.ts'
import { ownFacts } from './own.ts'
import { rootFacts } from './root.ts'
import { trackerFacts } from './trackers.ts'
import { routerFacts } from './virtual-router.ts'
import { serverFacts } from './virtual-server.ts'

/** The table: every row of it. */
export const allFacts: readonly KeywordFacts[] = [
  ...rootFacts,
  ...globalFacts,
  ...trackerFacts,
  ...routerFacts,
  ...serverFacts,
  ...checkerFacts,
  ...ownFacts,
]

export type KeywordSupport = 'supported' | Reservation

/**
 * What follows a keyword: a `line` has arguments only; a `block` has keywords of its own; in `lines` each line is an entry;
 * in `words` each word is one (keepalived.conf(5) has no keywords in the last two).
 */
export type KeywordContent = 'line' | 'block' | 'lines' | 'words'

/** A keyword where it stands. */
export type Keyword = {
  readonly name: string
  readonly container: Container
  readonly facts: KeywordFacts
  readonly support: KeywordSupport
  readonly content: KeywordContent
  /** What its block is, if that has keywords of its own. */
  readonly inside: Container | undefined
  /** A name or an address stands between the word and its block. */
  readonly headed: boolean
}

/** For each container those inside it, by the keyword whose block they are. */
const blocks = new Map<string, Map<string, Container>>()
for (const container of containers) {
  const path = container.split('/')
  const name = path.pop() as string
  const around = path.length === 0 ? 'root' : path.join('/')
  if (container !== 'root') blocks.set(around, (blocks.get(around) ?? new Map()).set(name, container))
}

/** The container that a keyword's block is; undefined if it has no keywords of its own. */
export const containerInside = (container: Container, name: string): Container | undefined =>
  blocks.get(container)?.get(name)

function contentOf(takes: string, inside: Container | undefined): KeywordContent {
  if (!takes.includes('{')) return 'line'
  if (inside !== undefined) return 'block'
  return takes.endsWith('} word list') ? 'words' : 'lines'
}

const supportOf = (facts: KeywordFacts, container: Container): KeywordSupport =>
  facts.hereIn?.[container] ?? facts.here ?? 'supported'

const positions = new Map<string, Map<string, Keyword>>()
for (const container of containers) {
  const inside = new Map<string, Keyword>()
  for (const facts of allFacts)
    if (facts.in.includes(container))
      for (const name of facts.names) {
        const within = containerInside(container, name)
        const content = contentOf(facts.takes, within)
        const headed = content !== 'line' && !facts.takes.startsWith('{')
        inside.set(name, {
          name,
          container,
          facts,
          support: supportOf(facts, container),
          content,
          inside: within,
          headed,
        })
      }
  positions.set(container, new Map([...inside].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))))
}

/** Undefined if there is no such position. */
export const keywordAt = (container: Container, name: string): Keyword | undefined =>
  positions.get(container)?.get(name)

/** By name, in the order of the alphabet. */
export const keywordsByName = (container: Container): ReadonlyMap<string, Keyword> =>
  positions.get(container) ?? new Map()

export const keywordsIn = (container: Container): readonly Keyword[] => [...keywordsByName(container).values()]

/** Every container where a word is a keyword. */
export const containersOf = (name: string): readonly Container[] =>
  containers.filter((container) => positions.get(container)?.has(name))

/** `virtual_server/real_server/HTTP_GET/url` is a `url` to people. */
export const containerName = (container: Container): string =>
  container === 'root' ? 'the top level' : (container.split('/').at(-1) as string)
