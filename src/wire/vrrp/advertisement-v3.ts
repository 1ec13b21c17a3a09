/**
 * VRRPv3 advertisement, IPv4 and IPv6 (RFC 9568 §5.1).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-------+-------+---------------+---------------+---------------+
 *    |Version| Type  | Virtual Rtr ID|   Priority    |IPvX Addr Count|
 *    +-------+-------+---------------+---------------+---------------+
 *    |Reserve| Max Advertise Interval|          Checksum             |
 *    +-------+-----------------------+-------------------------------+
 *    |                IPvX Address (1) … (n), 4 or 16 bytes each     |
 *    +---------------------------------------------------------------+
 */
import {
  addressBytes,
  addressFromBytes,
  type Centiseconds,
  centiseconds,
  fail,
  type IpAddress,
  internetChecksum,
  ok,
} from '../../base/index.ts'
import { type Decoded, HEADER, lengthFits } from './decoded.ts'

export type AdvertisementV3 = {
  readonly version: 3
  readonly virtualRouterId: number
  /** 0 resigns, 255 owns the addresses. */
  readonly priority: number
  /** The four bits before the interval: sent as 0, ignored when received (RFC 9568 §5.2.6). */
  readonly reserved: number
  /** 1–4095. */
  readonly interval: Centiseconds
  /** All of one family. */
  readonly addresses: readonly IpAddress[]
  /**
   * What the checksum covers. Over IPv6 always the pseudo-header too. Over IPv4 RFC 9568 §5.2.8 and v2 have the message
   * alone; keepalived, tcpdump and most others read RFC 5798 §5.2.8 as with the pseudo-header.
   */
  readonly checksum: 'with-pseudo-header' | 'message-only'
}

const ADVERTISEMENT = 1
const NOTHING = new Uint8Array(0)

/**
 * Reads one VRRPv3 advertisement. Over IPv4 both checksum forms are good, a third is not; the value says which it was.
 * Checked in this order: enough bytes for a header, version, length, type, at least one address (erratum 8299), an
 * interval other than 0 (erratum 8301: it would make the down timer 0), checksum.
 * @param bytes    the IP payload, header already removed; not kept
 * @param size     bytes in one address: 4 or 16
 * @param pseudo   the packet's pseudo-header over the declared length
 * @param declared payload length as the IPv4 header says; less than `bytes.length` when the frame was padded
 * @param behind   an HMAC trailer: over IPv6 the kernel's checksum covers it, and so does `pseudo`; over IPv4 nothing does
 */
export function decodeAdvertisementV3(
  bytes: Uint8Array,
  size: 4 | 16,
  pseudo: Uint8Array,
  declared: number = bytes.length,
  behind: Uint8Array = NOTHING,
): Decoded<AdvertisementV3> {
  if (bytes.length < HEADER) return fail({ field: 'length', got: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const version = view.getUint8(0) >> 4
  if (version !== 3) return fail({ field: 'version', got: version })
  const count = view.getUint8(3)
  const length = HEADER + count * size
  const fits = size === 4 ? lengthFits(length, bytes.length, declared) : length === bytes.length
  if (!fits) return fail({ field: 'length', got: bytes.length })
  const type = view.getUint8(0) & 0x0f
  if (type !== ADVERTISEMENT) return fail({ field: 'type', got: type })
  if (count === 0) return fail({ field: 'count', got: 0 })
  const interval = centiseconds(view.getUint16(4) & 0x0fff)
  if (interval === 0) return fail({ field: 'interval', got: 0 })
  const message = bytes.subarray(0, length)
  const full = internetChecksum(pseudo, message, size === 16 ? behind : NOTHING) === 0
  if (!full && (size === 16 || internetChecksum(message) !== 0))
    return fail({ field: 'checksum', got: view.getUint16(6) })
  const addresses: IpAddress[] = []
  for (let at = HEADER; at < length; at += size) addresses.push(addressFromBytes(bytes.subarray(at, at + size)))
  return ok({
    version: 3,
    virtualRouterId: view.getUint8(1),
    priority: view.getUint8(2),
    reserved: view.getUint8(4) >> 4,
    interval,
    addresses,
    checksum: full ? 'with-pseudo-header' : 'message-only',
  })
}

/**
 * At most 255 addresses, all of `size` bytes; anything else is a bug and throws.
 * @param pseudo covered only where `message.checksum` says so
 */
export function encodeAdvertisementV3(message: AdvertisementV3, size: 4 | 16, pseudo: Uint8Array): Uint8Array {
  const { addresses } = message
  if (addresses.length > 255) throw new RangeError(`${addresses.length} addresses do not fit the count`)
  const bytes = new Uint8Array(HEADER + addresses.length * size)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, (3 << 4) | ADVERTISEMENT)
  view.setUint8(1, message.virtualRouterId)
  view.setUint8(2, message.priority)
  view.setUint8(3, addresses.length)
  view.setUint16(4, ((message.reserved & 0x0f) << 12) | (message.interval & 0x0fff))
  let at = HEADER
  for (const address of addresses) {
    const raw = addressBytes(address)
    if (raw.length !== size) throw new TypeError(`${address} does not have ${size} bytes`)
    bytes.set(raw, at)
    at += size
  }
  view.setUint16(6, internetChecksum(message.checksum === 'message-only' ? NOTHING : pseudo, bytes))
  return bytes
}
