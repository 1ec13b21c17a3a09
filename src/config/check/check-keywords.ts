import type { Report } from '../report.ts'
import {
  type Container,
  containerInside,
  containerName,
  containersOf,
  keywordAt,
  keywordsIn,
  type Node,
} from '../syntax/index.ts'
import { nearest } from './nearest.ts'

/**
 * Words accepted where keepalived does not know them, because how-tos write them there and mean it: read as the other
 * word, with a remark.
 */
const readAs: Readonly<Record<string, string>> = { 'virtual_server/real_server/TCP_CHECK nb_get_retry': 'retry' }

/** Known, and to be written otherwise (keepalived.conf(5)). */
const deprecated: Readonly<Record<string, string>> = { nb_get_retry: 'retry' }

/**
 * Is each word a keyword where it stands, and does it have a block exactly if it wants one? What is not is reported once,
 * with the nearest word that would be right, and left out with its block. What remains has a meaning in lower/.
 */
export function checkKeywords(nodes: readonly Node[], report: Report, container: Container = 'root'): readonly Node[] {
  const kept: Node[] = []
  for (const node of nodes) {
    if (node.broken) {
      // The quote is reported already; what the block holds is not this line's fault, but has no owner.
      continue
    }
    const name = node.keyword.text
    const other = readAs[`${container} ${name}`]
    const keyword = keywordAt(container, other ?? name)
    if (keyword === undefined) {
      reportUnknown(node, container, report)
      continue
    }
    const instead = other ?? deprecated[name]
    if (instead !== undefined && keyword.support === 'supported')
      report.warning('deprecated', node.keyword.at, `${name} is an old word for ${instead}`, {
        remedy: `write ${instead}`,
      })
    if (keyword.support === 'unsupported') {
      report.warning('unsupported', node.keyword.at, `${name} is not supported yet; ${what(node)} has no effect`)
      continue
    }
    if (keyword.content === 'line') {
      const { block, ...line } = node
      kept.push(line)
      if (block !== undefined) {
        // As keepalived does: the brace is passed over and what follows is read as if it were not there.
        report.error(
          'syntax',
          { start: block.at.start, end: block.at.start + 1 },
          `unexpected {: ${name} takes no block`,
        )
        kept.push(...checkKeywords(block.nodes, report, container))
      }
      continue
    }
    if (node.block === undefined) {
      report.error('syntax', node.at, `${name} has no block`, { remedy: 'add { after it and } at its end' })
      continue
    }
    const inside = containerInside(container, name)
    kept.push(
      inside === undefined
        ? node
        : { ...node, block: { ...node.block, nodes: checkKeywords(node.block.nodes, report, inside) } },
    )
  }
  return kept
}

const what = (node: Node): string => (node.block === undefined ? 'the line' : 'its block')

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

function suggestion(name: string, container: Container): string | undefined {
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
