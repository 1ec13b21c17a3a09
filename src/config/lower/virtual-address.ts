import { addressBytes, addressFromBytes, familyOf, type IpAddress, parseAddress } from '../../base/index.ts'
import type { VirtualAddress } from '../../model/index.ts'
import type { Span } from '../report.ts'
import type { Node, Word } from '../syntax/index.ts'
import { badValue, integerWord, isInterfaceName, type Lowering, shown } from './arguments.ts'

/** An address line before the virtual router's own interface is known. */
export type AddressLine = {
  readonly value: Omit<VirtualAddress, 'interface'> & { readonly interface?: string }
  readonly at: Span
}

const SCOPES: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 }
/** Options of keepalived.conf(5) that are known and change nothing here yet; true: a value follows. */
const NOT_YET: Readonly<Record<string, boolean>> = {
  peer: true,
  home: false,
  '-nodad': false,
  mngtmpaddr: false,
  noprefixroute: false,
  autojoin: false,
  no_track: false,
  preferred_lft: true,
  track_group: true,
}

/** One line of virtual_ipaddress: `ADDRESS[/LEN] {option}`, options in any order. */
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
  const { broadcast: wish, ...rest } = options
  const broadcast = wish === undefined ? undefined : broadcastOf(to, wish, value, prefixLength)
  if (wish !== undefined && broadcast === undefined) return undefined
  return {
    value: { address: value, prefixLength, ...rest, ...(broadcast === undefined ? {} : { broadcast }) },
    at: node.at,
  }
}

function prefixOf(to: Lowering, written: Word, prefix: string, full: number): number {
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (length <= full) return length
  to.report.error('value', written.at, `/${prefix} is not a prefix length from 0 to ${full}; using /${full}`)
  return full
}

type Options = { interface?: string; scope: number; label?: string; broadcast?: Word; onVirtualLink?: true }

function readOptions(to: Lowering, node: Node, family: 4 | 6): Options | undefined {
  const options: Options = { scope: 0 }
  const address = node.keyword.text
  for (let i = 0; i < node.words.length; i++) {
    const option = node.words[i] as Word
    if (option.text === 'use_vmac') {
      options.onVirtualLink = true
      continue
    }
    const takesValue = /^(?:dev|scope|brd|broadcast|label)$/.test(option.text) || NOT_YET[option.text] === true
    const value = takesValue ? node.words[++i] : undefined
    if (takesValue && value === undefined) {
      to.report.error('missing-argument', option.at, `${option.text} needs a value; the address ${address} is left out`)
      return undefined
    }
    if (NOT_YET[option.text] !== undefined) {
      to.report.warning('unsupported', option.at, `${option.text} is not supported yet; it has no effect on ${address}`)
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
    } else if (family === 6) {
      to.report.error('value', option.at, `${option.text} is for IPv4 only; the address ${address} is left out`)
      return undefined
    } else if (option.text === 'scope') {
      const scope = SCOPES[value.text] ?? integerWord(to, 'scope', value, { min: 0, max: 255 })
      if (scope === undefined) return undefined
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
