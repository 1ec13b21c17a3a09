import { type IpAddress, knownBytes } from './address.ts'

/**
 * The pseudo-header that upper-layer checksums cover: 12 bytes for IPv4 (RFC 793 §3.1), 40 for IPv6 (RFC 8200 §8.1).
 * @param length of the upper-layer message, bytes
 */
export function pseudoHeader(source: IpAddress, destination: IpAddress, protocol: number, length: number): Uint8Array {
  const from = knownBytes(source)
  const to = knownBytes(destination)
  const size = from.length
  const bytes = new Uint8Array(size === 4 ? 12 : 40)
  bytes.set(from, 0)
  bytes.set(to, size)
  const view = new DataView(bytes.buffer)
  if (size === 4) {
    bytes[9] = protocol
    view.setUint16(10, length)
  } else {
    view.setUint32(32, length)
    bytes[39] = protocol
  }
  return bytes
}
