import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address } from '../../../src/base/index.ts'
import {
  ahInput,
  decodeAdvertisementV2,
  decodeAuthenticationHeader,
  encodeAuthenticationHeader,
  ipv4Header,
  spiOf,
} from '../../../src/wire/vrrp/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { bytes, hex, withByte } from '../bytes.ts'

/** Captured from keepalived 2.2.7: 192.0.2.12, virtual router 51, priority 100, auth_pass secret; its first and third. */
const packets = [
  ['45c00040 0001 0000 ff33 18ab c000020c e0000012', '70040000 c000020c 00000001', '4d0ff91d44819922eb93cc30'],
  ['45c00040 0003 0000 ff33 18a9 c000020c e0000012', '70040000 c000020c 00000003', '6b014e23b8d7bd23c1661b49'],
] as const
const message = '21336401 0201 b665 c0000264 0000000000000000'

const icvOf = (header: Uint8Array, behind: Uint8Array, unicast = false) =>
  hex(
    createHmac('md5', 'secret\0\0')
      .update(ahInput(header, behind, unicast))
      .digest()
      .subarray(0, 12),
  )

describe('IP authentication header (RFC 2402, as keepalived sends it)', () => {
  for (const [header, head, icv] of packets)
    test(`${head}: both ways, and its integrity check value`, () => {
      const raw = bytes(`${head} ${icv}`)
      const value = { spi: spiOf(address('192.0.2.12')), sequence: raw[11] as number, icv: bytes(icv) }
      expect(decodeAuthenticationHeader(raw)).toEqual({ ok: true, value })
      expect(hex(encodeAuthenticationHeader(value))).toBe(hex(raw))
      const [source, destination] = [address('192.0.2.12'), address('224.0.0.18')]
      const identification = bytes(header)[5] as number
      const made = ipv4Header({ source, destination, identification, timeToLive: 255, length: 44 })
      expect(hex(made)).toBe(hex(bytes(header)))
      expect(icvOf(made, bytes(`${head} ${icv} ${message}`))).toBe(icv)
      expect(decodeAdvertisementV2(bytes(message))).toMatchObject({ ok: true, value: { authenticationType: 2 } })
    })

  const [header, head, icv] = packets[0].map(bytes) as [Uint8Array, Uint8Array, Uint8Array]
  const behind = Uint8Array.from([...head, ...icv, ...bytes(message)])

  test('V-034: each bit of it is covered but for what may change on the way', () => {
    const before = icvOf(header, behind)
    const free = new Set([1, 6, 7, 10, 11])
    for (let bit = 0; bit < header.length * 8; bit++) {
      const flipped = withByte(header, bit >> 3, (header[bit >> 3] as number) ^ (1 << (bit & 7)))
      expect(icvOf(flipped, behind) === before).toBe(free.has(bit >> 3))
    }
    for (let bit = 0; bit < behind.length * 8; bit++) {
      const flipped = withByte(behind, bit >> 3, (behind[bit >> 3] as number) ^ (1 << (bit & 7)))
      const isIcv = bit >> 3 >= 12 && bit >> 3 < 24
      expect(icvOf(header, flipped) === before).toBe(isIcv)
    }
  })

  test('the time to live is covered in multicast only', () => {
    const routed = withByte(header, 8, 254)
    expect(icvOf(routed, behind)).not.toBe(icvOf(header, behind))
    expect(icvOf(routed, behind, true)).toBe(icvOf(header, behind, true))
  })

  const refused: readonly [rule: string, of: Uint8Array, field: string][] = [
    ['another next header', withByte(behind, 0, 6), 'next-header'],
    ['another length', withByte(behind, 1, 5), 'payload-length'],
    ['one that is cut off', behind.slice(0, 23), 'length'],
  ]
  for (const [rule, of, field] of refused)
    test(`${rule} is refused`, () => expect(decodeAuthenticationHeader(of)).toEqual({ ok: false, error: { field } }))

  test('no bytes make it throw, and what is read is written the same, its reserved field apart', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (of) => {
        const decoded = decodeAuthenticationHeader(of)
        if (decoded.ok)
          expect(hex(encodeAuthenticationHeader(decoded.value))).toBe(
            hex(withByte(withByte(of.slice(0, 24), 2, 0), 3, 0)),
          )
      }),
      fuzzRuns(500),
    ))
})
