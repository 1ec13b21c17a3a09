import { addressFromBytes, type IpAddress } from '../../base/index.ts'
import { type NeighbourClaim, readNeighbourClaim } from './claim.ts'

const DESTINATION = 38
const ICMP = 54
const ICMPV6 = 58
const HOP_LIMIT = 21

/** A claim as it came: from and to are Ethernet addresses (6 bytes each). */
export type FramedClaim = NeighbourClaim & {
  readonly from: Uint8Array
  readonly to: Uint8Array
  /** Who asked, or all nodes where nobody did, or somebody without an address (RFC 4861 §7.2.4). */
  readonly destination: IpAddress
}

/** `readNeighbourClaim` of a whole frame without extension headers. */
export function readClaimFrame(frame: Uint8Array): FramedClaim | undefined {
  if (frame.length < ICMP || frame[12] !== 0x86 || frame[13] !== 0xdd || frame[20] !== ICMPV6) return undefined
  const claim = readNeighbourClaim(frame.subarray(ICMP), frame[HOP_LIMIT] as number)
  if (claim === undefined) return undefined
  const destination = addressFromBytes(frame.subarray(DESTINATION, ICMP))
  return { ...claim, from: frame.slice(6, 12), to: frame.slice(0, 6), destination }
}
