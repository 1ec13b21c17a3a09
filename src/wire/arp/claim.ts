import { addressFromBytes, type IpAddress } from '../../base/index.ts'

/** Who says, by whatever ARP message, that an address is theirs. */
export type Claim = {
  /** 6 bytes. */
  readonly mac: Uint8Array
  readonly address: IpAddress
}

const FRAME = 42
/** Ethernet type ARP, hardware Ethernet, protocol IPv4, lengths 6 and 4. */
const FIXED = [0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4] as const

/**
 * The sender of a request or an answer (RFC 826): hosts learn from both. Undefined for other frames, and for a probe, whose
 * sender has no address yet (RFC 5227 §2.1.1).
 * @param frame  from the Ethernet header on, laid out as in gratuitous-arp.ts; nothing of it is kept
 */
export function readArpClaim(frame: Uint8Array): Claim | undefined {
  if (frame.length < FRAME || FIXED.some((byte, i) => frame[12 + i] !== byte)) return undefined
  const sender = frame.subarray(28, 32)
  if (sender.every((byte) => byte === 0)) return undefined
  return { mac: frame.slice(22, 28), address: addressFromBytes(sender) }
}
