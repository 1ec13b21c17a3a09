import { addressFromBytes, type IpAddress } from '../../base/index.ts'

/** Who says that an address is theirs. */
export type NeighbourClaim = {
  readonly address: IpAddress
  /** Of the option; undefined where it is left out. */
  readonly mac: Uint8Array | undefined
}

const NEIGHBOUR_ADVERTISEMENT = 136
const TARGET_LINK_LAYER_ADDRESS = 2
const OPTIONS = 24

/**
 * The target of a neighbour advertisement (RFC 4861 §4.4), solicited or not. Undefined for another message, and for one
 * that came through a router, whose hop limit is below 255 (§7.1.2).
 * @param message  ICMPv6 from its type on; nothing of it is kept
 */
export function readNeighbourClaim(message: Uint8Array, hopLimit: number): NeighbourClaim | undefined {
  if (hopLimit !== 255 || message.length < OPTIONS) return undefined
  if (message[0] !== NEIGHBOUR_ADVERTISEMENT || message[1] !== 0) return undefined
  return { address: addressFromBytes(message.subarray(8, OPTIONS)), mac: macIn(message) }
}

function macIn(message: Uint8Array): Uint8Array | undefined {
  for (let at = OPTIONS; at + 2 <= message.length; ) {
    const length = 8 * (message[at + 1] as number)
    if (length === 0 || at + length > message.length) return undefined
    if (message[at] === TARGET_LINK_LAYER_ADDRESS) return message.slice(at + 2, at + 8)
    at += length
  }
  return undefined
}
