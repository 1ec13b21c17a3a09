import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bytesAttribute,
  decodeAttributes,
  encodeAttributes,
  findAttribute,
  findNested,
  findString,
  findUint32,
  nestedAttribute,
  stringAttribute,
  uint8Attribute,
  uint32Attribute,
} from '../../../src/wire/netlink/index.ts'
import { anyAttributes, bytes, hex } from './arbitrary.ts'

test('decoding undoes encoding, flags and unknown types kept, in both byte orders', () => {
  fc.assert(
    fc.property(anyAttributes, fc.boolean(), (attributes, little) => {
      expect(decodeAttributes(encodeAttributes(attributes, little), little)).toEqual({ ok: true, value: attributes })
    }),
  )
})

for (const [what, attribute, encoded] of [
  ['a string is terminated', stringAttribute(3, 'eth0'), '0900 0300 6574683000 000000'],
  ['a number has the order of the host', uint32Attribute(4, 0x5dc, true), '0800 0400 dc050000'],
  ['a byte is padded', uint8Attribute(11, 0x48), '0500 0b00 48 000000'],
  ['an empty value is a header', bytesAttribute(7, new Uint8Array()), '0400 0700'],
  [
    'a nested one says so (macvlan in private mode)',
    nestedAttribute(18, [stringAttribute(1, 'macvlan'), nestedAttribute(2, [uint32Attribute(1, 1, true)], true)], true),
    '1c00 1280 0c00 0100 6d6163766c616e00 0c00 0280 0800 0100 01000000',
  ],
] as const)
  test(`on the wire ${what}`, () => {
    expect(hex(encodeAttributes([attribute], true))).toBe(encoded.replaceAll(' ', ''))
    expect(decodeAttributes(bytes(encoded), true)).toEqual({ ok: true, value: [attribute] })
  })

test('up to three bytes after the last attribute are padding', () => {
  const attribute = uint8Attribute(1, 9)
  expect(decodeAttributes(bytes('0500 0100 09 000000 0000'), true)).toEqual({ ok: true, value: [attribute] })
  expect(decodeAttributes(bytes('0500 0100 09'), true)).toEqual({ ok: true, value: [attribute] })
})

for (const [what, encoded, got] of [
  ['longer than what is left', '0900 0100 00000000', 9],
  ['shorter than its own header', '0300 0100', 3],
  ['of no length', '0000 0000', 0],
] as const)
  test(`an attribute ${what} is refused with its length`, () => {
    expect(decodeAttributes(bytes(encoded), true)).toEqual({ ok: false, error: { field: 'attribute length', got } })
  })

test('what is asked for and is not there, or is too short, is undefined', () => {
  const attributes = [bytesAttribute(1, Uint8Array.of(1, 2)), bytesAttribute(2, bytes('0900 0100'))]
  expect(findAttribute(attributes, 1)).toEqual(Uint8Array.of(1, 2))
  expect(findAttribute(attributes, 1, 4)).toBeUndefined()
  expect(findUint32(attributes, 1, true)).toBeUndefined()
  expect(findString(attributes, 9)).toBeUndefined()
  expect(findNested(attributes, 2, true)).toEqual([])
  expect(findNested(attributes, 9, true)).toEqual([])
})

test('a string without its terminator is taken whole', () => {
  expect(findString([bytesAttribute(3, bytes('6c6f'))], 3)).toBe('lo')
})

test('no bytes make the decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (encoded, little) => {
      decodeAttributes(encoded, little)
    }),
  )
})
