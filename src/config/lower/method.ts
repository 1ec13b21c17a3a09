import type { ForwardingMethod } from '../../model/index.ts'
import type { Node } from '../syntax/index.ts'
import { type Lowering, required, shown } from './arguments.ts'

const METHODS: Readonly<Record<string, ForwardingMethod>> = { NAT: 'nat', DR: 'dr', TUN: 'tun' }

/** `NAT | DR | TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]`; of tunnels the plain ipip only. */
export function forwardingMethod(to: Lowering, node: Node): ForwardingMethod | undefined {
  const word = required(to, node, 'NAT, DR or TUN')
  if (word === undefined) return undefined
  const method = METHODS[word.text]
  if (method === undefined) {
    const upper = word.text.toUpperCase()
    const known = METHODS[upper] !== undefined
    to.report.error(
      'value',
      word.at,
      `${node.keyword.text} ${shown(word)} is not NAT, DR or TUN; the line has no effect`,
      known ? { remedy: `write ${upper}` } : {},
    )
    return undefined
  }
  const option = node.words[1]
  const plain = option?.text === 'type' && node.words[2]?.text === 'ipip'
  if (option !== undefined && method === 'tun' && !plain)
    to.report.warning('unsupported', option.at, `tunnels other than type ipip are not supported yet; using ipip`)
  return method
}
