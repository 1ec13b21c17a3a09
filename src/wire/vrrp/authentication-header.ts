/**
 * The IP authentication header before a VRRPv2 advertisement (RFC 2338 §5.3.6.3, RFC 2402), as keepalived sends it: HMAC-MD5-96
 * keyed by the password, over the IPv4 header, this one and the message.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------------------------------+
 *    |  Next Header  |  Payload Len  |           Reserved            |
 *    +---------------+---------------+-------------------------------+
 *    |                Security Parameters Index (SPI)                |
 *    +---------------------------------------------------------------+
 *    |                        Sequence Number                        |
 *    +---------------------------------------------------------------+
 *    |            Integrity Check Value, 12 bytes                    |
 *    +---------------------------------------------------------------+
 */
import { addressBytes, fail, type IpAddress, internetChecksum, ok, type Result } from '../../base/index.ts'

export type AuthenticationHeader = {
  /** The source address (keepalived). */
  readonly spi: number
  readonly sequence: number
  /** 12 bytes. */
  readonly icv: Uint8Array
}

/** Bytes of it before the message. */
export const AUTHENTICATION_HEADER = 24
export const AH_PROTOCOL = 51

const VRRP = 112
/** In words of 32 bits, less 2. */
const PAYLOAD_LENGTH = 4
const ICV_AT = 12
const IP_HEADER = 20

/** @param bytes the IP payload; the message begins `AUTHENTICATION_HEADER` bytes later */
export function decodeAuthenticationHeader(
  bytes: Uint8Array,
): Result<AuthenticationHeader, { readonly field: 'length' | 'next-header' | 'payload-length' }> {
  if (bytes.length < AUTHENTICATION_HEADER) return fail({ field: 'length' })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint8(0) !== VRRP) return fail({ field: 'next-header' })
  if (view.getUint8(1) !== PAYLOAD_LENGTH) return fail({ field: 'payload-length' })
  return ok({
    spi: view.getUint32(4),
    sequence: view.getUint32(8),
    icv: bytes.slice(ICV_AT, AUTHENTICATION_HEADER),
  })
}

/** @param header its `icv` may be empty: then that place is zero, as it is for the digest */
export function encodeAuthenticationHeader({ spi, sequence, icv }: AuthenticationHeader): Uint8Array {
  const bytes = new Uint8Array(AUTHENTICATION_HEADER)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VRRP)
  view.setUint8(1, PAYLOAD_LENGTH)
  view.setUint32(4, spi)
  view.setUint32(8, sequence)
  bytes.set(icv.subarray(0, AUTHENTICATION_HEADER - ICV_AT), ICV_AT)
  return bytes
}

export const spiOf = (source: IpAddress): number => {
  const bytes = addressBytes(source)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}

/** An IPv4 header without options (RFC 791 §3.1) for `length` bytes behind it; its checksum is in place. */
export function ipv4Header(of: {
  readonly source: IpAddress
  readonly destination: IpAddress
  /** 1–65535: the kernel replaces 0. */
  readonly identification: number
  readonly timeToLive: number
  readonly length: number
}): Uint8Array {
  const bytes = new Uint8Array(IP_HEADER)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, 0x45)
  view.setUint8(1, INTERNETWORK_CONTROL)
  view.setUint16(2, IP_HEADER + of.length)
  view.setUint16(4, of.identification)
  view.setUint8(8, of.timeToLive)
  view.setUint8(9, AH_PROTOCOL)
  bytes.set(addressBytes(of.source), 12)
  bytes.set(addressBytes(of.destination), 16)
  view.setUint16(10, internetChecksum(bytes))
  return bytes
}

const INTERNETWORK_CONTROL = 0xc0

/**
 * What the integrity check value covers: everything, with what may change on the way as zero (type of service, fragment
 * fields, checksum; the time to live in unicast, which may be routed) and the value itself as zero.
 * @param behind the authentication header and the message
 */
export function ahInput(header: Uint8Array, behind: Uint8Array, unicast: boolean): Uint8Array {
  const bytes = new Uint8Array(header.length + behind.length)
  bytes.set(header)
  bytes.set(behind, header.length)
  bytes[1] = 0
  bytes.fill(0, 6, 8)
  if (unicast) bytes[8] = 0
  bytes.fill(0, 10, 12)
  bytes.fill(0, header.length + ICV_AT, header.length + AUTHENTICATION_HEADER)
  return bytes
}
