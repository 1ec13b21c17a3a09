import {
  addressBytes,
  addressFromBytes,
  assertNever,
  type Family,
  familyOf,
  type IpAddress,
  parseAddress,
} from '../../base/index.ts'
import { type AddressFlag, FOR_EVER, type VirtualAddress } from '../../model/index.ts'
import type { OptionFacts } from '../keywords/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, isInterfaceName, type Lowering, shown } from './arguments.ts'
import { type LineWord, lineWords, optionNumber } from './line-words.ts'

/** An address line before the virtual router's own interface is known. */
export type AddressLine = {
  readonly value: Omit<VirtualAddress, 'interface'> & { readonly interface?: string }
  readonly at: Span
  /** Of static addresses. */
  readonly trackGroup?: Word
}

/** One line of virtual_ipaddress or static_ipaddress: `ADDRESS[/LEN] {option}`, options in any order. */
export function addressLine(to: Lowering, node: Node): AddressLine | undefined {
  const written = node.keyword
  const slash = written.text.indexOf('/')
  const text = slash < 0 ? written.text : written.text.slice(0, slash)
  const prefix = slash < 0 ? undefined : written.text.slice(slash + 1)
  const value = parseAddress(text)
  const dropped = 'the address is left out'
  if (value === undefined) {
    const remedy = text.includes('%')
      ? 'name the interface by dev instead of %'
      : text.includes('[')
        ? 'write the address without brackets'
        : undefined
    to.report.error('value', written.at, `${shown(written)} is not an IPv4 or IPv6 address; ${dropped}`, {
      ...(remedy === undefined ? {} : { remedy }),
    })
    return undefined
  }
  const family = familyOf(value)
  const full = family === 4 ? 32 : 128
  const options = readOptions(to, node, family)
  if (options === undefined) return undefined
  const prefixLength = prefix === undefined ? full : prefixOf(to, written, prefix, full)
  const { broadcast: wish, flags, trackGroup, ...rest } = options
  if (rest.peer !== undefined && wish !== undefined)
    to.report.warning('remark', wish.at, `${value} has a peer; brd has no effect`)
  const broadcast =
    wish === undefined || rest.peer !== undefined ? undefined : broadcastOf(to, wish, value, prefixLength)
  if (wish !== undefined && rest.peer === undefined && broadcast === undefined) return undefined
  return {
    value: {
      address: value,
      prefixLength,
      ...rest,
      ...(broadcast === undefined ? {} : { broadcast }),
      ...(flags.length === 0 ? {} : { flags: [...new Set(flags)].sort() }),
    },
    at: node.at,
    ...(trackGroup === undefined ? {} : { trackGroup }),
  }
}

function prefixOf(to: Lowering, written: Word, prefix: string, full: number): number {
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (length <= full) return length
  to.report.error('value', written.at, `/${prefix} is not a prefix length from 0 to ${full}; using /${full}`)
  return full
}

type Options = {
  interface?: string
  scope: number
  label?: string
  broadcast?: Word
  onVirtualLink?: true
  peer?: IpAddress
  flags: AddressFlag[]
  preferredLifetime?: number
  untracked?: true
  trackGroup?: Word
}

function readOptions(to: Lowering, node: Node, family: Family): Options | undefined {
  const options: Options = { scope: 0, flags: [] }
  for (const one of lineWords('address', node.words)) {
    const { word } = one
    if (one.option === undefined) {
      const remedy = parseAddress(word.text.split('/')[0] as string) && 'write each address on a line of its own'
      to.report.error('value', word.at, `${shown(word)} is no option of an address; it has no effect`, {
        ...(remedy ? { remedy } : {}),
      })
      continue
    }
    if (one.incomplete) {
      to.report.error('missing-argument', word.at, `${word.text} needs a value; ${leftOut(node)}`)
      return undefined
    }
    if (!readOption(to, node, family, one, options)) return undefined
  }
  return options
}

const leftOut = (node: Node): string => `the address ${node.keyword.text} is left out`

/** False, and something said: the address is to be left out. */
function readOption(
  to: Lowering,
  node: Node,
  family: Family,
  { option, facts, word, value = word }: Extract<LineWord<'address'>, { facts: unknown }>,
  options: Options,
): boolean {
  switch (option) {
    case 'use_vmac':
      options.onVirtualLink = true
      return true
    case 'no_track':
      options.untracked = true
      return true
    case '-nodad':
      options.flags.push('dad')
      return true
    case 'home':
    case 'mngtmpaddr':
    case 'noprefixroute':
    case 'autojoin':
      options.flags.push(option)
      return true
    case 'dev':
      if (!isInterfaceName(value.text)) badValue(to, 'dev', value, 'is no interface name')
      else options.interface = value.text
      return true
    case 'track_group':
      options.trackGroup = value
      return true
    case 'peer': {
      const peer = parseAddress(value.text)
      if (peer !== undefined && familyOf(peer) === family) {
        options.peer = peer
        return true
      }
      to.report.error('value', value.at, `peer ${shown(value)} is not an IPv${family} address; ${leftOut(node)}`)
      return false
    }
    case 'preferred_lft': {
      const lifetime = value.text === 'forever' ? FOR_EVER : optionNumber(to, option, facts, value)
      if (lifetime === undefined) return false
      options.preferredLifetime = lifetime
      return true
    }
    case 'scope':
    case 'label':
    case 'brd':
    case 'broadcast':
      if (family === 4) return readOption4(to, node, option, facts, value, options)
      to.report.error('value', word.at, `${option} is for IPv4 only; it has no effect`, { remedy: 'remove it' })
      return true
    default:
      return assertNever(option)
  }
}

/** What only IPv4 has. */
function readOption4(
  to: Lowering,
  node: Node,
  option: 'scope' | 'label' | 'brd' | 'broadcast',
  { min = 0, max = FOR_EVER }: OptionFacts,
  value: Word,
  options: Options,
): boolean {
  switch (option) {
    case 'scope': {
      const scope = to.names.numberOf('rt_scopes', value.text)
      if (scope === undefined || scope < min || scope > max) {
        badValue(to, 'scope', value, `is neither a number up to ${max} nor a name of a scope`)
        return false
      }
      options.scope = scope
      return true
    }
    case 'label':
      if (new TextEncoder().encode(value.text).length > 15 || value.text === '') {
        to.report.error('value', value.at, `label ${shown(value)} is not 1 to 15 bytes long; ${leftOut(node)}`)
        return false
      }
      options.label = value.text
      return true
    default:
      options.broadcast = value
      return true
  }
}

/** `+`: all host bits one; `-`: all zero; both need at least two host bits. */
function broadcastOf(to: Lowering, wish: Word, address: IpAddress, prefixLength: number): IpAddress | undefined {
  if (wish.text !== '+' && wish.text !== '-') {
    const value = parseAddress(wish.text)
    if (value !== undefined && familyOf(value) === 4) return value
    to.report.error('value', wish.at, `brd ${shown(wish)} is not an IPv4 address; the address ${address} is left out`)
    return undefined
  }
  if (prefixLength > 30) {
    to.report.error(
      'value',
      wish.at,
      `brd ${wish.text} needs a prefix of at most /30; the address ${address} is left out`,
    )
    return undefined
  }
  const bytes = addressBytes(address)
  for (let bit = prefixLength; bit < 32; bit++) {
    const mask = 0x80 >> (bit & 7)
    const index = bit >> 3
    bytes[index] = wish.text === '+' ? (bytes[index] as number) | mask : (bytes[index] as number) & ~mask
  }
  return addressFromBytes(bytes)
}
