import type { BodyPattern, KeptLine } from '../../model/index.ts'
import { looksLike, usualWord } from '../keywords/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, boolean, type Lowering, rangeOf, required, shown } from './arguments.ts'
import { type Assertions, assertionLine } from './assertion-lines.ts'
import { patternDraft, patternLine, patternOf } from './body-pattern.ts'
import { keptLines, keptOf } from './kept-line.ts'
import { faultyLines, telling } from './strictly.ts'

/** `url { … }` as written. */
export type Url = Assertions & {
  readonly path: string
  readonly virtualHost?: string | undefined
  readonly digest?: string | undefined
  readonly pattern?: BodyPattern | undefined
  readonly tlsCompliant?: boolean | undefined
  readonly kept?: readonly KeptLine[]
  readonly statusCodes?: readonly { readonly from: number; readonly to: number }[] | undefined
}

/** Undefined, and an error said, without a path. */
export function readUrl(to: Lowering, node: Node): Url | undefined {
  let path: string | undefined
  let virtualHost: string | undefined
  let digest: string | undefined
  let statusCodes: Url['statusCodes']
  let tlsCompliant: boolean | undefined
  const pattern = patternDraft()
  const kept = keptLines(to, node.block?.nodes ?? [])
  const assertions: Assertions = { headers: [], json: [], faults: [] }
  for (const line of node.block?.nodes ?? []) {
    if (patternLine(to, line, pattern) || assertionLine(to, line, assertions)) continue
    switch (line.keyword.text) {
      case 'path':
        path = required(to, line, 'a path')?.text ?? path
        break
      case 'virtualhost':
        virtualHost = required(to, line, 'a host name')?.text ?? virtualHost
        break
      case 'digest':
        digest ??= readDigest(telling(to), line)
        break
      case 'status_code':
        // Lines add up (keepalived 2.2.7).
        statusCodes = withMore(statusCodes, readStatusCodes(to, line))
        break
      case 'tls_compliant':
        tlsCompliant = boolean(to, line) ?? tlsCompliant
        break
    }
  }
  if (path !== undefined) {
    const read = patternOf(to, pattern)
    const faults = [...assertions.faults, ...pattern.faults]
    const lines = keptOf([...kept, ...faultyLines(faults)])
    return { path, virtualHost, digest, pattern: read, statusCodes, tlsCompliant, ...lines, ...assertions, faults }
  }
  to.report.error(
    'object',
    node.at,
    'url has no path; it is left out, and the check is weaker than it is written (as with keepalived)',
    { remedy: 'add path and what to ask for' },
  )
  return undefined
}

function readDigest(to: Lowering, node: Node): string | undefined {
  const word = required(to, node, '32 hexadecimal digits')
  if (word === undefined) return undefined
  if (looksLike('MD5', word.text)) return word.text.toLowerCase()
  return badValue(
    to,
    'digest',
    word,
    'is not an MD5 sum',
    'write 32 hexadecimal digits, as genhash or md5sum print them',
  )
}

const ends = (range: string): readonly number[] => range.split('-').map(Number)

/** What an answer may be where no url says. */
export const usualStatusCodes: NonNullable<Url['statusCodes']> = usualWord(
  'virtual_server/real_server/HTTP_GET/url',
  'status_code',
)
  .split(' ')
  .map((range) => {
    const [from = 0, to = from] = ends(range)
    return { from, to }
  })

const withMore = (before: Url['statusCodes'], more: Url['statusCodes']): Url['statusCodes'] =>
  before === undefined || more === undefined ? (more ?? before) : [...before, ...more]

/** `N` and `N-N`; keepalived.conf(5)'s `2xx` is known to no keepalived. */
function readStatusCodes(to: Lowering, node: Node): Url['statusCodes'] {
  required(to, node, 'a status code')
  const { min, max } = rangeOf(node, 'N-N')
  const codes: { from: number; to: number }[] = []
  const wrong: Word[] = []
  for (const word of node.words) {
    const [from = Number.NaN, last = from] = looksLike('N-N', word.text) ? ends(word.text) : []
    if (from >= min && from <= last && last <= max) codes.push({ from, to: last })
    else wrong.push(word)
  }
  const consequence =
    codes.length > 0
      ? 'it is left out'
      : 'what is accepted without the line is (as with keepalived), 200-299 where no other says'
  for (const word of wrong)
    to.report.error(
      'value',
      word.at,
      `status_code ${shown(word)} is not a code or range from ${min} to ${max}; ${consequence}`,
    )
  return codes.length === 0 ? undefined : codes
}
