import type { Result } from '../../base/index.ts'

/** The first field that is wrong and what it held (`length`: bytes received). */
export type WrongField = {
  readonly field: 'length' | 'version' | 'type' | 'count' | 'interval' | 'checksum'
  readonly got: number
}

export type Decoded<T> = Result<T, WrongField>

/** Bytes before the addresses, in both versions. */
export const HEADER = 8

const IPV4_HEADER = 20
/** The least payload of an Ethernet frame. */
const ETHERNET_MINIMUM = 46

/**
 * Whether `received` bytes can be a message of `expected` bytes. More than the message is allowed only where Ethernet
 * pads short frames: an IPv4 packet filled to 46 bytes, or to 42 where a VLAN tag was taken off on the way. Messages are
 * multiples of 4, so such padding is always 2 modulo 4; any other surplus is not padding.
 * @param declared what the IPv4 header says the payload is; equal to `received` where there is no such header
 */
export function lengthFits(expected: number, received: number, declared: number): boolean {
  if (declared !== expected) return false
  const surplus = received - expected
  return surplus === 0 || (surplus > 0 && surplus % 4 === 2 && IPV4_HEADER + received <= ETHERNET_MINIMUM)
}

/** The virtual router id of a message of either version, to find whose it is; undefined when it is too short to have one. */
export const peekVirtualRouterId = (bytes: Uint8Array): number | undefined =>
  bytes.length < HEADER ? undefined : bytes[1]
