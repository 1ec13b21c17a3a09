import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, addressFromBytes, centiseconds, pseudoHeader } from '../../../src/base/index.ts'
import {
  type AdvertisementV3,
  decodeAdvertisementV3,
  encodeAdvertisementV3,
  peekVirtualRouterId,
  VRRP_PROTOCOL,
} from '../../../src/wire/vrrp/index.ts'
import { bytes, hex, withByte, withSum } from '../bytes.ts'

const source = address('192.0.2.1')
const group = address('224.0.0.18')
const pseudo4 = pseudoHeader(source, group, VRRP_PROTOCOL, 12)
const pseudo6 = pseudoHeader(address('fe80::1'), address('ff02::12'), VRRP_PROTOCOL, 40)

const full: AdvertisementV3 = {
  version: 3,
  virtualRouterId: 51,
  priority: 100,
  reserved: 0,
  interval: centiseconds(100),
  addresses: [address('192.0.2.100')],
  checksum: 'with-pseudo-header',
}
const six: AdvertisementV3 = { ...full, addresses: [address('fe80::100'), address('2001:db8::100')] }

type Golden = readonly [what: string, text: string, value: AdvertisementV3, size: 4 | 16, pseudo: Uint8Array]
const golden: readonly Golden[] = [
  ['V-008 V-016 IPv4 summed with the pseudo-header', '31336401 0064 0572 c0000264', full, 4, pseudo4],
  [
    'V-015 IPv4 summed alone (RFC 9568 §5.2.8)',
    '31336401 0064 a802 c0000264',
    { ...full, checksum: 'message-only' },
    4,
    pseudo4,
  ],
  [
    'V-009 IPv6 with its link-local address first',
    '31336402 0064 3dfd fe800000000000000000000000000100 20010db8000000000000000000000100',
    six,
    16,
    pseudo6,
  ],
]

describe('VRRPv3 advertisement (RFC 9568 §5.1)', () => {
  for (const [what, text, value, size, pseudo] of golden)
    test(`V-010 ${what} is these bytes, both ways`, () => {
      expect(hex(encodeAdvertisementV3(value, size, pseudo))).toBe(hex(bytes(text)))
      expect(decodeAdvertisementV3(bytes(text), size, pseudo)).toEqual({ ok: true, value })
    })

  const good = bytes(golden[0]![1])
  const summed = (message: Uint8Array) => withSum(message, 6, pseudo4)
  const refused: readonly [rule: string, message: Uint8Array, error: { field: string; got: number }][] = [
    ['half a header', good.slice(0, 7), { field: 'length', got: 7 }],
    ['version 2', withByte(good, 0, 0x21), { field: 'version', got: 2 }],
    ['V-025 a truncated address list', withByte(good, 3, 2), { field: 'length', got: 12 }],
    [
      'V-107 the 28 bytes of an authentication trailer',
      new Uint8Array([...good, ...new Uint8Array(28)]),
      { field: 'length', got: 40 },
    ],
    ['type 2', summed(withByte(good, 0, 0x32)), { field: 'type', got: 2 }],
    ['V-038 no address at all (erratum 8299)', summed(withByte(good, 3, 0)).slice(0, 8), { field: 'count', got: 0 }],
    ['V-037 interval 0 (erratum 8301)', summed(withByte(good, 5, 0)), { field: 'interval', got: 0 }],
    ['V-017 a third checksum', withByte(good, 7, 0x73), { field: 'checksum', got: 0x0573 }],
  ]
  for (const [rule, message, error] of refused)
    test(`${rule} is refused by the field ${error.field}`, () => {
      expect(decodeAdvertisementV3(message, 4, pseudo4)).toEqual({ ok: false, error })
    })

  test('V-014 over IPv6 a checksum without the pseudo-header is refused', () => {
    const alone = encodeAdvertisementV3({ ...six, checksum: 'message-only' }, 16, pseudo6)
    expect(decodeAdvertisementV3(alone, 16, pseudo6)).toMatchObject({ ok: false, error: { field: 'checksum' } })
  })

  test('V-011 the reserved bits are kept and do not matter', () => {
    const message = summed(withByte(good, 4, 0xf0))
    expect(decodeAdvertisementV3(message, 4, pseudo4)).toEqual({ ok: true, value: { ...full, reserved: 15 } })
  })

  test('V-012 4095 cs is 0fff and 1 cs is 0001', () => {
    for (const [interval, text] of [
      [4095, '0fff'],
      [1, '0001'],
    ] as const)
      expect(hex(encodeAdvertisementV3({ ...full, interval: centiseconds(interval) }, 4, pseudo4).slice(4, 6))).toBe(
        text,
      )
  })

  test('Ethernet padding to 46 and to 42 bytes is ignored', () => {
    for (const total of [26, 22]) {
      const padded = new Uint8Array(total)
      padded.set(good)
      expect(decodeAdvertisementV3(padded, 4, pseudo4, 12)).toEqual({ ok: true, value: full })
    }
  })

  test('V-020 an address of the other family is a bug', () => {
    expect(() => encodeAdvertisementV3(six, 4, pseudo4)).toThrow(TypeError)
  })

  const value = (size: 4 | 16) =>
    fc.record({
      version: fc.constant(3 as const),
      virtualRouterId: fc.integer({ min: 0, max: 255 }),
      priority: fc.integer({ min: 0, max: 255 }),
      reserved: fc.integer({ min: 0, max: 15 }),
      interval: fc.integer({ min: 1, max: 4095 }).map(centiseconds),
      addresses: fc.array(fc.uint8Array({ minLength: size, maxLength: size }).map(addressFromBytes), {
        minLength: 1,
        maxLength: 255,
      }),
      checksum: fc.constant('with-pseudo-header' as const),
    })

  for (const size of [4, 16] as const)
    test(`decode undoes encode, addresses of ${size} bytes`, () => {
      const pseudo = size === 4 ? pseudo4 : pseudo6
      fc.assert(
        fc.property(value(size), (one) => {
          expect(decodeAdvertisementV3(encodeAdvertisementV3(one, size, pseudo), size, pseudo)).toEqual({
            ok: true,
            value: one,
          })
        }),
      )
    })

  test('V-047 no bytes make it throw', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 4200 }),
        fc.constantFrom(4 as const, 16 as const),
        fc.nat(4200),
        (any, size, declared) => {
          decodeAdvertisementV3(any, size, pseudo4, declared)
        },
      ),
    )
  })

  // The reserved bits included: they do not matter to the receiver, but the checksum covers them.
  test('no one flipped bit is accepted', () => {
    for (const [, text, , size, pseudo] of golden) {
      const message = bytes(text)
      for (let bit = 0; bit < message.length * 8; bit++) {
        const flipped = withByte(message, bit >> 3, message[bit >> 3]! ^ (1 << (bit & 7)))
        expect(decodeAdvertisementV3(flipped, size, pseudo).ok).toBe(false)
      }
    }
  })

  test('the virtual router id is found without decoding, in a message long enough to have one', () => {
    expect(peekVirtualRouterId(good)).toBe(51)
    expect(peekVirtualRouterId(good.slice(0, 7))).toBeUndefined()
  })
})
