import type { Container } from '../syntax/index.ts'
import { checkerFacts } from './checkers.ts'
import type { KeywordFacts } from './facts.ts'
import { globalFacts } from './global-defs.ts'
import { ownFacts } from './own.ts'
import { rootFacts } from './root.ts'
import { trackerFacts } from './trackers.ts'
import { routerFacts } from './virtual-router.ts'
import { serverFacts } from './virtual-server.ts'

export const allFacts: readonly KeywordFacts[] = [
  ...rootFacts,
  ...globalFacts,
  ...trackerFacts,
  ...routerFacts,
  ...serverFacts,
  ...checkerFacts,
  ...ownFacts,
]

const byPosition = new Map(
  allFacts.flatMap((facts) => facts.in.flatMap((at) => facts.names.map((name) => [`${at} ${name}`, facts] as const))),
)

/** Of a keyword in a block; undefined if there is no such position. */
export const factsAt = (container: Container, name: string): KeywordFacts | undefined =>
  byPosition.get(`${container} ${name}`)
