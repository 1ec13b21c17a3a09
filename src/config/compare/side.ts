import type { Checked } from '../check/index.ts'
import { blocks, lineIn, nodeAt } from '../lint/rule.ts'
import type { LoweredRouter, LoweredServer } from '../lower/index.ts'
import type { Span } from '../report.ts'
import type { Place } from '../source/index.ts'
import type { Node } from '../syntax/index.ts'

/** One of the two files, and where in it things are. */
export type Side = {
  readonly checked: Checked
  /** Of a keyword in global_defs; the head of the file where it is not written. */
  inGlobals(keyword: string): Place
  /** Of a keyword in a vrrp_instance; its first line where it is not written. */
  inRouter(router: LoweredRouter, ...keywords: string[]): Place
  inServer(server: LoweredServer, ...keywords: string[]): Place
  /** The head of the file: where what is missing would stand. */
  readonly top: Place
}

export type Finding = {
  /** Stable name. */
  readonly rule: string
  /** An error is what keeps the two from being a pair. */
  readonly severity: 'error' | 'warning'
  readonly at: Place
  readonly message: string
  readonly remedy?: string
  readonly other?: Place
  readonly otherMessage?: string
}

export function sideOf(checked: Checked, placeOf: (at: Span) => Place, top: Place): Side {
  const { nodes } = checked
  const inside = (block: Node | undefined, keywords: readonly string[], otherwise: Span | undefined): Place => {
    for (const keyword of keywords) {
      const line = block === undefined ? undefined : lineIn(block, keyword)
      if (line !== undefined) return placeOf(line.at)
    }
    return otherwise === undefined ? top : placeOf(otherwise)
  }
  return {
    checked,
    top,
    inGlobals(keyword) {
      const block = blocks(nodes, 'global_defs').findLast((one) => lineIn(one, keyword) !== undefined)
      return inside(block, [keyword], undefined)
    },
    inRouter(router, ...keywords) {
      const block = blocks(nodes, 'vrrp_instance').find(
        ({ at }) => at.start <= router.name.start && router.name.start < at.end,
      )
      return inside(block, keywords, router.name)
    },
    inServer: (server, ...keywords) => inside(nodeAt(nodes, server.at), keywords, server.at),
  }
}
