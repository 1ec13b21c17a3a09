import { type Micros, micros } from '../../base/index.ts'
import type { ServerName } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node } from '../syntax/index.ts'
import { choiceOf, type Lowering, timer } from './arguments.ts'
import { usualTime } from './usual.ts'

const MIN_TTL = usualTime('virtual_server/real_server', 'ttl_min')
const MAX_TTL = usualTime('virtual_server/real_server', 'ttl_max')

/** What a real_server says about the DNS, and where. */
export type NameLines = {
  minTtl?: Micros
  maxTtl?: Micros
  nxdomain?: 'keep' | 'remove'
  readonly lines: { readonly keyword: string; readonly at: Span }[]
}

/** One line of a real_server; false: it is about something else. */
export function nameLine(to: Lowering, node: Node, draft: NameLines): boolean {
  const keyword = node.keyword.text
  switch (keyword) {
    case 'ttl_min':
    case 'ttl_max': {
      const ttl = timer(to, node)
      if (ttl !== undefined) draft[keyword === 'ttl_min' ? 'minTtl' : 'maxTtl'] = ttl
      break
    }
    case 'nxdomain': {
      const found = choiceOf(to, node, ['keep', 'remove'])
      if (found !== undefined) draft.nxdomain = found
      break
    }
    default:
      return false
  }
  draft.lines.push({ keyword, at: node.at })
  return true
}

/** Of servers that no name of the DNS lists. */
export function remarkNameLines(to: Lowering, { lines }: NameLines, title: string): void {
  for (const { keyword, at } of lines)
    to.report.warning('remark', at, `${keyword} is for real_server dns and srv; real_server ${title} goes without`)
}

/** Where only one of them is written and the other's default does not fit, both are the one that is written. */
export function ttlRange(
  to: Lowering,
  { minTtl, maxTtl }: NameLines,
  of: { readonly title: string; readonly at: Span },
): Pick<ServerName, 'minTtl' | 'maxTtl'> {
  const min = minTtl ?? micros(Math.min(MIN_TTL, maxTtl ?? MIN_TTL))
  const max = maxTtl ?? micros(Math.max(MAX_TTL, min))
  if (min <= max) return { minTtl: min, maxTtl: max }
  to.report.warning(
    'remark',
    of.at,
    `real_server ${of.title}: ttl_min ${min / 1_000_000} is above ttl_max ${max / 1_000_000}; using ttl_min for both`,
  )
  return { minTtl: min, maxTtl: min }
}
