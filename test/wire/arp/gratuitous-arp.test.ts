import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, addressFromBytes } from '../../../src/base/index.ts'
import { decodeGratuitousArp, encodeGratuitousArp } from '../../../src/wire/arp/index.ts'
import { bytes, hex, withByte } from '../bytes.ts'

const frame = bytes('ffffffffffff 00005e000133 0806 0001 0800 06 04 0001 00005e000133 c0000264 ffffffffffff c0000264')
const value = { mac: bytes('00005e000133'), address: address('192.0.2.100') }

describe('gratuitous ARP (RFC 5227, RFC 9568 §6.4.1)', () => {
  test('V-083 is these 42 bytes, both ways', () => {
    expect(hex(encodeGratuitousArp(value))).toBe(hex(frame))
    expect(decodeGratuitousArp(frame)).toEqual({ ok: true, value })
  })

  for (const [what, at, field] of [
    ['an ARP reply', 21, 'fixed'],
    ['another Ethernet type', 13, 'fixed'],
    ['a sender that is not the Ethernet source', 27, 'sender'],
    ['a question for another address', 41, 'target'],
  ] as const)
    test(`${what} is refused by ${field}`, () => {
      expect(decodeGratuitousArp(withByte(frame, at, 0x77))).toEqual({ ok: false, error: { field } })
    })

  test('decode undoes encode, with any padding, and no bytes make it throw', () => {
    const mac = fc.uint8Array({ minLength: 6, maxLength: 6 })
    const any = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(addressFromBytes)
    fc.assert(
      fc.property(mac, any, fc.uint8Array({ maxLength: 18 }), (from, of, padding) => {
        const sent = encodeGratuitousArp({ mac: from, address: of })
        expect(decodeGratuitousArp(new Uint8Array([...sent, ...padding]))).toEqual({
          ok: true,
          value: { mac: from, address: of },
        })
        decodeGratuitousArp(padding)
      }),
    )
  })
})
