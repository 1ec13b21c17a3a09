import type { ForwardingMethod, Tunnel } from '../../model/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, integerWord, type Lowering, required, shown } from './arguments.ts'

/** A method with what TUN says of its outer headers; without a tunnel TUN is ipip. */
export type Forwarding = { readonly method: ForwardingMethod; readonly tunnel?: Tunnel }

const METHODS: Readonly<Record<string, ForwardingMethod>> = { NAT: 'nat', DR: 'dr', TUN: 'tun', FNAT: 'fullnat' }
/** What a method is called in a configuration. */
export const methodNames: Readonly<Record<ForwardingMethod, string>> = {
  nat: 'NAT',
  dr: 'DR',
  tun: 'TUN',
  fullnat: 'FNAT',
}

const TYPES = ['ipip', 'gue', 'gre'] as const
const CHECKSUMS: Readonly<Record<string, Tunnel['checksum']>> = {
  nocsum: 'none',
  csum: 'checksum',
  remcsum: 'remote-checksum',
}

/** `NAT | DR | FNAT | TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]`; undefined, and an error said, if it is none. */
export function forwardingMethod(to: Lowering, node: Node): Forwarding | undefined {
  const word = required(to, node, 'NAT, DR, TUN or FNAT')
  if (word === undefined) return undefined
  const method = METHODS[word.text]
  if (method === undefined) {
    const upper = word.text.toUpperCase()
    const remedy = METHODS[upper] !== undefined ? upper : upper === 'FULLNAT' ? 'FNAT' : undefined
    to.report.error(
      'value',
      word.at,
      `${node.keyword.text} ${shown(word)} is not NAT, DR, TUN or FNAT; the line has no effect`,
      remedy === undefined ? {} : { remedy: `write ${remedy}` },
    )
    return undefined
  }
  const [, option] = node.words
  if (method === 'tun') return tunnelOf(to, node)
  if (option !== undefined) to.report.error('value', option.at, `${shown(option)} has no meaning after ${word.text}`)
  return { method }
}

function tunnelOf(to: Lowering, node: Node): Forwarding | undefined {
  const keyword = `${node.keyword.text} TUN`
  let type: { readonly value: Tunnel['type']; readonly at: Word } | undefined
  let port: { readonly value: number; readonly at: Word } | undefined
  let checksum: { readonly value: Tunnel['checksum']; readonly at: Word } | undefined
  for (let i = 1; i < node.words.length; i++) {
    const word = node.words[i] as Word
    const sum = CHECKSUMS[word.text]
    if (sum !== undefined) checksum = { value: sum, at: word }
    else if (word.text === 'type') {
      const named = required(to, node, 'ipip, gue or gre', ++i)
      const value = TYPES.find((one) => one === named?.text)
      if (named === undefined) return undefined
      if (value === undefined) return badValue(to, `${keyword} type`, named, 'is not ipip, gue or gre')
      type = { value, at: named }
    } else if (word.text === 'port') {
      const written = required(to, node, 'a port', ++i)
      const value =
        written === undefined ? undefined : integerWord(to, `${keyword} port`, written, { min: 1, max: 65_535 })
      if (written === undefined || value === undefined) return undefined
      port = { value, at: written }
    } else return badValue(to, keyword, word, 'is not type, port, nocsum, csum or remcsum')
  }
  if (port !== undefined && type?.value !== 'gue')
    return badValue(to, `${keyword} port`, port.at, 'is for type gue', 'write type gue, or no port')
  if (type === undefined || type.value === 'ipip')
    return checksum === undefined
      ? { method: 'tun' }
      : badValue(to, keyword, checksum.at, 'is for type gue and gre; ipip has no header to hold it')
  if (type.value === 'gre' && checksum?.value === 'remote-checksum')
    return badValue(to, keyword, checksum.at, 'is for type gue', 'write csum or nocsum')
  if (type.value === 'gue' && port === undefined)
    return badValue(to, `${keyword} type`, type.at, 'has no port', 'write type gue port N, where the servers listen')
  return { method: 'tun', tunnel: { type: type.value, port: port?.value ?? 0, checksum: checksum?.value ?? 'none' } }
}
