import { DNS_PORT, type NameServer } from '../../model/index.ts'
import { MOST_NAME_SERVERS } from '../keywords/index.ts'
import type { Node } from '../syntax/index.ts'
import { address, integer, type Lowering, rangeOf } from './arguments.ts'

/** `nameserver ADDRESS [PORT]`; undefined, and something said, for what is none or one too many. */
export function nameServer(to: Lowering, node: Node, before: number): NameServer | undefined {
  const found = address(to, node)
  if (found === undefined) return undefined
  const port = node.words[1] === undefined ? DNS_PORT : integer(to, node, rangeOf(node, 'PORT'), 1)
  if (port === undefined) return undefined
  if (before < MOST_NAME_SERVERS) return { address: found.value, port }
  to.report.error('value', node.at, `there are ${MOST_NAME_SERVERS} of nameserver already; the line has no effect`)
  return undefined
}
