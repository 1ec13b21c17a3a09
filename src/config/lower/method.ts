import { assertNever } from '../../base/index.ts'
import type { ForwardingMethod, Tunnel } from '../../model/index.ts'
import { choicesIn, firstWordsIn, optionOf, optionWords } from '../keywords/index.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, eitherOf, type Lowering, noneOf, required, shown } from './arguments.ts'
import { lineWords, optionNumber } from './line-words.ts'

/** A method with what TUN says of its outer headers; without a tunnel TUN is ipip. */
export type Forwarding = { readonly method: ForwardingMethod; readonly tunnel?: Tunnel }

/** What a method is called in a configuration. */
export const methodNames: Readonly<Record<ForwardingMethod, string>> = {
  nat: 'NAT',
  dr: 'DR',
  tun: 'TUN',
  fullnat: 'FNAT',
}

export const methods = Object.keys(methodNames) as readonly ForwardingMethod[]

const METHODS: Readonly<Record<string, ForwardingMethod>> = Object.fromEntries(
  methods.map((method) => [methodNames[method], method]),
)

const CHECKSUMS = { nocsum: 'none', csum: 'checksum', remcsum: 'remote-checksum' } as const
const isTunnelType = (text: string): text is Tunnel['type'] =>
  choicesIn(optionOf('method', 'type')?.takes ?? '').includes(text)

/** `NAT | DR | FNAT | TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]`; undefined, and an error said, if it is none. */
export function forwardingMethod(to: Lowering, node: Node): Forwarding | undefined {
  const methods = firstWordsIn(node.known?.facts.takes ?? '')
  const word = required(to, node, eitherOf(methods))
  if (word === undefined) return undefined
  const method = methods.includes(word.text) ? METHODS[word.text] : undefined
  if (method === undefined) {
    const upper = word.text.toUpperCase()
    const remedy = METHODS[upper] !== undefined ? upper : upper === 'FULLNAT' ? 'FNAT' : undefined
    to.report.error(
      'value',
      word.at,
      `${node.keyword.text} ${shown(word)} ${noneOf(methods)}; the line has no effect`,
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
  for (const { word, ...one } of lineWords('method', node.words.slice(1))) {
    if (one.option === undefined) return badValue(to, keyword, word, noneOf(optionWords('method')))
    const { option, value, facts } = one
    switch (option) {
      case 'nocsum':
      case 'csum':
      case 'remcsum':
        checksum = { value: CHECKSUMS[option], at: word }
        break
      case 'type':
        if (value === undefined) return incomplete(to, node, eitherOf(choicesIn(facts.takes)))
        if (!isTunnelType(value.text)) return badValue(to, `${keyword} type`, value, noneOf(choicesIn(facts.takes)))
        type = { value: value.text, at: value }
        break
      case 'port': {
        if (value === undefined) return incomplete(to, node, 'a port')
        const number = optionNumber(to, `${keyword} port`, facts, value)
        if (number === undefined) return undefined
        port = { value: number, at: value }
        break
      }
      default:
        return assertNever(option)
    }
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

/** The line ends where an option needs a value. */
const incomplete = (to: Lowering, node: Node, what: string): undefined => {
  required(to, node, what, node.words.length)
  return undefined
}
