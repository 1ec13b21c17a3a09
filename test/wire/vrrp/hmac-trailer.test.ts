import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, internetChecksum, pseudoHeader } from '../../../src/base/index.ts'
import { decodeHmacTrailer, encodeHmacTrailer, hmacInput, splitTrailer } from '../../../src/wire/vrrp/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { bytes, hex, withByte } from '../bytes.ts'

const key = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
/** An HMAC that owes nothing to the code under test but the bytes it covers. */
const hmacOf = (input: Uint8Array) => hex(createHmac('sha256', key).update(input).digest().subarray(0, 16))

const sequence = 0x6a00_0000_8000_0001n
const head = '01010000 6a000000 8000 0001'
const six = '31336402 0064 0000 fe800000000000000000000000000100 20010db8000000000000000000000100'
const golden: readonly [what: string, source: string, message: string, trailer: string, hmac: string][] = [
  ['v3 over IPv4', '192.0.2.1', '31336401 0064 0572 c0000264', head, 'd200131d368427af62cbf6fa77be72b9'],
  [
    'v3 over IPv4, the other checksum',
    '192.0.2.1',
    '31336401 0064 a802 c0000264',
    head,
    'd200131d368427af62cbf6fa77be72b9',
  ],
  ['v2', '192.0.2.1', '21336401 0001 b865 c0000264 0000000000000000', head, '3ffc9a83f7780359b8ed3fe631f9253e'],
  ['v3 over IPv6', 'fe80::1', six, head, 'ab95287dfd58b423bb9658bed5a0c626'],
  [
    'keepalived 2.4.2',
    '10.9.0.1',
    '3133ff01 0064 daba 0a09000a',
    '01010000 6b00d954 ff91 0000',
    'f27efc92d17305ef20a1dd2efa210130',
  ],
]

describe('HMAC trailer (draft-cassen-vrrp-auth-hmac-00)', () => {
  for (const [what, source, message, trailer, hmac] of golden)
    test(`V-100: ${what} has this HMAC`, () => {
      expect(hmacOf(hmacInput(address(source), bytes(message), bytes(`${trailer} ${'00'.repeat(16)}`)))).toBe(hmac)
    })

  test('over IPv6 the checksum covers the trailer as well', () => {
    const whole = bytes(`${six} ${head} ab95287dfd58b423bb9658bed5a0c626`)
    const pseudo = pseudoHeader(address('fe80::1'), address('ff02::12'), 112, whole.length)
    expect(internetChecksum(pseudo, whole).toString(16)).toBe('1d32')
  })

  test('it is these bytes, both ways', () => {
    const raw = bytes(`${head} 000102030405060708090a0b0c0d0e0f`)
    const value = { keyId: 1, sequence, hmac: raw.slice(12) }
    expect(hex(encodeHmacTrailer(value))).toBe(hex(raw))
    expect(decodeHmacTrailer(raw)).toEqual({ ok: true, value })
  })

  const raw = encodeHmacTrailer({ keyId: 7, sequence, hmac: new Uint8Array(16).fill(9) })
  const refused: readonly [rule: string, bytes: Uint8Array, field: string][] = [
    ['another type', withByte(raw, 0, 2), 'type'],
    ['reserved bits', withByte(raw, 3, 1), 'reserved'],
    ['a byte too few', raw.slice(1), 'length'],
  ]
  for (const [rule, wrong, field] of refused)
    test(`${rule} is refused`, () => expect(decodeHmacTrailer(wrong)).toEqual({ ok: false, error: { field } }))

  test('it is found by length, and by that alone', () => {
    const message = bytes('31336401 0064 0572 c0000264')
    const signed = Uint8Array.from([...message, ...raw])
    expect(splitTrailer(signed, signed.length, 4)).toEqual({ message, declared: 12, trailer: raw })
    expect(splitTrailer(message, 12, 4)).toEqual({ message, declared: 12 })
    expect(splitTrailer(signed, 12, 4)).toEqual({ message: signed, declared: 12 })
    expect(splitTrailer(signed.slice(0, -1), signed.length, 4)).not.toHaveProperty('trailer')
  })

  test('V-101: each bit of message (but the checksum), trailer and source is covered', () => {
    const message = bytes('31336401 0064 0572 c0000264')
    const before = hmacOf(hmacInput(address('192.0.2.1'), message, raw))
    for (let bit = 0; bit < message.length * 8; bit++) {
      const flipped = withByte(message, bit >> 3, (message[bit >> 3] as number) ^ (1 << (bit & 7)))
      const isChecksum = bit >> 3 === 6 || bit >> 3 === 7
      expect(hmacOf(hmacInput(address('192.0.2.1'), flipped, raw)) === before).toBe(isChecksum)
    }
    for (let bit = 0; bit < 12 * 8; bit++) {
      const flipped = withByte(raw, bit >> 3, (raw[bit >> 3] as number) ^ (1 << (bit & 7)))
      expect(hmacOf(hmacInput(address('192.0.2.1'), message, flipped))).not.toBe(before)
    }
    expect(hmacOf(hmacInput(address('192.0.2.2'), message, raw))).not.toBe(before)
  })

  test('no bytes make it throw, and what is read is written the same', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(80),
        fc.constantFrom(4 as const, 16 as const),
        (of, declared, size) => {
          const { trailer } = splitTrailer(of, declared, size)
          const decoded = decodeHmacTrailer(trailer ?? of)
          if (decoded.ok) expect(hex(encodeHmacTrailer(decoded.value))).toBe(hex(trailer ?? of))
        },
      ),
      fuzzRuns(500),
    ))
})
