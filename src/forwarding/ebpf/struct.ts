/** C structs as bytes: field order and sizes are the layout; there is no padding that is not a field. */

import { addressBytes, addressFromBytes, type Family, type IpAddress } from '../../base/index.ts'

/**
 * Host byte order, except `be16` (network order) and addresses, as text: `address` and `address6` of 4 and 16 bytes, `wide`
 * of either family in 16 bytes, which is read by `addressOf`. A `u64` is exact up to 2^53. `u32x16`: sixteen numbers.
 */
export type FieldKind = 'u8' | 'u16' | 'u32' | 's32' | 'u64' | 'be16' | 'address' | 'address6' | 'wide' | 'u32x16'

const SIZES: Record<FieldKind, number> = {
  u8: 1,
  u16: 2,
  u32: 4,
  s32: 4,
  u64: 8,
  be16: 2,
  address: 4,
  address6: 16,
  wide: 16,
  u32x16: 64,
}
const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

type Value<K extends FieldKind> = K extends 'address' | 'address6'
  ? IpAddress
  : K extends 'wide'
    ? Uint8Array
    : K extends 'u32x16'
      ? readonly number[]
      : number
type Written<K extends FieldKind> = K extends 'wide' ? IpAddress | Uint8Array : Value<K>
type WrittenValues<F> = { -readonly [N in keyof F]: F[N] extends FieldKind ? Written<F[N]> : never }
type Values<F> = { -readonly [N in keyof F]: F[N] extends FieldKind ? Value<F[N]> : never }

export type Struct<F extends Record<string, FieldKind>> = {
  /** As in the C source. */
  readonly name: string
  readonly size: number
  /** Name, offset, size of each field. */
  readonly fields: readonly (readonly [name: string, offset: number, size: number])[]
  /** Fields not given are zero. */
  encode(values: Partial<WrittenValues<F>>): Uint8Array
  decode(bytes: Uint8Array, at?: number): Values<F>
}

export function struct<const F extends Record<string, FieldKind>>(name: string, kinds: F): Struct<F> {
  const fields: [string, number, number][] = []
  let size = 0
  for (const [field, kind] of Object.entries(kinds)) {
    fields.push([field, size, SIZES[kind]])
    size += SIZES[kind]
  }
  return {
    name,
    size,
    fields,
    encode(values) {
      const bytes = new Uint8Array(size)
      const view = new DataView(bytes.buffer)
      for (const [field, offset] of fields) {
        const value = (values as Record<string, number | IpAddress | Uint8Array | readonly number[] | undefined>)[field]
        if (typeof value === 'string') bytes.set(addressBytes(value), offset)
        else if (value instanceof Uint8Array) bytes.set(value, offset)
        else if (typeof value === 'number') write(view, offset, kinds[field] as FieldKind, value)
        else if (value !== undefined) for (const [i, one] of value.entries()) write(view, offset + 4 * i, 'u32', one)
      }
      return bytes
    },
    decode(bytes, at = 0) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, size)
      const values: Record<string, number | IpAddress | Uint8Array | readonly number[]> = {}
      for (const [field, offset] of fields) {
        const kind = kinds[field] as FieldKind
        if (kind === 'address' || kind === 'address6')
          values[field] = addressFromBytes(bytes.subarray(at + offset, at + offset + SIZES[kind]))
        else if (kind === 'wide') values[field] = bytes.slice(at + offset, at + offset + 16)
        else if (kind === 'u32x16')
          values[field] = Array.from({ length: 16 }, (_, i) => read(view, offset + 4 * i, 'u32'))
        else values[field] = read(view, offset, kind)
      }
      return values as Values<F>
    },
  }
}

function write(view: DataView, at: number, kind: FieldKind, value: number): void {
  switch (SIZES[kind]) {
    case 1:
      return view.setUint8(at, value)
    case 2:
      return view.setUint16(at, value, kind === 'u16' && LITTLE)
    case 4:
      return view.setUint32(at, value >>> 0, LITTLE)
    default:
      return view.setBigUint64(at, BigInt(value), LITTLE)
  }
}

function read(view: DataView, at: number, kind: FieldKind): number {
  switch (kind) {
    case 'u8':
      return view.getUint8(at)
    case 'u16':
      return view.getUint16(at, LITTLE)
    case 'be16':
      return view.getUint16(at)
    case 's32':
      return view.getInt32(at, LITTLE)
    case 'u64':
      return Number(view.getBigUint64(at, LITTLE))
    default:
      return view.getUint32(at, LITTLE)
  }
}

/** The address in a `wide` field. */
export const addressOf = (wide: Uint8Array, family: Family): IpAddress =>
  addressFromBytes(family === 6 ? wide : wide.subarray(0, 4))

/** One 32-bit number in host order: the key of an array map. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, LITTLE)
  return bytes
}

/** 32-bit numbers in host order, one after the other. */
export function numbersOf(bytes: Uint8Array): readonly number[] {
  return [...new Uint32Array(bytes.slice().buffer)]
}
