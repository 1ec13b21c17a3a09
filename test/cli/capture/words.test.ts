/** Frames in words: BFD and synchronisation, which need no network, and what strangers may send. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordsFor } from '../../../src/cli/capture/words.ts'

const listener = { interface: 'eth0', own: false }

/** IPv4 with UDP around a payload; checksums are not looked at here. */
function udp(port: number, payload: Uint8Array, ttl = 255): Uint8Array {
  const frame = new Uint8Array(42 + payload.length)
  const view = new DataView(frame.buffer)
  view.setUint16(12, 0x0800)
  frame[14] = 0x45
  view.setUint16(16, 28 + payload.length)
  frame[22] = ttl
  frame[23] = 17
  frame.set([192, 0, 2, 11, 192, 0, 2, 12], 26)
  view.setUint16(36, port)
  view.setUint16(38, 8 + payload.length)
  frame.set(payload, 42)
  return frame
}

const bfd = Uint8Array.from(
  Buffer.from('20c00318' + '00000001' + '00000002' + '0000c350' + '0000c350' + '00000000', 'hex'),
)

test('BFD: state, discriminators and intervals', () => {
  expect(wordsFor(udp(3784, bfd), listener)).toEqual({
    kind: 'bfd',
    words: '192.0.2.11 > 192.0.2.12: up, 1 to 2, sends every 50 ms, takes 50 ms, times 3',
  })
  expect(wordsFor(udp(3784, bfd.subarray(0, 20)), listener)).toMatchObject({ kind: 'bfd', dropped: 'length (20)' })
})

test('synchronisation: what cannot be read is told as that', () => {
  expect(wordsFor(udp(8848, new Uint8Array(2)), listener)).toMatchObject({ kind: 'sync', dropped: 'length (2)' })
  expect(wordsFor(udp(53, bfd), listener)).toBeUndefined()
})

test('no frame makes it throw', () => {
  const headed = fc
    .tuple(fc.constantFrom(112, 17, 1, 51), fc.uint8Array({ maxLength: 80 }))
    .map(([protocol, bytes]) => {
      const frame = udp(3784, bytes)
      frame[23] = protocol
      return frame
    })
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 90 }), headed), (frame) => void wordsFor(frame, listener)))
})
