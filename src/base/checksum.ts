/**
 * The Internet checksum (RFC 1071): the complement of the one's-complement sum of 16-bit words over all parts in order.
 * Every part but the last has an even length. Over data that holds its right checksum the result is 0.
 */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0
  for (const part of parts) {
    const even = part.length & ~1
    for (let i = 0; i < even; i += 2) sum += ((part[i] as number) << 8) | (part[i + 1] as number)
    if (even !== part.length) sum += (part[even] as number) << 8
    sum = (sum & 0xffff) + (sum >>> 16)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
