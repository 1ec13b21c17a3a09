import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, addressFromBytes } from '../../../src/base/index.ts'
import {
  type AdvertisementV2,
  decodeAdvertisementV2,
  encodeAdvertisementV2,
  passwordData,
} from '../../../src/wire/vrrp/index.ts'
import { bytes, hex, withByte, withSum } from '../bytes.ts'

const none: AdvertisementV2 = {
  version: 2,
  virtualRouterId: 51,
  priority: 100,
  authenticationType: 0,
  interval: 1,
  addresses: [address('192.0.2.100')],
  authenticationData: new Uint8Array(8),
}

const golden: readonly [what: string, text: string, value: AdvertisementV2][] = [
  ['without authentication', '21336401 0001 b865 c0000264 0000000000000000', none],
  [
    'with a simple text password',
    '21336401 0101 52ff c0000264 3132333400000000',
    { ...none, authenticationType: 1, authenticationData: passwordData('1234') },
  ],
  ['a resignation without addresses', '21330000 0001 decb 0000000000000000', { ...none, priority: 0, addresses: [] }],
]

describe('VRRPv2 advertisement (RFC 3768 §5.1)', () => {
  for (const [what, text, value] of golden)
    test(`V-007 ${what} is these bytes, both ways`, () => {
      expect(hex(encodeAdvertisementV2(value))).toBe(hex(bytes(text)))
      expect(decodeAdvertisementV2(bytes(text))).toEqual({ ok: true, value })
    })

  const good = bytes(golden[0]![1])
  const refused: readonly [
    rule: string,
    message: Uint8Array,
    error: { field: string; got: number },
    declared?: number,
  ][] = [
    ['nothing', new Uint8Array(0), { field: 'length', got: 0 }],
    ['half a header', good.slice(0, 7), { field: 'length', got: 7 }],
    ['version 3', withByte(good, 0, 0x31), { field: 'version', got: 3 }],
    ['a missing address', withByte(good, 3, 2), { field: 'length', got: 20 }],
    ['missing authentication data', good.slice(0, 12), { field: 'length', got: 12 }],
    ['a byte too many', new Uint8Array([...good, 0]), { field: 'length', got: 21 }],
    ['an address more than counted', new Uint8Array([...good, 0, 0, 0, 0]), { field: 'length', got: 24 }],
    ['type 2', withSum(withByte(good, 0, 0x22), 6), { field: 'type', got: 2 }],
    ['a wrong checksum', withByte(good, 6, 0xb9), { field: 'checksum', got: 0xb965 }],
    ['a length that the IP header contradicts', good, { field: 'length', got: 20 }, 16],
  ]
  for (const [rule, message, error, declared] of refused)
    test(`${rule} is refused by the field ${error.field}`, () => {
      expect(decodeAdvertisementV2(message, declared)).toEqual({ ok: false, error })
    })

  test('V-027 Ethernet padding to 46 bytes, or to 42 where a VLAN tag was removed, is ignored', () => {
    for (const padding of [26 - good.length, 22 - good.length]) {
      const padded = new Uint8Array([...good, ...new Uint8Array(padding).fill(0x5a)])
      expect(decodeAdvertisementV2(padded, good.length)).toEqual({ ok: true, value: none })
      expect(decodeAdvertisementV2(padded)).toMatchObject({ ok: false, error: { field: 'length' } })
    }
  })

  test('V-026 a surplus beyond the least frame is not padding', () => {
    const padded = new Uint8Array([...good, ...new Uint8Array(10)])
    expect(decodeAdvertisementV2(padded, good.length)).toMatchObject({ ok: false, error: { field: 'length' } })
  })

  test('V-018 255 addresses fit, a 256th is a bug', () => {
    const addresses = Array.from({ length: 255 }, (_, i) => address(`192.0.2.${i}`))
    expect(decodeAdvertisementV2(encodeAdvertisementV2({ ...none, addresses }))).toMatchObject({ ok: true })
    expect(() => encodeAdvertisementV2({ ...none, addresses: [...addresses, address('192.0.3.1')] })).toThrow(
      RangeError,
    )
  })

  test('a password longer than 8 bytes is cut, a shorter one padded with zeros', () => {
    expect(hex(passwordData('123456789'))).toBe('3132333435363738')
    expect(hex(passwordData('ab'))).toBe('6162000000000000')
  })

  const anything = fc.record({
    version: fc.constant(2 as const),
    virtualRouterId: fc.integer({ min: 0, max: 255 }),
    priority: fc.integer({ min: 0, max: 255 }),
    authenticationType: fc.integer({ min: 0, max: 255 }),
    interval: fc.integer({ min: 0, max: 255 }),
    addresses: fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }).map(addressFromBytes), { maxLength: 255 }),
    authenticationData: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  })

  test('decode undoes encode', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(decodeAdvertisementV2(encodeAdvertisementV2(value))).toEqual({ ok: true, value })
      }),
    )
  })

  test('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1100 }), fc.nat(1100), (any, declared) => {
        decodeAdvertisementV2(any, declared)
      }),
    )
  })

  test('V-013 no one flipped bit is accepted', () => {
    const encoded = encodeAdvertisementV2(golden[1]![2])
    for (let bit = 0; bit < encoded.length * 8; bit++)
      expect(decodeAdvertisementV2(withByte(encoded, bit >> 3, encoded[bit >> 3]! ^ (1 << (bit & 7)))).ok).toBe(false)
  })
})
