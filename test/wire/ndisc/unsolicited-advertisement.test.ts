import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, addressFromBytes } from '../../../src/base/index.ts'
import { decodeUnsolicitedAdvertisement, encodeUnsolicitedAdvertisement } from '../../../src/wire/ndisc/index.ts'
import { bytes, hex, withByte } from '../bytes.ts'

const frame = bytes(
  `333300000001 00005e000233 86dd 60000000 0020 3a ff 20010db8000000000000000000000100
   ff020000000000000000000000000001 88 00 18fa a0000000 20010db8000000000000000000000100 02 01 00005e000233`,
)
const value = { mac: bytes('00005e000233'), address: address('2001:db8::100'), router: true, override: true }

describe('unsolicited neighbour advertisement (RFC 4861 §4.4, RFC 9568 §6.4.1)', () => {
  test('V-084 V-085 is these 86 bytes, both ways', () => {
    expect(hex(encodeUnsolicitedAdvertisement(value))).toBe(hex(frame))
    expect(decodeUnsolicitedAdvertisement(frame)).toEqual({ ok: true, value })
  })

  for (const [what, at, field] of [
    ['another next header', 20, 'type'],
    ['a hop limit below 255', 21, 'hop-limit'],
    ['another payload length', 19, 'length'],
    ['another ICMP type', 54, 'type'],
    ['a wrong checksum', 57, 'checksum'],
  ] as const)
    test(`${what} is refused by ${field}`, () => {
      expect(decodeUnsolicitedAdvertisement(withByte(frame, at, 0x77))).toEqual({ ok: false, error: { field } })
    })

  test('no flipped bit of what the checksum covers is accepted', () => {
    for (let bit = 22 * 8; bit < 86 * 8; bit++)
      expect(decodeUnsolicitedAdvertisement(withByte(frame, bit >> 3, frame[bit >> 3]! ^ (1 << (bit & 7)))).ok).toBe(
        false,
      )
  })

  test('decode undoes encode, and no bytes make it throw', () => {
    const mac = fc.uint8Array({ minLength: 6, maxLength: 6 })
    const any = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(addressFromBytes)
    fc.assert(
      fc.property(
        mac,
        any,
        fc.boolean(),
        fc.boolean(),
        fc.uint8Array({ maxLength: 120 }),
        (from, of, router, override, junk) => {
          const one = { mac: from, address: of, router, override }
          expect(decodeUnsolicitedAdvertisement(encodeUnsolicitedAdvertisement(one))).toEqual({ ok: true, value: one })
          decodeUnsolicitedAdvertisement(junk)
        },
      ),
    )
  })
})
