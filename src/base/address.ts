import { sameBytes } from './bytes.ts'

export type Family = 4 | 6

/**
 * A numeric IP address in canonical text: dotted decimal, or RFC 5952 for IPv6 (lower case, longest zero run as `::`).
 * Two addresses are equal exactly when their strings are; so it is a Map key and travels as JSON.
 */
export type IpAddress = string & { readonly kind: 'ip-address' }

export const familyOf = (address: IpAddress): Family => (address.includes(':') ? 6 : 4)

/** Four decimal parts, or IPv6 text with at most one `::` and an optional dotted tail; no scope id, no brackets, no prefix. */
export function parseAddress(text: string): IpAddress | undefined {
  // What is read as IPv4 is canonical.
  if (!text.includes(':')) return IPV4.test(text) ? (text as IpAddress) : undefined
  const bytes = parseIpv6(text)
  return bytes === undefined ? undefined : addressFromBytes(bytes)
}

/** `192.0.2.1:80` or `[2001:db8::1]:80`; without brackets an IPv6 address and a port cannot be told apart. */
export function parseEndpoint(text: string): { readonly address: IpAddress; readonly port: number } | undefined {
  const [, six, four = '', digits] = /^(?:\[([^[\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const address = parseAddress(six ?? four)
  const port = Number(digits)
  if (address === undefined || port > 65_535 || (six !== undefined) !== address.includes(':')) return undefined
  return { address, port }
}

/** For constants in code and tests; throws on text that is not an address. */
export function address(text: string): IpAddress {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`not an address: ${text}`)
  return parsed
}

/** 4 or 16 bytes, network order; the caller's own. */
export function addressBytes(of: IpAddress): Uint8Array {
  return knownBytes(of).slice()
}

/** The same few addresses come with every packet: their bytes are kept, as many as this. */
const KNOWN = 1024
const known = new Map<IpAddress, Uint8Array>()

/** As `addressBytes`, and not to be written to. */
export function knownBytes(of: IpAddress): Uint8Array {
  const before = known.get(of)
  if (before !== undefined) return before
  const bytes = of.includes(':') ? parseIpv6(of) : parseIpv4(of)
  if (bytes === undefined) throw new Error(`not an address: ${of}`)
  if (known.size >= KNOWN) known.clear()
  known.set(of, bytes)
  return bytes
}

/** The texts made last, by a hash of their bytes: a flood has few senders, or none that is worth keeping. */
const SLOTS = 256
const texts: ({ readonly bytes: Uint8Array; readonly text: IpAddress } | undefined)[] = new Array(SLOTS).fill(undefined)

/** From 4 or 16 bytes, network order; any other length throws. */
export function addressFromBytes(bytes: Uint8Array): IpAddress {
  const { length } = bytes
  if (length !== 4 && length !== 16) throw new Error(`an address has 4 or 16 bytes, not ${length}`)
  let hash = length
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  const slot = (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1)
  const before = texts[slot]
  if (before !== undefined && sameBytes(before.bytes, bytes)) return before.text
  const text = (length === 4 ? `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}` : formatIpv6(bytes)) as IpAddress
  texts[slot] = { bytes: bytes.slice(), text }
  return text
}

/** Unsigned comparison over all bytes in network order (RFC 9568 §6.4.3): negative, zero or positive. */
export function compareAddresses(a: IpAddress, b: IpAddress): number {
  const left = knownBytes(a)
  const right = knownBytes(b)
  if (left.length !== right.length) return left.length - right.length
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(of: IpAddress): boolean {
  const first = addressBytes(of)[0] as number
  return familyOf(of) === 4 ? first >> 4 === 0xe : first === 0xff
}

/** fe80::/10. */
export function isLinkLocal6(of: IpAddress): boolean {
  if (familyOf(of) !== 6) return false
  const bytes = addressBytes(of)
  return bytes[0] === 0xfe && ((bytes[1] as number) & 0xc0) === 0x80
}

/** The first `prefixLength` bits of the two are the same. Addresses of two families have no subnet in common. */
export function inSubnet(one: IpAddress, other: IpAddress, prefixLength: number): boolean {
  if (familyOf(one) !== familyOf(other)) return false
  const a = addressBytes(one)
  const b = addressBytes(other)
  const whole = prefixLength >> 3
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false
  const rest = 0xff00 >> (prefixLength & 7)
  return (((a[whole] ?? 0) ^ (b[whole] ?? 0)) & rest & 0xff) === 0
}

/** Four numbers up to 255 without leading zeros. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

function parseIpv4(text: string): Uint8Array | undefined {
  if (!IPV4.test(text)) return undefined
  const bytes = new Uint8Array(4)
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0) at++
    else bytes[at] = (bytes[at] as number) * 10 + digit
  }
  return bytes
}

const ZERO = 0x30

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] as string, halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1] as string, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const bytes = new Uint8Array(16)
  for (const [i, group] of groups.entries()) {
    bytes[2 * i] = group >> 8
    bytes[2 * i + 1] = group & 0xff
  }
  return bytes
}

function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const dotted = last && i === parts.length - 1 ? parseIpv4(part) : undefined
      if (dotted === undefined) return undefined
      groups.push(
        ((dotted[0] as number) << 8) | (dotted[1] as number),
        ((dotted[2] as number) << 8) | (dotted[3] as number),
      )
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number))
  let bestStart = -1
  let bestLength = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > bestLength) {
      bestStart = i
      bestLength = end - i
    }
    if (end > i) i = end
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  return bestStart < 0
    ? hex(groups)
    : `${hex(groups.slice(0, bestStart))}::${hex(groups.slice(bestStart + bestLength))}`
}
