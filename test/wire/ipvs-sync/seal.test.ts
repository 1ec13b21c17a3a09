import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeSeal, encodeSeal, SEAL } from '../../../src/wire/ipvs-sync/index.ts'
import { bytes, hex } from '../bytes.ts'

const mac = (signed: Uint8Array) => new Uint8Array(32).fill(signed.length)

test('a seal stands behind the message: a word, a number, and what was signed', () => {
  const sealed = encodeSeal(bytes('01020304'), 0x0102_0304_0506, mac)
  expect(hex(sealed)).toBe(`01020304${'48467379'}${'0000010203040506'}${'10'.repeat(32)}`)
  expect(sealed).toHaveLength(4 + SEAL)
  expect(decodeSeal(sealed)).toEqual({
    message: bytes('01020304'),
    sequence: 0x0102_0304_0506,
    signed: sealed.subarray(0, 16),
    mac: sealed.subarray(16),
  })
})

test('decoding undoes encoding, and no bytes make it throw', () => {
  const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), number, (message, sequence) => {
      expect(decodeSeal(encodeSeal(message, sequence, mac))).toMatchObject({ message, sequence })
      decodeSeal(message)
    }),
  )
  expect(decodeSeal(new Uint8Array(SEAL - 1))).toBeUndefined()
  expect(decodeSeal(encodeSeal(new Uint8Array(0), Number.MAX_SAFE_INTEGER, mac).fill(0xff, 4, 12))).toBeUndefined()
})
