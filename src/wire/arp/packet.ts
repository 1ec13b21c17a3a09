/**
 * ARP for IPv4 over Ethernet (RFC 826), as a whole frame of 42 bytes; laid out as in gratuitous-arp.ts. Shorter than
 * Ethernet's least: the interface pads it.
 */
import { addressBytes, addressFromBytes, fail, type IpAddress, ok, type Result } from '../../base/index.ts'

export type ArpPacket = {
  /** Addresses of the Ethernet header; 6 bytes, as all MACs here. */
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly operation: 'request' | 'reply'
  readonly senderMac: Uint8Array
  /** 0.0.0.0 in a probe (RFC 5227 §2.1.1). */
  readonly sender: IpAddress
  /** All zeros where it is what is asked for. */
  readonly targetMac: Uint8Array
  readonly target: IpAddress
}

const FRAME = 42
/** Ethernet type ARP, hardware Ethernet, protocol IPv4, lengths 6 and 4. */
const FIXED = [0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4] as const
const OPERATION = 20
const operations = { 1: 'request', 2: 'reply' } as const

export function encodeArpPacket(packet: ArpPacket): Uint8Array {
  const frame = new Uint8Array(FRAME)
  frame.set(packet.to, 0)
  frame.set(packet.from, 6)
  frame.set(FIXED, 12)
  frame[OPERATION + 1] = packet.operation === 'request' ? 1 : 2
  frame.set(packet.senderMac, 22)
  frame.set(addressBytes(packet.sender), 28)
  frame.set(packet.targetMac, 32)
  frame.set(addressBytes(packet.target), 38)
  return frame
}

/** Copies what it returns; padding is ignored. */
export function decodeArpPacket(
  frame: Uint8Array,
): Result<ArpPacket, { readonly field: 'length' | 'fixed' | 'operation' }> {
  if (frame.length < FRAME) return fail({ field: 'length' })
  if (FIXED.some((byte, i) => frame[12 + i] !== byte)) return fail({ field: 'fixed' })
  const number = 256 * (frame[OPERATION] as number) + (frame[OPERATION + 1] as number)
  if (number !== 1 && number !== 2) return fail({ field: 'operation' })
  return ok({
    to: frame.slice(0, 6),
    from: frame.slice(6, 12),
    operation: operations[number],
    senderMac: frame.slice(22, 28),
    sender: addressFromBytes(frame.subarray(28, 32)),
    targetMac: frame.slice(32, 38),
    target: addressFromBytes(frame.subarray(38, 42)),
  })
}
