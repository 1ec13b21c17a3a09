import { DNS_PORT, type NameServer } from '../../model/index.ts'
import type { Node } from '../syntax/index.ts'
import { address, integer, type Lowering } from './arguments.ts'

/** As many as resolv.conf(5) has. */
const MOST_NAME_SERVERS = 3

/** `nameserver ADDRESS [PORT]`; undefined, and something said, for what is none or one too many. */
export function nameServer(to: Lowering, node: Node, before: number): NameServer | undefined {
  const found = address(to, node)
  if (found === undefined) return undefined
  const port = node.words[1] === undefined ? DNS_PORT : integer(to, node, { min: 1, max: 65_535 }, 1)
  if (port === undefined) return undefined
  if (before < MOST_NAME_SERVERS) return { address: found.value, port }
  to.report.error('value', node.at, `there are ${MOST_NAME_SERVERS} of nameserver already; the line has no effect`)
  return undefined
}
