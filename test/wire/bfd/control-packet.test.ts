import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { micros, ok } from '../../../src/base/index.ts'
import { type ControlPacket, decodeControlPacket, encodeControlPacket } from '../../../src/wire/bfd/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'
import { bytes, hex, withByte } from '../bytes.ts'

const base: ControlPacket = {
  diagnostic: 0,
  state: 'up',
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  multiplier: 5,
  myDiscriminator: 0x01020304,
  yourDiscriminator: 0xa0b0c0d0,
  desiredMinTransmit: micros(10_000),
  requiredMinReceive: micros(20_000),
  requiredMinEchoReceive: micros(0),
}

const golden: readonly [what: string, bytes: string, packet: ControlPacket][] = [
  ['up, 10 and 20 ms', '20c00518 01020304 a0b0c0d0 00002710 00004e20 00000000', base],
  [
    "a session's first word",
    '20400318 00000001 00000000 000f4240 00002710 00000000',
    {
      ...base,
      state: 'down',
      multiplier: 3,
      myDiscriminator: 1,
      yourDiscriminator: 0,
      desiredMinTransmit: micros(1_000_000),
      requiredMinReceive: micros(10_000),
    },
  ],
  [
    'down because the detection time expired, polling',
    '21600518 01020304 a0b0c0d0 000f4240 00004e20 00000000',
    { ...base, diagnostic: 1, state: 'down', poll: true, desiredMinTransmit: micros(1_000_000) },
  ],
  ['final', '20d00518 01020304 a0b0c0d0 00002710 00004e20 00000000', { ...base, final: true }],
  ['init', '20800518 01020304 a0b0c0d0 00002710 00004e20 00000000', { ...base, state: 'init' }],
  [
    'administratively down, with an echo interval, demand and control plane independence',
    '270a0518 01020304 00000000 00002710 00004e20 0000c350',
    {
      ...base,
      diagnostic: 7,
      state: 'admin-down',
      yourDiscriminator: 0,
      controlPlaneIndependent: true,
      demand: true,
      requiredMinEchoReceive: micros(50_000),
    },
  ],
]

const good = bytes(golden[0]?.[1] ?? '')
const zeroed = (of: Uint8Array, at: number) => [0, 1, 2, 3].reduce((now, i) => withByte(now, at + i, 0), of)

describe('BFD control packet (RFC 5880 §4.1)', () => {
  for (const [what, text, packet] of golden)
    test(`B-001: ${what} is these bytes, both ways`, () => {
      expect(decodeControlPacket(bytes(text))).toEqual(ok(packet))
      expect(hex(encodeControlPacket(packet))).toBe(hex(bytes(text)))
    })

  const wrong: readonly [rule: string, of: Uint8Array, field: string, got: number][] = [
    ['fewer than 24 bytes', good.subarray(0, 23), 'length', 23],
    ['no bytes', new Uint8Array(0), 'length', 0],
    ['a length that is longer than what came', withByte(good, 3, 25), 'length', 25],
    ['a length that is shorter than what came', withByte(good, 3, 23), 'length', 23],
    ['bytes behind the packet', bytes(`${hex(good)}00`), 'length', 24],
    ['a length of its own choosing without authentication', withByte(bytes(`${hex(good)}0000`), 3, 26), 'length', 26],
    ['version 0', withByte(good, 0, 0x00), 'version', 0],
    ['version 2', withByte(good, 0, 0x40), 'version', 2],
    ['multiplier 0', withByte(good, 2, 0), 'multiplier', 0],
    ['multipoint', withByte(good, 1, 0xc1), 'multipoint', 1],
    ['my discriminator 0', zeroed(good, 4), 'my-discriminator', 0],
    ['your discriminator 0 in up', zeroed(good, 8), 'your-discriminator', 0],
    ['your discriminator 0 in init', zeroed(withByte(good, 1, 0x80), 8), 'your-discriminator', 0],
    ['poll and final together', withByte(good, 1, 0xf0), 'poll-and-final', 0xf0],
    ['diagnostic 9', withByte(good, 0, 0x29), 'diagnostic', 9],
    [
      'authentication that nobody agreed to',
      withByte(withByte(bytes(`${hex(good)}0104017a`), 3, 28), 1, 0xc4),
      'authentication',
      1,
    ],
  ]
  for (const [rule, of, field, got] of wrong)
    test(`B-002: ${rule} is refused (§6.8.6)`, () => {
      expect(decodeControlPacket(of)).toEqual({ ok: false, error: { field, got } })
    })

  for (const state of [0x40, 0x00])
    test(`your discriminator 0 is good in state bits ${state.toString(16)}`, () => {
      expect(decodeControlPacket(zeroed(withByte(good, 1, state), 8)).ok).toBe(true)
    })

  const uint32 = fc.integer({ min: 0, max: 0xffff_ffff })
  const packet: fc.Arbitrary<ControlPacket> = fc
    .record({
      diagnostic: fc.integer({ min: 0, max: 8 }),
      state: fc.constantFrom('admin-down', 'down', 'init', 'up'),
      poll: fc.boolean(),
      final: fc.boolean(),
      controlPlaneIndependent: fc.boolean(),
      demand: fc.boolean(),
      multiplier: fc.integer({ min: 1, max: 255 }),
      myDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
      yourDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
      desiredMinTransmit: uint32.map(micros),
      requiredMinReceive: uint32.map(micros),
      requiredMinEchoReceive: uint32.map(micros),
    })
    .map((one) => ({ ...one, final: one.final && !one.poll }))

  test('decoding undoes encoding', () => {
    fc.assert(
      fc.property(packet, (one) => {
        expect(decodeControlPacket(encodeControlPacket(one))).toEqual(ok(one))
      }),
      fuzzRuns(1_000),
    )
  })

  test('no bytes make it throw, and what it takes it gives back the same', () => {
    const near = fc
      .tuple(fc.uint8Array({ minLength: 24, maxLength: 24 }), fc.integer({ min: 0, max: 0xff }))
      .map(([of, second]) => withByte(withByte(withByte(of, 0, 0x20 | ((of[0] ?? 0) & 0x0f)), 3, 24), 1, second))
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 64 })), (of) => {
        const decoded = decodeControlPacket(of)
        if (decoded.ok) expect(hex(encodeControlPacket(decoded.value))).toBe(hex(of))
      }),
      fuzzRuns(2_000),
    )
  })
})
