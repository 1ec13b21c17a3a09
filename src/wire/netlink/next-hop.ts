import { fail, ok } from '../../base/index.ts'
import { type Attribute, bytesAttribute, decodeAttributes, encodeAttributes } from './attribute.ts'
import { type Decoded, type LittleEndian, viewOf } from './decoded.ts'

/**
 * One of several next hops (`struct rtnexthop`, linux/rtnetlink.h) in RTA_MULTIPATH, each at a multiple of four:
 *
 *     0              2       3      4       8
 *     | length (own) | flags | hops | index | attributes RTA_*
 */
export type NextHopEntry = {
  /** RTNH_F_*. */
  readonly flags: number
  /** The weight less one. */
  readonly hops: number
  readonly index: number
  readonly attributes: readonly Attribute[]
}

const HEADER = 8

/** The gateway need not be on the link. */
export const RTNH_F_ONLINK = 4

const padded = (size: number): number => (size + 3) & ~3

export function multipathAttribute(type: number, hops: readonly NextHopEntry[], little: LittleEndian): Attribute {
  const parts = hops.map(({ flags, hops: weight, index, attributes }) => {
    const encoded = encodeAttributes(attributes, little)
    const bytes = new Uint8Array(HEADER + encoded.length)
    const view = viewOf(bytes)
    view.setUint16(0, bytes.length, little)
    view.setUint8(2, flags)
    view.setUint8(3, weight)
    view.setUint32(4, index, little)
    bytes.set(encoded, HEADER)
    return bytes
  })
  const value = new Uint8Array(parts.reduce((sum, { length }) => sum + padded(length), 0))
  let at = 0
  for (const part of parts) {
    value.set(part, at)
    at += padded(part.length)
  }
  return bytesAttribute(type, value)
}

/** @param value  of RTA_MULTIPATH */
export function decodeNextHops(value: Uint8Array, little: LittleEndian): Decoded<readonly NextHopEntry[]> {
  const hops: NextHopEntry[] = []
  for (let at = 0; at + HEADER <= value.length; ) {
    const view = viewOf(value.subarray(at))
    const length = view.getUint16(0, little)
    if (length < HEADER || at + length > value.length) return fail({ field: 'next hop length', got: length })
    const attributes = decodeAttributes(value.subarray(at + HEADER, at + length), little)
    if (!attributes.ok) return attributes
    hops.push({
      flags: view.getUint8(2),
      hops: view.getUint8(3),
      index: view.getUint32(4, little),
      attributes: attributes.value,
    })
    at += padded(length)
  }
  return ok(hops)
}
