import fc from 'fast-check'
import { expect, test } from 'vitest'
import { internetChecksum } from '../../src/base/index.ts'

test('the example of RFC 1071 §3', () => {
  expect(internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7))).toBe(~0xddf2 & 0xffff)
})

test('data that holds its own checksum sums to zero', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 100 }), (data) => {
      data[0] = 0
      data[1] = 0
      const sum = internetChecksum(data)
      data[0] = sum >> 8
      data[1] = sum & 0xff
      // Data of zeros only has checksum ffff, which verifies like any other.
      expect(internetChecksum(data)).toBe(0)
    }),
  )
})

test('parts of even length sum like their concatenation', () => {
  const even = fc.uint8Array({ maxLength: 40 }).filter((a) => a.length % 2 === 0)
  fc.assert(
    fc.property(even, fc.uint8Array({ maxLength: 41 }), (a, b) => {
      expect(internetChecksum(a, b)).toBe(internetChecksum(Uint8Array.of(...a, ...b)))
    }),
  )
})
