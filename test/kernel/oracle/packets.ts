/** Packets as the generator wants them, as bytes; every checksum right unless a plan says otherwise. */

import { addressBytes, familyOf, type IpAddress, internetChecksum, pseudoHeader } from '../../../src/base/index.ts'

export const ICMP = 1
export const TCP = 6
export const UDP = 17
export const GRE = 47
export const ICMP6 = 58
export const SCTP = 132

export type PacketPlan = {
  readonly source: IpAddress
  readonly target: IpAddress
  readonly protocol: number
  readonly sourcePort: number
  readonly targetPort: number
  /** TCP: the eight flag bits. */
  readonly flags?: number
  /** SCTP: types of the chunks. */
  readonly chunks?: readonly number[]
  /** Bytes after the transport header. */
  readonly length?: number
  readonly ttl?: number
  readonly tos?: number
  readonly id?: number
  readonly dontFragment?: boolean
  /** IPv4: words of options (no-operations); IPv6: a destination options header of eight bytes each. */
  readonly options?: number
  /** The transport checksum: right, wrong, or none (UDP over IPv4). */
  readonly checksum?: 'right' | 'wrong' | 'none'
  readonly badHeaderChecksum?: boolean
}

/** From the IP header on. */
export function packet(plan: PacketPlan): Uint8Array {
  return withHeader(plan, plan.protocol, transport(plan))
}

function transport(plan: PacketPlan): Uint8Array {
  const { source, target, protocol, length = 0, checksum = 'right' } = plan
  const chunks = plan.chunks ?? []
  const size = protocol === TCP ? 20 : protocol === UDP ? 8 : 12 + 8 * chunks.length
  const bytes = new Uint8Array(size + (protocol === SCTP ? 0 : length))
  const view = new DataView(bytes.buffer)
  for (let i = size; i < bytes.length; i++) bytes[i] = (i * 7 + plan.sourcePort) & 0xff
  view.setUint16(0, plan.sourcePort)
  view.setUint16(2, plan.targetPort)
  if (protocol === SCTP) {
    view.setUint32(4, 0x1234_5678)
    for (const [i, type] of chunks.entries()) {
      bytes[12 + 8 * i] = type
      view.setUint16(14 + 8 * i, 8)
      view.setUint32(16 + 8 * i, 0x0102_0304 + i)
    }
    view.setUint32(8, crc32c(bytes) ^ (checksum === 'wrong' ? 1 : 0), true)
    return bytes
  }
  if (protocol === TCP) {
    view.setUint32(4, 1000)
    view.setUint32(8, 2000)
    bytes[12] = 0x50
    bytes[13] = plan.flags ?? 0
    view.setUint16(14, 8192)
  } else view.setUint16(4, bytes.length)
  if (checksum === 'none') return bytes
  const at = protocol === TCP ? 16 : 6
  const sum = internetChecksum(pseudoHeader(source, target, protocol, bytes.length), bytes)
  view.setUint16(at, (protocol === UDP && sum === 0 ? 0xffff : sum) ^ (checksum === 'wrong' ? 0x0100 : 0))
  return bytes
}

type HeaderPlan = Pick<
  PacketPlan,
  'source' | 'target' | 'ttl' | 'tos' | 'id' | 'dontFragment' | 'options' | 'badHeaderChecksum'
>

function withHeader(plan: HeaderPlan, protocol: number, payload: Uint8Array): Uint8Array {
  const { ttl = 64, tos = 0, options = 0 } = plan
  const source = addressBytes(plan.source)
  const target = addressBytes(plan.target)
  const size = source.length === 4 ? 20 + 4 * options : 40 + 8 * options
  const bytes = new Uint8Array(size + payload.length)
  const view = new DataView(bytes.buffer)
  bytes.set(payload, size)
  if (source.length === 16) {
    view.setUint32(0, 0x6000_0000 | (tos << 20))
    view.setUint16(4, bytes.length - 40)
    bytes[6] = options > 0 ? 60 : protocol
    bytes[7] = ttl
    bytes.set(source, 8)
    bytes.set(target, 24)
    for (let i = 0; i < options; i++) {
      bytes[40 + 8 * i] = i === options - 1 ? protocol : 60
      bytes[42 + 8 * i] = 1
      bytes[43 + 8 * i] = 4
    }
    return bytes
  }
  bytes[0] = 0x40 | (size / 4)
  bytes[1] = tos
  view.setUint16(2, bytes.length)
  view.setUint16(4, plan.id ?? 0x1234)
  view.setUint16(6, plan.dontFragment ? 0x4000 : 0)
  bytes[8] = ttl
  bytes[9] = protocol
  bytes.set(source, 12)
  bytes.set(target, 16)
  bytes.fill(1, 20, size)
  view.setUint16(10, internetChecksum(bytes.subarray(0, size)) ^ (plan.badHeaderChecksum ? 0x0100 : 0))
  return bytes
}

export type ErrorPlan = {
  readonly source: IpAddress
  readonly target: IpAddress
  readonly type: number
  readonly code: number
  /** The second word of the header: next-hop MTU. */
  readonly mtu?: number
  readonly quoted: Uint8Array
  readonly ttl?: number
  readonly checksum?: 'right' | 'wrong'
}

/** An ICMP or ICMPv6 message of eight bytes and a quoted packet. */
export function icmpError(plan: ErrorPlan): Uint8Array {
  const six = familyOf(plan.source) === 6
  const bytes = new Uint8Array(8 + plan.quoted.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = plan.type
  bytes[1] = plan.code
  view.setUint32(4, plan.mtu ?? 0)
  bytes.set(plan.quoted, 8)
  const sum = six
    ? internetChecksum(pseudoHeader(plan.source, plan.target, ICMP6, bytes.length), bytes)
    : internetChecksum(bytes)
  view.setUint16(2, sum ^ (plan.checksum === 'wrong' ? 0x0100 : 0))
  return withHeader(plan, six ? ICMP6 : ICMP, bytes)
}

/** An IPv4 or IPv6 packet in two, the first with so many bytes of payload (a multiple of eight). */
export function fragments(whole: Uint8Array, first: number): readonly [Uint8Array, Uint8Array] {
  const four = (whole[0] as number) >> 4 === 4
  const size = four ? ((whole[0] as number) & 15) * 4 : 40
  const part = (from: number, to: number, more: boolean): Uint8Array => {
    const extra = four ? 0 : 8
    const bytes = new Uint8Array(size + extra + to - from)
    bytes.set(whole.subarray(0, size))
    bytes.set(whole.subarray(size + from, size + to), size + extra)
    const view = new DataView(bytes.buffer)
    if (four) {
      view.setUint16(2, bytes.length)
      view.setUint16(6, (from / 8) | (more ? 0x2000 : 0))
      view.setUint16(10, 0)
      view.setUint16(10, internetChecksum(bytes.subarray(0, size)))
      return bytes
    }
    view.setUint16(4, bytes.length - 40)
    bytes[40] = bytes[6] as number
    bytes[6] = 44
    view.setUint16(42, from | (more ? 1 : 0))
    view.setUint32(44, 0x0a0b_0c0d ^ (((whole[40] as number) << 8) | (whole[41] as number)))
    return bytes
  }
  return [part(0, first, true), part(first, whole.length - size, false)]
}

export type Mac = readonly [number, number, number, number, number, number]

export function frame(target: Mac, source: Mac, ip: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(14 + ip.length)
  bytes.set(target)
  bytes.set(source, 6)
  bytes.set((ip[0] as number) >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00], 12)
  bytes.set(ip, 14)
  return bytes
}

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let i = 0; i < 8; i++) value = value & 1 ? (value >>> 1) ^ 0x82f6_3b78 : value >>> 1
  return value >>> 0
})

/** CRC32c of an SCTP packet, its checksum field taken as zero. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const [i, byte] of bytes.entries())
    crc = (crc >>> 8) ^ (crcTable[(crc ^ (i >= 8 && i < 12 ? 0 : byte)) & 0xff] as number)
  return ~crc >>> 0
}
