/**
 * Ethernet frames with IPv4 or IPv6 inside, as the source address is, built and read; every checksum right unless a test
 * says otherwise.
 */

import { addressBytes, addressFromBytes, familyOf, type IpAddress, internetChecksum } from '../../src/base/index.ts'

export const TCP = 6
export const UDP = 17
export const ICMP = 1
export const ICMPV6 = 58
export const SCTP = 132
export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const ACK = 0x10

export type FramePlan = {
  readonly source: string
  readonly target: string
  readonly sourcePort?: number
  readonly targetPort?: number
  readonly protocol?: number
  readonly flags?: number
  readonly ttl?: number
  /** IPv4: flags and offset: 0x4000 is DF, 0x2000 MF. */
  readonly fragment?: number
  readonly payload?: Uint8Array
  /** UDP or SCTP without a checksum. */
  readonly noChecksum?: boolean
  readonly etherType?: number
  /** Destination MAC other than the loopback's zeros: a frame for somebody else. */
  readonly forAnother?: boolean
  /** Extra IPv4 header words. */
  readonly options?: number
  /** IPv6: the headers between, each with its number; the first two bytes of each are filled in. */
  readonly extensions?: readonly (readonly [number: number, header: Uint8Array])[]
  /** IPv6: what follows the last extension header where it is no whole transport header. */
  readonly bare?: boolean
  /** IPv6: traffic class and flow label. */
  readonly label?: number
}

const HEADERS: Readonly<Record<number, number>> = { [TCP]: 20, [UDP]: 8, [SCTP]: 12 }

/** RFC 9260 appendix A, bit by bit. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f6_3b78 & -(crc & 1))
  }
  return ~crc >>> 0
}

/** An SCTP chunk of the least size that its type may have. */
export const chunk = (type: number, length = 4): Uint8Array => {
  const bytes = new Uint8Array((length + 3) & ~3)
  bytes[0] = type
  new DataView(bytes.buffer).setUint16(2, length)
  return bytes
}

const bytesOf = (text: string): Uint8Array => addressBytes(text as IpAddress)

export function frame(plan: FramePlan): Uint8Array {
  const { protocol = TCP, flags = 0, payload = new Uint8Array(0), sourcePort = 0, targetPort = 0 } = plan
  const headLength = plan.bare ? 0 : (HEADERS[protocol] ?? 0)
  const transport = new Uint8Array(headLength + payload.length)
  const view = new DataView(transport.buffer)
  transport.set(payload, transport.length - payload.length)
  if (headLength > 0) {
    view.setUint16(0, sourcePort)
    view.setUint16(2, targetPort)
    if (protocol === TCP) {
      view.setUint32(4, 1000)
      view.setUint8(12, 0x50)
      view.setUint8(13, flags)
      view.setUint16(14, 65535)
    } else view.setUint16(4, transport.length)
    const at = protocol === TCP ? 16 : 6
    if (!plan.noChecksum && !plan.bare) {
      const sum = internetChecksum(pseudoHeader(plan.source, plan.target, protocol, transport.length), transport)
      view.setUint16(at, protocol === UDP && sum === 0 ? 0xffff : sum)
    }
  }
  if (protocol === SCTP && headLength > 0) {
    view.setUint32(4, 0x1234_5678)
    if (!plan.noChecksum) view.setUint32(8, crc32c(transport), true)
  }
  if (isIpv6(plan.source)) return ethernet(plan, 0x86dd, ipv6Header(plan, protocol, transport.length), transport)
  const headerLength = 20 + 4 * (plan.options ?? 0)
  const header = new Uint8Array(headerLength)
  const ip = new DataView(header.buffer)
  ip.setUint8(0, 0x40 | (headerLength / 4))
  ip.setUint16(2, headerLength + transport.length)
  ip.setUint16(4, 0x1234)
  ip.setUint16(6, plan.fragment ?? 0x4000)
  ip.setUint8(8, plan.ttl ?? 64)
  ip.setUint8(9, protocol)
  header.set(bytesOf(plan.source), 12)
  header.set(bytesOf(plan.target), 16)
  if (headerLength > 20) header.fill(1, 20)
  ip.setUint16(10, internetChecksum(header))
  return ethernet(plan, 0x0800, header, transport)
}

const isIpv6 = (text: string): boolean => familyOf(text as IpAddress) === 6

function ethernet(plan: FramePlan, etherType: number, header: Uint8Array, transport: Uint8Array): Uint8Array {
  const whole = new Uint8Array(14 + header.length + transport.length)
  if (plan.forAnother) whole[5] = 0x77
  whole.set([2, 0, 0, 0, 0, 9], 6)
  new DataView(whole.buffer).setUint16(12, plan.etherType ?? etherType)
  whole.set(header, 14)
  whole.set(transport, 14 + header.length)
  return whole
}

/** The IPv6 header and the extension headers. */
function ipv6Header(plan: FramePlan, protocol: number, length: number): Uint8Array {
  const extensions = plan.extensions ?? []
  const numbers = [...extensions.map(([number]) => number), protocol]
  const header = new Uint8Array(40 + extensions.reduce((sum, [, bytes]) => sum + bytes.length, 0))
  const view = new DataView(header.buffer)
  view.setUint32(0, 0x6000_0000 + (plan.label ?? 0))
  view.setUint16(4, header.length - 40 + length)
  header[6] = numbers[0] as number
  header[7] = plan.ttl ?? 64
  header.set(bytesOf(plan.source), 8)
  header.set(bytesOf(plan.target), 24)
  let at = 40
  for (const [i, [number, bytes]] of extensions.entries()) {
    header.set(bytes, at)
    header[at] = numbers[i + 1] as number
    // A fragment header has no length; authentication counts in words.
    if (number !== FRAGMENT) header[at + 1] = number === AUTHENTICATION ? bytes.length / 4 - 2 : bytes.length / 8 - 1
    at += bytes.length
  }
  return header
}

export const HOP_BY_HOP = 0
export const ROUTING = 43
export const FRAGMENT = 44
export const AUTHENTICATION = 51
export const DESTINATION_OPTIONS = 60

/** A fragment header; the offset in bytes. */
export function fragmentHeader(offset: number, more: boolean, id: number): readonly [number, Uint8Array] {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint16(2, offset | (more ? 1 : 0))
  new DataView(bytes.buffer).setUint32(4, id)
  return [FRAGMENT, bytes]
}

/** An ICMP or ICMPv6 error that quotes the packet of `quoted`: its IP header and 8 bytes more, or `quote` bytes. */
export function icmpError(
  source: string,
  target: string,
  type: number,
  code: number,
  quoted: Uint8Array,
  mtu = 0,
  quote = isIpv6(source) ? 48 : 28,
): Uint8Array {
  const payload = new Uint8Array(8 + quote)
  const view = new DataView(payload.buffer)
  payload[0] = type
  payload[1] = code
  payload.set(quoted.subarray(14, 14 + quote), 8)
  if (!isIpv6(source)) {
    view.setUint16(6, mtu)
    view.setUint16(2, internetChecksum(payload))
    return frame({ source, target, protocol: ICMP, payload, fragment: 0 })
  }
  view.setUint32(4, mtu)
  view.setUint16(2, internetChecksum(pseudoHeader(source, target, ICMPV6, payload.length), payload))
  return frame({ source, target, protocol: ICMPV6, payload })
}

export type ReadFrame = {
  readonly source: string
  readonly target: string
  readonly protocol: number
  readonly ttl: number
  readonly length: number
  readonly sourcePort: number
  readonly targetPort: number
  readonly payload: Uint8Array
  /** After the IP header and IPv6's extension headers. */
  readonly transport: Uint8Array
  readonly headerChecksumRight: boolean
  /** Of TCP, UDP, SCTP or ICMP, of a whole packet; a UDP checksum of zero is right over IPv4. */
  readonly checksumRight: boolean
}

/** Reads the IP packet of a frame; `offset` for one that is quoted. */
export function readFrame(bytes: Uint8Array, offset = 14): ReadFrame {
  const ip = bytes.subarray(offset)
  const view = new DataView(ip.buffer, ip.byteOffset, ip.length)
  const v6 = view.getUint8(0) >> 4 === 6
  const length = v6 ? 40 + view.getUint16(4) : view.getUint16(2)
  let at = v6 ? 40 : (view.getUint8(0) & 15) * 4
  let protocol = view.getUint8(v6 ? 6 : 9)
  let later = !v6 && (view.getUint16(6) & 0x1fff) !== 0
  while (
    v6 &&
    !later &&
    at + 2 <= ip.length &&
    [HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS].includes(protocol)
  ) {
    const size = view.getUint8(at + 1)
    later = protocol === FRAGMENT && at + 4 <= ip.length && (view.getUint16(at + 2) & 0xfff8) !== 0
    const skip = protocol === FRAGMENT ? 8 : protocol === AUTHENTICATION ? 4 * (size + 2) : 8 * (size + 1)
    protocol = view.getUint8(at)
    at += skip
  }
  const transport = ip.subarray(at, Math.min(ip.length, length))
  const source = addressFromBytes(v6 ? ip.subarray(8, 24) : ip.subarray(12, 16))
  const target = addressFromBytes(v6 ? ip.subarray(24, 40) : ip.subarray(16, 20))
  // Damaged headers may lead beyond the frame.
  const ports = !later && protocol in HEADERS && at + 8 <= ip.length
  const headLength = later ? 0 : (HEADERS[protocol] ?? 8)
  const sum =
    protocol === SCTP
      ? crcOff(transport)
      : ports || v6
        ? internetChecksum(pseudoHeader(source, target, protocol, length - at), transport)
        : internetChecksum(transport)
  return {
    source,
    target,
    protocol,
    ttl: view.getUint8(v6 ? 7 : 8),
    length,
    sourcePort: ports ? view.getUint16(at) : 0,
    targetPort: ports ? view.getUint16(at + 2) : 0,
    payload: transport.subarray(headLength),
    transport,
    headerChecksumRight: v6 || internetChecksum(ip.subarray(0, at)) === 0,
    checksumRight: sum === 0 || (!v6 && ports && protocol === UDP && view.getUint16(at + 6) === 0),
  }
}

/** Zero: the checksum is right. */
function crcOff(transport: Uint8Array): number {
  if (transport.length < 12) return -1
  const bytes = transport.slice()
  const held = new DataView(bytes.buffer).getUint32(8, true)
  bytes.fill(0, 8, 12)
  return crc32c(bytes) - held
}

function pseudoHeader(source: string, target: string, protocol: number, length: number): Uint8Array {
  const from = bytesOf(source)
  const bytes = new Uint8Array(2 * from.length + (from.length === 16 ? 8 : 4))
  const view = new DataView(bytes.buffer)
  bytes.set(from, 0)
  bytes.set(bytesOf(target), from.length)
  if (from.length === 16) {
    view.setUint32(32, length)
    bytes[39] = protocol
  } else {
    bytes[9] = protocol
    view.setUint16(10, length)
  }
  return bytes
}
