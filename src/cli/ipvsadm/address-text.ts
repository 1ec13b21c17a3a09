/** Addresses as ipvsadm's users may write them. */

import { addressFromBytes, type IpAddress, parseAddress } from '../../base/index.ts'
import type { Protocol } from '../../model/index.ts'
import { decimal } from './number-text.ts'

/** What names stand for, as far as it is known. */
export type Names = {
  /** The first IPv4 address of a host; undefined: nobody has looked yet. */
  host(name: string): IpAddress | 'unknown' | undefined
  /** Of /etc/services. */
  port(name: string, protocol: Protocol): number | undefined
}

export type Endpoint = {
  readonly address: IpAddress
  /** 0: none was given. */
  readonly port: number
  readonly portGiven: boolean
}
export type EndpointText =
  | { readonly type: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly type: 'wrong' }
  /** A host name has to be looked up first. */
  | { readonly type: 'ask'; readonly host: string }

const wrong: EndpointText = { type: 'wrong' }

/**
 * `a.b.c.d[:port]`, `name[:port]`, `[v6]:port` or a bare IPv6 address.
 * @param protocol  whose service names may stand for a port; undefined: none
 */
export function parseEndpoint(text: string, protocol: Protocol | undefined, names: Names): EndpointText {
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    if (end < 0 || text[end + 1] !== ':') return wrong
    const inner = text.slice(1, end)
    const port = portOf(text.slice(end + 2), protocol, names)
    const address = ipv6(inner)
    if (address !== undefined)
      return port === undefined ? wrong : { type: 'endpoint', endpoint: { address, port, portGiven: true } }
    // The original loses the port here; what it makes of such a word is kept.
    return hostEndpoint(inner, 0, false, names)
  }
  const bare = ipv6(text)
  if (bare !== undefined) return { type: 'endpoint', endpoint: { address: bare, port: 0, portGiven: false } }
  if (text === '' || /^\d+$/.test(text)) return wrong
  const colon = text.indexOf(':')
  if (colon < 0) return hostEndpoint(text, 0, false, names)
  const host = text.slice(0, colon)
  const found = hostEndpoint(host, 0, true, names)
  if (found.type !== 'endpoint') return found
  const port = portOf(text.slice(colon + 1), protocol, names)
  return port === undefined ? wrong : { type: 'endpoint', endpoint: { ...found.endpoint, port } }
}

function hostEndpoint(host: string, port: number, portGiven: boolean, names: Names): EndpointText {
  const found = parseHost(host, names)
  if (found === undefined) return { type: 'ask', host }
  return found === 'unknown' ? wrong : { type: 'endpoint', endpoint: { address: found, port, portGiven } }
}

/** An IPv4 address in any of inet_aton(3)'s forms, or a name; undefined: the name has to be looked up. */
export function parseHost(host: string, names: Names): IpAddress | 'unknown' | undefined {
  const address = inetAton(host)
  if (address !== undefined) return address
  return isHostName(host) ? names.host(host) : 'unknown'
}

/** Letters, digits, dashes, dots; what begins with a digit and is no address is not asked for either. */
const isHostName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(text) || /^\d[\w.-]*[A-Za-z]/.test(text)

function portOf(text: string, protocol: Protocol | undefined, names: Names): number | undefined {
  const number = decimal(text, 0, 65_535)
  if (number !== undefined) return number
  return protocol === undefined || text === '' ? undefined : names.port(text, protocol)
}

/** `10.1`, `0x0a000001`, `012.0.0.1`; white space may follow. */
function inetAton(text: string): IpAddress | undefined {
  const parts = text.replace(/\s.*$/s, '').split('.')
  if (parts.length > 4) return undefined
  const numbers = parts.map(cNumber)
  const last = numbers.length - 1
  const bytes = new Uint8Array(4)
  for (const [i, number] of numbers.entries()) {
    if (number === undefined || number > (i === last ? 2 ** (8 * (4 - i)) - 1 : 255)) return undefined
    if (i < last) bytes[i] = number
    else for (let byte = 3, left = number; byte >= i; byte--, left = Math.floor(left / 256)) bytes[byte] = left % 256
  }
  return addressFromBytes(bytes)
}

function cNumber(text: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return Number.parseInt(text.slice(2), 16)
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8)
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined
}

const ipv6 = (text: string): IpAddress | undefined => (text.includes(':') ? parseAddress(text) : undefined)
