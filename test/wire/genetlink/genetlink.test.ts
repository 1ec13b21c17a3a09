import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeGenericMessage,
  encodeGenericMessage,
  familyMessage,
  familyRequest,
  readFamily,
} from '../../../src/wire/genetlink/index.ts'
import { anyAttributes, bytes, hex, uint8, uint16, uint32 } from '../netlink/arbitrary.ts'

test('decoding undoes encoding, in both byte orders', () => {
  fc.assert(
    fc.property(
      fc.record({ command: uint8, version: uint8, attributes: anyAttributes }),
      fc.boolean(),
      (message, little) => {
        expect(decodeGenericMessage(encodeGenericMessage(message, little), little)).toEqual({
          ok: true,
          value: message,
        })
      },
    ),
  )
})

test('no bytes make a decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (encoded, little) => {
      const message = decodeGenericMessage(encoded, little)
      if (message.ok) readFamily(message.value, little)
    }),
  )
})

test('a message shorter than its header is refused with its length', () => {
  expect(decodeGenericMessage(bytes('030100'), true)).toEqual({ ok: false, error: { field: 'length', got: 3 } })
})

test('the question for a family is asked as libnl asks it', () => {
  expect(hex(encodeGenericMessage(familyRequest('IPVS'), true))).toBe('03010000' + '09000200' + '4950565300000000')
})

test("the kernel's answer tells the family's number", () => {
  // Linux 6.1, without its list of operations.
  const answer = bytes(
    '01020000 0900 0200 4950565300 000000 0600 0100 2000 0000 0800 0300 01000000 0800 0400 00000000 0800 0500 06000000',
  )
  const message = decodeGenericMessage(answer, true)
  expect(message.ok && readFamily(message.value, true)).toEqual({
    ok: true,
    value: { name: 'IPVS', id: 32, version: 1 },
  })
})

test('a family is read as it is written', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), uint16, uint32, fc.boolean(), (name, id, version, little) => {
      expect(readFamily(familyMessage({ name, id, version }, little), little)).toEqual({
        ok: true,
        value: { name, id, version },
      })
    }),
  )
})

for (const [what, message, error] of [
  ['another command', '03010000', { field: 'command', got: 3 }],
  ['no name', '01020000', { field: 'family name', got: 0 }],
  ['no number', '01020000 0900 0200 4950565300 000000', { field: 'family id', got: 0 }],
] as const)
  test(`an answer with ${what} is refused`, () => {
    const decoded = decodeGenericMessage(bytes(message), true)
    expect(decoded.ok && readFamily(decoded.value, true)).toEqual({ ok: false, error })
  })
