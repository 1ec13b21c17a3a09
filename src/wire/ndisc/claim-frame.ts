import { type NeighbourClaim, readNeighbourClaim } from './claim.ts'

const ICMP = 54
const ICMPV6 = 58
const HOP_LIMIT = 21

/** `readNeighbourClaim` of a whole frame, without extension headers, with the Ethernet addresses (6 bytes each). */
export function readClaimFrame(
  frame: Uint8Array,
): (NeighbourClaim & { readonly from: Uint8Array; readonly to: Uint8Array }) | undefined {
  if (frame.length < ICMP || frame[12] !== 0x86 || frame[13] !== 0xdd || frame[20] !== ICMPV6) return undefined
  const claim = readNeighbourClaim(frame.subarray(ICMP), frame[HOP_LIMIT] as number)
  return claim === undefined ? undefined : { ...claim, from: frame.slice(6, 12), to: frame.slice(0, 6) }
}
