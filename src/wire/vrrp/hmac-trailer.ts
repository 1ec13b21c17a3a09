/**
 * The HMAC trailer after a whole advertisement (draft-cassen-vrrp-auth-hmac-00; keepalived 2.4.2 and later).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +---------------+---------------+-------------------------------+
 *    |   Ext Type    |    Key ID     |           Reserved            |
 *    +---------------+---------------+-------------------------------+
 *    |                 seconds since 1970, UTC                       |
 *    +-------------------------------+-------------------------------+
 *    |  fraction of it, in 1/65536   |            counter            |
 *    +-------------------------------+-------------------------------+
 *    |                    HMAC, leftmost 16 bytes                    |
 *    +---------------------------------------------------------------+
 */
import { addressBytes, fail, type IpAddress, ok, type Result } from '../../base/index.ts'
import { HEADER } from './decoded.ts'

export type HmacTrailer = {
  /** 1–255. */
  readonly keyId: number
  /** Seconds, fraction and counter as one number of 64 bits. */
  readonly sequence: bigint
  /** 16 bytes. */
  readonly hmac: Uint8Array
}

const TRAILER = 28
const HMAC = 16
/** HMAC-SHA-256 truncated to 128 bits; the only one there is. */
const SHA256_128 = 1
const V2_AUTHENTICATION = 8

/** Fails where the type is another or reserved bits are set; `bytes` are those that `splitTrailer` found. */
export function decodeHmacTrailer(
  bytes: Uint8Array,
): Result<HmacTrailer, { readonly field: 'length' | 'type' | 'reserved' }> {
  if (bytes.length !== TRAILER) return fail({ field: 'length' })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint8(0) !== SHA256_128) return fail({ field: 'type' })
  if (view.getUint16(2) !== 0) return fail({ field: 'reserved' })
  return ok({ keyId: view.getUint8(1), sequence: view.getBigUint64(4), hmac: bytes.slice(TRAILER - HMAC) })
}

/** @param trailer its `hmac` may be empty: then that place is zero, as it is for the digest */
export function encodeHmacTrailer({ keyId, sequence, hmac }: HmacTrailer): Uint8Array {
  const bytes = new Uint8Array(TRAILER)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, SHA256_128)
  view.setUint8(1, keyId)
  view.setBigUint64(4, BigInt.asUintN(64, sequence))
  bytes.set(hmac.subarray(0, HMAC), TRAILER - HMAC)
  return bytes
}

export type SplitMessage = {
  readonly message: Uint8Array
  /** What the IP header says of `message`. */
  readonly declared: number
  readonly trailer?: Uint8Array
}

/**
 * A payload and the trailer behind it, if it has just that much more than its count of addresses asks for. Ethernet padding
 * cannot: a message and a trailer are longer than the least frame.
 * @param size bytes in one address: 4 or 16
 */
export function splitTrailer(payload: Uint8Array, declared: number, size: 4 | 16): SplitMessage {
  const whole: SplitMessage = { message: payload, declared }
  if (payload.length < HEADER) return whole
  const version = (payload[0] as number) >> 4
  const length = HEADER + (payload[3] as number) * size + (version === 2 ? V2_AUTHENTICATION : 0)
  if (declared !== length + TRAILER || payload.length < declared) return whole
  return { message: payload.subarray(0, length), declared: length, trailer: payload.subarray(length, declared) }
}

/**
 * What the HMAC covers: a pseudo-header of family, version, virtual router id and source; the message with its checksum as
 * zero; the trailer with the HMAC as zero. The destination is not, so one HMAC serves all unicast peers.
 */
export function hmacInput(source: IpAddress, message: Uint8Array, trailer: Uint8Array): Uint8Array {
  const address = addressBytes(source)
  const bytes = new Uint8Array(PSEUDO + message.length + TRAILER)
  bytes[0] = address.length === 4 ? 4 : 6
  bytes[1] = (message[0] ?? 0) >> 4
  bytes[2] = message[1] ?? 0
  bytes.set(address, 4)
  bytes.set(message, PSEUDO)
  bytes.fill(0, PSEUDO + CHECKSUM, PSEUDO + CHECKSUM + 2)
  bytes.set(trailer.subarray(0, TRAILER - HMAC), PSEUDO + message.length)
  return bytes
}

const PSEUDO = 20
const CHECKSUM = 6
