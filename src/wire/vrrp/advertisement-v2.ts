/**
 * VRRPv2 advertisement, IPv4 only (RFC 3768 §5.1; simple text authentication of RFC 2338 §5.3.10).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-------+-------+---------------+---------------+---------------+
 *    |Version| Type  | Virtual Rtr ID|   Priority    | Count IP Addrs|
 *    +-------+-------+---------------+---------------+---------------+
 *    |   Auth Type   |   Adver Int   |          Checksum             |
 *    +---------------+---------------+-------------------------------+
 *    |                  IP Address (1) … (n), 4 bytes each           |
 *    +---------------------------------------------------------------+
 *    |                  Authentication Data, 8 bytes                 |
 *    +---------------------------------------------------------------+
 */
import { addressBytes, addressFromBytes, fail, type IpAddress, internetChecksum, ok } from '../../base/index.ts'
import { type Decoded, HEADER, lengthFits } from './decoded.ts'

export type AdvertisementV2 = {
  readonly version: 2
  readonly virtualRouterId: number
  /** 0 resigns, 255 owns the addresses. */
  readonly priority: number
  /** 0 none, 1 simple text, 2 IP authentication header; others are kept as they came. */
  readonly authenticationType: number
  /** Whole seconds. */
  readonly interval: number
  readonly addresses: readonly IpAddress[]
  /** 8 bytes: the zero-padded password, or zeros. Never to be logged. */
  readonly authenticationData: Uint8Array
}

const ADVERTISEMENT = 1
const AUTHENTICATION = 8

/**
 * Reads one VRRPv2 advertisement. Whether interval and authentication are the expected ones is the receiver's question.
 * Checked in this order: enough bytes for a header, version, length, type, checksum.
 * @param bytes    the IP payload, header already removed; not kept
 * @param declared payload length as the IPv4 header says; less than `bytes.length` when the frame was padded
 */
export function decodeAdvertisementV2(bytes: Uint8Array, declared: number = bytes.length): Decoded<AdvertisementV2> {
  if (bytes.length < HEADER) return fail({ field: 'length', got: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = view.getUint8(0) >> 4
  if (version !== 2) return fail({ field: 'version', got: version })
  const count = view.getUint8(3)
  const length = HEADER + count * 4 + AUTHENTICATION
  if (!lengthFits(length, bytes.length, declared)) return fail({ field: 'length', got: bytes.length })
  const type = view.getUint8(0) & 0x0f
  if (type !== ADVERTISEMENT) return fail({ field: 'type', got: type })
  // No pseudo-header, and the authentication data is covered (RFC 3768 §5.3.8).
  if (internetChecksum(bytes.subarray(0, length)) !== 0) return fail({ field: 'checksum', got: view.getUint16(6) })
  const addresses: IpAddress[] = []
  for (let at = HEADER; at < length - AUTHENTICATION; at += 4)
    addresses.push(addressFromBytes(bytes.subarray(at, at + 4)))
  return ok({
    version: 2,
    virtualRouterId: view.getUint8(1),
    priority: view.getUint8(2),
    authenticationType: view.getUint8(4),
    interval: view.getUint8(5),
    addresses,
    authenticationData: bytes.slice(length - AUTHENTICATION, length),
  })
}

/** At most 255 IPv4 addresses; more, or an address of the other family, is a bug and throws. */
export function encodeAdvertisementV2(message: AdvertisementV2): Uint8Array {
  const { addresses } = message
  if (addresses.length > 255) throw new RangeError(`${addresses.length} addresses do not fit the count`)
  const bytes = new Uint8Array(HEADER + addresses.length * 4 + AUTHENTICATION)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, (2 << 4) | ADVERTISEMENT)
  view.setUint8(1, message.virtualRouterId)
  view.setUint8(2, message.priority)
  view.setUint8(3, addresses.length)
  view.setUint8(4, message.authenticationType)
  view.setUint8(5, message.interval)
  let at = HEADER
  for (const address of addresses) {
    const raw = addressBytes(address)
    if (raw.length !== 4) throw new TypeError(`${address} is not an IPv4 address`)
    bytes.set(raw, at)
    at += 4
  }
  bytes.set(message.authenticationData.subarray(0, AUTHENTICATION), at)
  view.setUint16(6, internetChecksum(bytes))
  return bytes
}

/** The authentication data of a simple text password: its first 8 bytes in UTF-8, padded with zeros (RFC 2338 §5.3.10). */
export function passwordData(password: string): Uint8Array {
  const data = new Uint8Array(AUTHENTICATION)
  data.set(new TextEncoder().encode(password).subarray(0, AUTHENTICATION))
  return data
}
