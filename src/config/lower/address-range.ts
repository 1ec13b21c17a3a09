import { addressBytes, addressFromBytes, compareAddresses, type IpAddress, parseAddress } from '../../base/index.ts'
import { MOST_IN_RANGE } from '../keywords/index.ts'

export type AddressRange =
  | { readonly ok: true; readonly addresses: readonly IpAddress[] }
  | { readonly ok: false; readonly why: string }

/**
 * `ADDRESS`, `ADDRESS-N` with N for the last octet (IPv6: the last group, hexadecimal), or `ADDRESS-ADDRESS`, upwards, as
 * lines of groups have them (keepalived.conf(5), virtual_server_group).
 */
export function addressRange(text: string): AddressRange {
  const [first, last, more] = text.split('-') as [string, string | undefined, string | undefined]
  const from = parseAddress(first)
  if (from === undefined || more !== undefined) return no('is not an IPv4 or IPv6 address, or a range of them')
  if (last === undefined) return { ok: true, addresses: [from] }
  const to = parseAddress(last) ?? lastPart(from, last)
  if (to === undefined) return no(`ends with ${last}, which is neither an address nor its last part`)
  if (to.includes(':') !== from.includes(':')) return no('begins and ends in different families')
  if (compareAddresses(to, from) <= 0) return no('does not go upwards')
  const addresses: IpAddress[] = []
  for (let one: IpAddress = from; ; one = following(one)) {
    if (addresses.length === MOST_IN_RANGE) return no(`is more than ${MOST_IN_RANGE} addresses`)
    addresses.push(one)
    if (one === to) return { ok: true, addresses }
  }
}

const no = (why: string) => ({ ok: false, why }) as const

function lastPart(of: IpAddress, text: string): IpAddress | undefined {
  const bytes = Uint8Array.from(addressBytes(of))
  const six = bytes.length === 16
  if (!(six ? /^[0-9a-f]{1,4}$/i : /^\d{1,3}$/).test(text)) return undefined
  const value = Number.parseInt(text, six ? 16 : 10)
  if (!six && value > 255) return undefined
  bytes[bytes.length - 1] = value & 0xff
  if (six) bytes[14] = value >> 8
  return addressFromBytes(bytes)
}

function following(of: IpAddress): IpAddress {
  const bytes = Uint8Array.from(addressBytes(of))
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = ((bytes[i] as number) + 1) & 0xff
    if (bytes[i] !== 0) break
  }
  return addressFromBytes(bytes)
}
