import { fail, ok } from '../../base/index.ts'
import { type Decoded, type LittleEndian, viewOf } from './decoded.ts'

/**
 * One attribute (`struct nlattr`, linux/netlink.h), padded to four bytes:
 *
 *     0               2               4
 *     | length (own)  | flags | type  | value … padding |
 */
export type Attribute = {
  /** Without the two flag bits. */
  readonly type: number
  /** NLA_F_NESTED and NLA_F_NET_BYTEORDER, as they came. */
  readonly flags: number
  readonly value: Uint8Array
}

const HEADER = 4
const FLAGS = 0xc000
export const NLA_F_NESTED = 0x8000

const padded = (size: number): number => (size + 3) & ~3

/** All attributes in the bytes, in order. Up to three bytes that follow the last one are padding and ignored. */
export function decodeAttributes(bytes: Uint8Array, little: LittleEndian): Decoded<readonly Attribute[]> {
  const view = viewOf(bytes)
  const attributes: Attribute[] = []
  let at = 0
  while (at + HEADER <= bytes.length) {
    const length = view.getUint16(at, little)
    const type = view.getUint16(at + 2, little)
    if (length < HEADER || at + length > bytes.length) return fail({ field: 'attribute length', got: length })
    attributes.push({ type: type & ~FLAGS, flags: type & FLAGS, value: bytes.subarray(at + HEADER, at + length) })
    at += padded(length)
  }
  return ok(attributes)
}

export function encodeAttributes(attributes: readonly Attribute[], little: LittleEndian): Uint8Array {
  const bytes = new Uint8Array(attributes.reduce((sum, { value }) => sum + HEADER + padded(value.length), 0))
  const view = viewOf(bytes)
  let at = 0
  for (const { type, flags, value } of attributes) {
    view.setUint16(at, HEADER + value.length, little)
    view.setUint16(at + 2, type | flags, little)
    bytes.set(value, at + HEADER)
    at += HEADER + padded(value.length)
  }
  return bytes
}

/** The value of the first attribute of this type; undefined where there is none or it is shorter than `least` bytes. */
export function findAttribute(attributes: readonly Attribute[], type: number, least = 0): Uint8Array | undefined {
  const found = attributes.find((attribute) => attribute.type === type)
  return found !== undefined && found.value.length >= least ? found.value : undefined
}

export function findUint32(attributes: readonly Attribute[], type: number, little: LittleEndian): number | undefined {
  const value = findAttribute(attributes, type, 4)
  return value === undefined ? undefined : viewOf(value).getUint32(0, little)
}

export function findUint16(attributes: readonly Attribute[], type: number, little: LittleEndian): number | undefined {
  const value = findAttribute(attributes, type, 2)
  return value === undefined ? undefined : viewOf(value).getUint16(0, little)
}

export const findUint8 = (attributes: readonly Attribute[], type: number): number | undefined =>
  findAttribute(attributes, type, 1)?.[0]

/** A byte order mark is part of a name like any other character: an interface may begin with one. */
const names = new TextDecoder('utf-8', { ignoreBOM: true })

/** A zero-terminated string; the terminator may be missing. */
export function findString(attributes: readonly Attribute[], type: number): string | undefined {
  const value = findAttribute(attributes, type)
  if (value === undefined) return undefined
  const end = value.indexOf(0)
  return names.decode(end < 0 ? value : value.subarray(0, end))
}

/** The attributes within one attribute; empty where there is none or they are malformed. */
export function findNested(attributes: readonly Attribute[], type: number, little: LittleEndian): readonly Attribute[] {
  const value = findAttribute(attributes, type)
  const inner = value === undefined ? undefined : decodeAttributes(value, little)
  return inner?.ok ? inner.value : []
}

export const bytesAttribute = (type: number, value: Uint8Array): Attribute => ({ type, flags: 0, value })

export const uint8Attribute = (type: number, value: number): Attribute => bytesAttribute(type, Uint8Array.of(value))

/** @param little  false for what is in network order, such as ports */
export function uint16Attribute(type: number, value: number, little: LittleEndian): Attribute {
  const bytes = new Uint8Array(2)
  viewOf(bytes).setUint16(0, value, little)
  return bytesAttribute(type, bytes)
}

export function uint32Attribute(type: number, value: number, little: LittleEndian): Attribute {
  const bytes = new Uint8Array(4)
  viewOf(bytes).setUint32(0, value, little)
  return bytesAttribute(type, bytes)
}

/** Zero-terminated, as the kernel wants names. */
export const stringAttribute = (type: number, value: string): Attribute =>
  bytesAttribute(type, new TextEncoder().encode(`${value}\0`))

export const nestedAttribute = (type: number, inner: readonly Attribute[], little: LittleEndian): Attribute => ({
  type,
  flags: NLA_F_NESTED,
  value: encodeAttributes(inner, little),
})
