import { fail, ok } from '../../base/index.ts'
import { type Attribute, decodeAttributes, encodeAttributes } from './attribute.ts'
import { type Decoded, type LittleEndian, viewOf } from './decoded.ts'

/** What every payload of rtnetlink and generic netlink is: a fixed header of `size` bytes, then attributes. */
export function decodeHeaded<T>(
  payload: Uint8Array,
  size: number,
  little: LittleEndian,
  read: (header: DataView) => T,
): Decoded<T & { readonly attributes: readonly Attribute[] }> {
  if (payload.length < size) return fail({ field: 'length', got: payload.length })
  const attributes = decodeAttributes(payload.subarray(size), little)
  if (!attributes.ok) return attributes
  return ok({ ...read(viewOf(payload)), attributes: attributes.value })
}

/** @param write fills the header, which is zero before */
export function encodeHeaded(
  size: number,
  { attributes }: { readonly attributes: readonly Attribute[] },
  little: LittleEndian,
  write: (header: DataView) => void,
): Uint8Array {
  const encoded = encodeAttributes(attributes, little)
  const payload = new Uint8Array(size + encoded.length)
  write(viewOf(payload))
  payload.set(encoded, size)
  return payload
}
