/** The hashes by which sh, dh, mh, lblc and lblcr of IPVS find their buckets. */

import { addressBytes, type Family, familyOf, type IpAddress } from '../../base/index.ts'

/**
 * An address as one 32-bit number: IPv4 as it is, IPv6 its four words by exclusive or.
 * @param family  of the service; a destination of the other one is read as the kernel reads its bytes
 */
export function foldAddress(of: IpAddress, family: Family = familyOf(of)): number {
  const bytes = addressBytes(of)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let folded = view.getUint32(0)
  if (family === 6) for (let at = 4; at < bytes.length; at += 4) folded ^= view.getUint32(at)
  return folded >>> 0
}

/** hash_32 of linux/hash.h: the topmost `bits` of a product. */
export const hash32 = (value: number, bits: number): number => Math.imul(value, 0x61c8_8647) >>> (32 - bits)

/** A key of SipHash: two 64-bit numbers. */
export type HashKey = readonly [bigint, bigint]

/**
 * hsiphash_1u32 of linux/siphash.h on 64-bit kernels: SipHash-1-3 of one 32-bit number, its lower half. On 32-bit kernels
 * that is another function, and mh chooses otherwise.
 */
export function halfSipHash(value: number, [k0, k1]: HashKey): number {
  let v0 = k0 ^ 0x736f_6d65_7073_6575n
  let v1 = k1 ^ 0x646f_7261_6e64_6f6dn
  let v2 = k0 ^ 0x6c79_6765_6e65_7261n
  let v3 = k1 ^ 0x7465_6462_7974_6573n
  const round = (): void => {
    v0 = add(v0, v1)
    v1 = rotate(v1, 13n) ^ v0
    v0 = rotate(v0, 32n)
    v2 = add(v2, v3)
    v3 = rotate(v3, 16n) ^ v2
    v0 = add(v0, v3)
    v3 = rotate(v3, 21n) ^ v0
    v2 = add(v2, v1)
    v1 = rotate(v1, 17n) ^ v2
    v2 = rotate(v2, 32n)
  }
  // The length, four bytes, is in the top byte of the only block.
  const block = (4n << 56n) | BigInt(value >>> 0)
  v3 ^= block
  round()
  v0 ^= block
  v2 ^= 0xffn
  for (let i = 0; i < 3; i++) round()
  return Number((v0 ^ v1 ^ v2 ^ v3) & 0xffff_ffffn)
}

const add = (a: bigint, b: bigint): bigint => BigInt.asUintN(64, a + b)
const rotate = (a: bigint, by: bigint): bigint => BigInt.asUintN(64, a << by) | (a >> (64n - by))
