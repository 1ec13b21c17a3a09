/**
 * Gratuitous ARP: a broadcast ARP request for an address from its holder (RFC 5227 §3, RFC 9568 §6.4.1), as a whole
 * Ethernet frame of 42 bytes; the interface pads it.
 *
 *    0 broadcast | 6 sender MAC | 12 0x0806 | 14 hardware 1 | 16 protocol 0x0800 | 18 6 | 19 4 | 20 operation 1
 *    22 sender MAC | 28 address | 32 target MAC | 38 address
 */
import { addressBytes, addressFromBytes, fail, type IpAddress, ok, type Result } from '../../base/index.ts'

export type GratuitousArp = {
  /** 6 bytes: the Ethernet source and the ARP sender. */
  readonly mac: Uint8Array
  readonly address: IpAddress
}

const FRAME = 42
/** Ethernet type ARP, hardware Ethernet, protocol IPv4, lengths 6 and 4, operation request. */
const FIXED = [0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01] as const

/**
 * The target hardware address is broadcast, as keepalived sends it; RFC 9568 §6.4.1 names the virtual router MAC, which
 * hosts treat alike.
 */
export function encodeGratuitousArp({ mac, address }: GratuitousArp): Uint8Array {
  const frame = new Uint8Array(FRAME)
  const protocol = addressBytes(address)
  frame.fill(0xff, 0, 6)
  frame.set(mac, 6)
  frame.set(FIXED, 12)
  frame.set(mac, 22)
  frame.set(protocol, 28)
  frame.fill(0xff, 32, 38)
  frame.set(protocol, 38)
  return frame
}

/** Reads what `encodeGratuitousArp` makes, from anyone; padding after it is ignored, the target hardware address too. */
export function decodeGratuitousArp(
  frame: Uint8Array,
): Result<GratuitousArp, { readonly field: 'length' | 'fixed' | 'sender' | 'target' }> {
  if (frame.length < FRAME) return fail({ field: 'length' })
  for (const [i, byte] of FIXED.entries()) if (frame[12 + i] !== byte) return fail({ field: 'fixed' })
  for (let i = 0; i < 6; i++) if (frame[6 + i] !== frame[22 + i]) return fail({ field: 'sender' })
  for (let i = 0; i < 4; i++) if (frame[28 + i] !== frame[38 + i]) return fail({ field: 'target' })
  return ok({ mac: frame.slice(22, 28), address: addressFromBytes(frame.subarray(28, 32)) })
}
