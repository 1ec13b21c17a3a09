/** VRRPv2 advertisements as a stranger on the wire would make them (RFC 3768 §5.1), right or wrong in every field. */

export type Advertisement = {
  readonly virtualRouterId: number
  readonly priority: number
  readonly addresses: readonly string[]
  /** Seconds. */
  readonly interval?: number
  /** Simple text authentication (type 1, RFC 2338 §5.3.6); absent: type 0. At most 8 characters count. */
  readonly password?: string
}

/** The IP payload, checksum included. */
export function advertisementBytes(advertisement: Advertisement): Uint8Array {
  const { virtualRouterId, priority, addresses, interval = 1, password } = advertisement
  const bytes = new Uint8Array(8 + 4 * addresses.length + 8)
  bytes.set([0x21, virtualRouterId, priority, addresses.length, password === undefined ? 0 : 1, interval])
  for (const [i, address] of addresses.entries()) bytes.set(address.split('.').map(Number), 8 + 4 * i)
  bytes.set(new TextEncoder().encode(password ?? '').subarray(0, 8), 8 + 4 * addresses.length)
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  new DataView(bytes.buffer).setUint16(6, ~sum & 0xffff)
  return bytes
}
