import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMessages, encodeMessage, type NetlinkMessage } from '../../../src/wire/netlink/index.ts'
import { bytes, hex, uint16, uint32 } from './arbitrary.ts'

const anyMessage: fc.Arbitrary<NetlinkMessage> = fc.record({
  type: uint16,
  flags: uint16,
  sequence: uint32,
  port: uint32,
  payload: fc.uint8Array({ maxLength: 64 }),
})

test('a header is its length, type, flags, sequence and port, in the order of the host', () => {
  const message = { type: 20, flags: 0x0605, sequence: 7, port: 0x01020304, payload: Uint8Array.of(0xaa, 0xbb, 0xcc) }
  expect(hex(encodeMessage(message, true))).toBe('13000000' + '1400' + '0506' + '07000000' + '04030201' + 'aabbcc00')
  expect(hex(encodeMessage(message, false))).toBe('00000013' + '0014' + '0605' + '00000007' + '01020304' + 'aabbcc00')
})

test('several messages of one datagram are told apart, in both byte orders', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 5 }), fc.boolean(), (messages, little) => {
      const datagram = Buffer.concat(messages.map((message) => encodeMessage(message, little)))
      expect(decodeMessages(new Uint8Array(datagram), little)).toEqual({ ok: true, value: messages })
    }),
  )
})

test('the padding of the last message may be missing', () => {
  const message = { type: 1, flags: 0, sequence: 0, port: 0, payload: Uint8Array.of(1) }
  expect(decodeMessages(encodeMessage(message, true).subarray(0, 17), true)).toEqual({ ok: true, value: [message] })
})

for (const [what, datagram, got] of [
  ['ends within a header', '1000000014000500070000', 11],
  ['is shorter than its header says', '14000000140005000700000000000000', 20],
  ['claims to be shorter than a header', '0f000000140005000700000000000000', 15],
] as const)
  test(`a datagram that ${what} is refused with that length`, () => {
    expect(decodeMessages(bytes(datagram), true)).toEqual({ ok: false, error: { field: 'length', got } })
  })

test('no bytes make the decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (datagram, little) => {
      decodeMessages(datagram, little)
    }),
  )
})
