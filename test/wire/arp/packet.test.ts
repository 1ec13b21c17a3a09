import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressFromBytes } from '../../../src/base/index.ts'
import { type ArpPacket, decodeArpPacket, encodeArpPacket } from '../../../src/wire/arp/index.ts'
import { bytes } from '../bytes.ts'

const mac = fc.uint8Array({ minLength: 6, maxLength: 6 })
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(addressFromBytes)
const packet: fc.Arbitrary<ArpPacket> = fc.record({
  from: mac,
  to: mac,
  operation: fc.constantFrom('request', 'reply'),
  senderMac: mac,
  sender: ipv4,
  targetMac: mac,
  target: ipv4,
})

test('a probe of iputils', () => {
  const frame = bytes('ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 00000000 ffffffffffff c0000209')
  const decoded = decodeArpPacket(frame)
  expect(decoded).toMatchObject({ ok: true, value: { operation: 'request', sender: '0.0.0.0', target: '192.0.2.9' } })
  expect(decoded.ok && encodeArpPacket(decoded.value)).toEqual(frame)
})

test('decoding undoes encoding', () => {
  fc.assert(
    fc.property(packet, (value) => {
      expect(decodeArpPacket(encodeArpPacket(value))).toEqual({ ok: true, value })
    }),
  )
})

test('what is cut short, of another protocol or of another operation is refused, and nothing makes it throw', () => {
  const frame = bytes('ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 c0000201 ffffffffffff c0000209')
  expect(decodeArpPacket(frame.subarray(0, 41))).toEqual({ ok: false, error: { field: 'length' } })
  for (const [at, field] of [
    [13, 'fixed'],
    [18, 'fixed'],
    [21, 'operation'],
  ] as const) {
    const other = frame.slice()
    other[at] = 9
    expect(decodeArpPacket(other)).toEqual({ ok: false, error: { field } })
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (any) => void decodeArpPacket(any)))
})
