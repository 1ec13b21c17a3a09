/** What opens a handing over of connections, and the frames in which they come. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf } from '../../../src/base/index.ts'
import {
  type Call,
  decodeCall,
  encodeCall,
  encodeFrame,
  type Frame,
  FrameReader,
} from '../../../src/wire/catch-up/index.ts'

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const none = new Uint8Array(0)
const asker = new Uint8Array(16).fill(0xaa)
const teller = new Uint8Array(16).fill(0xbb)
const [A, B] = ['aa'.repeat(16), 'bb'.repeat(16)]

/** No HMAC, but it depends on every byte. */
const sign = (signed: Uint8Array): Uint8Array =>
  new Uint8Array(32).fill(signed.reduce((sum, byte) => (sum * 31 + byte) & 0xff, 7))
const verify = (signed: Uint8Array, mac: Uint8Array): boolean => hexOf(sign(signed)) === hexOf(mac)

describe('calls', () => {
  const golden: readonly [what: string, bytes: string, call: Call][] = [
    ['a query', `48466375 01003300 ${A}`, { type: 'query', syncId: 51, asker, teller: none, port: 0 }],
    ['an offer', `48466375 01013300 ${A}${B} 228f0000`, { type: 'offer', syncId: 51, asker, teller, port: 8847 }],
    ['a hello', `48466375 0102ff00 ${A}${B}`, { type: 'hello', syncId: 255, asker, teller, port: 0 }],
  ]
  test.each(golden)('%s, both ways', (_, bytes, call) => {
    expect(hexOf(encodeCall(call))).toBe(bytes.replaceAll(' ', ''))
    expect(decodeCall(bytesOf(bytes))).toEqual({ ok: true, value: call })
    expect(decodeCall(encodeCall(call, sign), verify)).toEqual({ ok: true, value: call })
  })

  const query = golden[0]?.[1] ?? ''
  const wrong: readonly [what: string, bytes: string, error: string][] = [
    ['nothing', '', 'length'],
    ['seven bytes', '48466375 010033', 'length'],
    ['another magic', query.replace('4846', '4847'), 'magic'],
    ['another version', query.replace('0100', '0200'), 'version'],
    ['another type', query.replace('0100', '0103'), 'type'],
    ['a byte less', query.slice(0, -2), 'length'],
    ['a byte more', `${query}00`, 'length'],
    ['signed, and no key', `${query}${'00'.repeat(32)}`, 'unauthenticated'],
  ]
  test.each(wrong)('%s is refused', (_, bytes, error) => {
    expect(decodeCall(bytesOf(bytes))).toEqual({ ok: false, error })
  })

  test('with a key whoever does not sign is refused, and no bit may be another', () => {
    const call: Call = { type: 'offer', syncId: 51, asker, teller, port: 8847 }
    expect(decodeCall(encodeCall(call), verify)).toEqual({ ok: false, error: 'unauthenticated' })
    const signed = encodeCall(call, sign)
    for (let bit = 0; bit < 8 * signed.length; bit++) {
      const changed = signed.slice()
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(decodeCall(changed, verify).ok).toBe(false)
    }
  })

  test('no bytes make it throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => void decodeCall(bytes, verify)))
  })
})

describe('frames', () => {
  const some: readonly Frame[] = [
    { type: 'connections', message: Uint8Array.of(1, 2, 3) },
    { type: 'connections', message: none },
    { type: 'end', told: 1_000_000 },
  ]
  const [GOLDEN, END] = ['00000003 00000000 010203 00000000 00000000', '00000004 01000000 000f4240']

  test('golden bytes', () => {
    expect(some.map((frame) => hexOf(encodeFrame(frame))).join('')).toBe(`${GOLDEN}${END}`.replaceAll(' ', ''))
  })

  test.each([undefined, { sign, verify }])('however a stream is cut, the same frames come out of it (%#)', (keys) => {
    const whole = Buffer.concat(some.map((frame) => encodeFrame(frame, keys?.sign)))
    for (let size = 1; size <= whole.length; size++) {
      const reader = new FrameReader(keys?.verify)
      const found: unknown[] = []
      for (let at = 0; at < whole.length; at += size)
        for (const read of reader.read(new Uint8Array(whole.subarray(at, at + size))))
          found.push(read.ok && read.value.type === 'connections' ? [...read.value.message] : read)
      expect(found).toEqual([[1, 2, 3], [], { ok: true, value: some[2] }])
    }
  })

  const wrong: readonly [what: string, bytes: string, error: string][] = [
    ['longer than a message can be', '00010000 00000000', 'frame-length'],
    ['an end without its number', '00000000 01000000', 'frame-length'],
    ['another type', '00000000 02000000', 'frame-type'],
    ['what has to be 0 is not', '00000000 00000001', 'frame-type'],
  ]
  test.each(wrong)('%s: a fault, and nothing after it', (_, bytes, error) => {
    const reader = new FrameReader()
    expect([...reader.read(bytesOf(`${bytes}${END}`))]).toEqual([{ ok: false, error }])
  })

  test('with a key no frame is believed that is not signed', () => {
    const reader = new FrameReader(verify)
    const [frame] = some as [Frame]
    const stream = Buffer.concat([encodeFrame(frame, sign), encodeFrame(frame), new Uint8Array(64)])
    expect([...reader.read(stream)].map((read) => (read.ok ? read.value.type : read.error))).toEqual([
      'connections',
      'unauthenticated',
    ])
  })

  test('no bytes make it throw, and it keeps less than a frame', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        const reader = new FrameReader()
        for (const chunk of chunks) for (const read of reader.read(chunk)) if (!read.ok) return
      }),
    )
  })
})
