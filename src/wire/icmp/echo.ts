import { type Family, fail, internetChecksum, ok, type Result } from '../../base/index.ts'

/**
 * ```
 *  |     Type      |     Code      |          Checksum             |
 *  |           Identifier          |        Sequence Number        |
 *  |     Data ...
 * ```
 */
const HEADER = 8
const REQUEST = { 4: 8, 6: 128 } as const
const REPLY = { 4: 0, 6: 129 } as const
const IPV4_HEADER = 20

export type Echo = {
  readonly identifier: number
  readonly sequence: number
  readonly data: Uint8Array
}

/** The first field that is wrong and what it held (`length`: bytes received). */
export type WrongEchoField = { readonly field: 'length' | 'type' | 'code' | 'checksum'; readonly got: number }

/** A request. Over IPv6 the checksum is left to the kernel, which knows the pseudo-header. */
export function encodeEchoRequest(family: Family, { identifier, sequence, data }: Echo): Uint8Array {
  const bytes = new Uint8Array(HEADER + data.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = REQUEST[family]
  view.setUint16(4, identifier)
  view.setUint16(6, sequence)
  bytes.set(data, HEADER)
  if (family === 4) view.setUint16(2, internetChecksum(bytes))
  return bytes
}

/** A reply as a raw socket receives it: over IPv4 behind its IP header, over IPv6 with a checksum that the kernel has looked at. */
export function decodeEchoReply(family: Family, bytes: Uint8Array): Result<Echo, WrongEchoField> {
  const start = family === 4 ? ((bytes[0] ?? 0) & 15) * 4 : 0
  const message = bytes.subarray(start)
  if (start < (family === 4 ? IPV4_HEADER : 0) || message.length < HEADER)
    return fail({ field: 'length', got: bytes.length })
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  if (message[0] !== REPLY[family]) return fail({ field: 'type', got: message[0] ?? 0 })
  if (message[1] !== 0) return fail({ field: 'code', got: message[1] ?? 0 })
  if (family === 4 && internetChecksum(message) !== 0) return fail({ field: 'checksum', got: view.getUint16(2) })
  return ok({ identifier: view.getUint16(4), sequence: view.getUint16(6), data: message.subarray(HEADER) })
}
