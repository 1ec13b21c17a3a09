import { type IpAddress, parseAddress } from '../../base/index.ts'
import type { Node } from '../syntax/index.ts'
import { integerWord, type Lowering, rangeOf, required, shown } from './arguments.ts'
import type { ServerGroup } from './virtual-server-group.ts'

/** What a virtual_server listens to, as its first line says. */
export type ServerHead =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }
  | { readonly kind: 'fwmark'; readonly mark: number }
  | { readonly kind: 'group'; readonly name: string; readonly group: ServerGroup }

/** Undefined, and something said, if the first line names no service. */
export function readServerHead(
  to: Lowering,
  node: Node,
  groups: ReadonlyMap<string, ServerGroup>,
): ServerHead | undefined {
  const word = required(to, node, 'an address, fwmark or group')
  if (word === undefined) return undefined
  if (word.text === 'group') {
    const name = required(to, node, 'the name of a virtual_server_group', 1)
    if (name === undefined) return undefined
    const group = groups.get(name.text)
    if (group !== undefined) return { kind: 'group', name: name.text, group }
    to.report.error(
      'object',
      name.at,
      `there is no virtual_server_group ${name.text}; the virtual server is left out`,
      {
        ...(groups.size === 0 ? {} : { remedy: `there are ${[...groups.keys()].join(', ')}` }),
      },
    )
    return undefined
  }
  if (word.text === 'fwmark') {
    const mark = required(to, node, 'a firewall mark', 1)
    const value = mark === undefined ? undefined : integerWord(to, 'fwmark', mark, rangeOf(node, 'N'))
    return value === undefined ? undefined : { kind: 'fwmark', mark: value }
  }
  const address = parseAddress(word.text)
  if (address === undefined) {
    to.report.error(
      'object',
      word.at,
      `virtual_server ${shown(word)} is not an address; the virtual server is left out`,
    )
    return undefined
  }
  const written = node.words[1]
  if (written === undefined) return { kind: 'address', address, port: 0 }
  const { max } = rangeOf(node, 'PORT')
  const port = /^\d{1,5}$/.test(written.text) ? Number(written.text) : Number.NaN
  if (port <= max) return { kind: 'address', address, port }
  to.report.error(
    'object',
    written.at,
    `port ${shown(written)} is not a whole number from 1 to ${max}; virtual_server ${address} is left out`,
    /^[a-z]/i.test(written.text) ? { remedy: 'write the number; names of services are not known' } : {},
  )
  return undefined
}
