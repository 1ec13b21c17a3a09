import { addressBytes, addressFromBytes, familyOf, type IpAddress, parseAddress } from '../../base/index.ts'
import { type AddressFlag, FOR_EVER, type VirtualAddress } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, integerWord, isInterfaceName, type Lowering, shown } from './arguments.ts'

/** An address line before the virtual router's own interface is known. */
export type AddressLine = {
  readonly value: Omit<VirtualAddress, 'interface'> & { readonly interface?: string }
  readonly at: Span
  /** Of static addresses. */
  readonly trackGroup?: Word
}

/** Options that take a value. */
const WITH_VALUE = /^(?:dev|scope|brd|broadcast|label|peer|preferred_lft|track_group)$/
const FLAGS: Readonly<Record<string, AddressFlag>> = {
  home: 'home',
  '-nodad': 'dad',
  mngtmpaddr: 'mngtmpaddr',
  noprefixroute: 'noprefixroute',
  autojoin: 'autojoin',
}

/** One line of virtual_ipaddress or static_ipaddress: `ADDRESS[/LEN] {option}`, options in any order. */
export function addressLine(to: Lowering, node: Node): AddressLine | undefined {
  const written = node.keyword
  const [text, prefix] = written.text.split('/') as [string, string | undefined]
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

function readOptions(to: Lowering, node: Node, family: 4 | 6): Options | undefined {
  const options: Options = { scope: 0, flags: [] }
  const address = node.keyword.text
  for (let i = 0; i < node.words.length; i++) {
    const option = node.words[i] as Word
    if (option.text === 'use_vmac') {
      options.onVirtualLink = true
      continue
    }
    const takesValue = WITH_VALUE.test(option.text)
    const value = takesValue ? node.words[++i] : undefined
    if (takesValue && value === undefined) {
      to.report.error('missing-argument', option.at, `${option.text} needs a value; the address ${address} is left out`)
      return undefined
    }
    const flag = FLAGS[option.text]
    if (flag !== undefined || option.text === 'no_track') {
      if (flag === undefined) options.untracked = true
      else options.flags.push(flag)
      continue
    }
    if (!takesValue) {
      const remedy = parseAddress(option.text.split('/')[0] as string) && 'write each address on a line of its own'
      to.report.error('value', option.at, `${shown(option)} is no option of an address; it has no effect`, {
        ...(remedy ? { remedy } : {}),
      })
      continue
    }
    if (value === undefined) continue
    if (option.text === 'dev') {
      if (!isInterfaceName(value.text)) badValue(to, 'dev', value, 'is no interface name')
      else options.interface = value.text
    } else if (option.text === 'track_group') options.trackGroup = value
    else if (option.text === 'peer') {
      const peer = parseAddress(value.text)
      if (peer === undefined || familyOf(peer) !== family) {
        to.report.error(
          'value',
          value.at,
          `peer ${shown(value)} is not an IPv${family} address; the address ${address} is left out`,
        )
        return undefined
      }
      options.peer = peer
    } else if (option.text === 'preferred_lft') {
      const lifetime =
        value.text === 'forever' ? FOR_EVER : integerWord(to, 'preferred_lft', value, { min: 0, max: FOR_EVER })
      if (lifetime === undefined) return undefined
      options.preferredLifetime = lifetime
    } else if (family === 6) {
      to.report.error('value', option.at, `${option.text} is for IPv4 only; the address ${address} is left out`)
      return undefined
    } else if (option.text === 'scope') {
      const scope = to.names.numberOf('rt_scopes', value.text)
      if (scope === undefined || scope > 255) {
        badValue(to, 'scope', value, 'is neither a number up to 255 nor a name of a scope')
        return undefined
      }
      options.scope = scope
    } else if (option.text === 'label') {
      if (new TextEncoder().encode(value.text).length > 15 || value.text === '') {
        to.report.error('value', value.at, `label ${shown(value)} is not 1 to 15 bytes long; ${address} is left out`)
        return undefined
      }
      options.label = value.text
    } else options.broadcast = value
  }
  return options
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
