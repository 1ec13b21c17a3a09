import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeHealthResponse, encodeHealthRequest } from '../../../src/wire/grpc/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

test('the request for the server as a whole is an empty message in its frame', () => {
  expect(encodeHealthRequest('')).toEqual(hex('00 00000000'))
})
test('the request for a service names it', () => {
  expect(encodeHealthRequest('shop.Cart')).toEqual(hex(`00 0000000b 0a 09 ${Buffer.from('shop.Cart').toString('hex')}`))
  // A name of 200 bytes has a length of two.
  expect(encodeHealthRequest('a'.repeat(200)).subarray(0, 8)).toEqual(hex('00 000000cb 0a c8 01'))
})

const golden: readonly (readonly [claim: string, bytes: string, status: number])[] = [
  ['SERVING', '00 00000002 08 01', 1],
  ['NOT_SERVING', '00 00000002 08 02', 2],
  ['an empty message is UNKNOWN', '00 00000000', 0],
  ['fields that are not known are passed over', '00 0000000b 12 02 aabb 1d 00000000 08 01', 1],
  ['the last of two counts', '00 00000004 08 01 08 02', 2],
]
for (const [claim, bytes, status] of golden)
  test(`a response: ${claim}`, () => {
    expect(decodeHealthResponse(hex(bytes))).toEqual({ ok: true, value: { status } })
  })

const wrong: readonly (readonly [claim: string, bytes: string, field: string])[] = [
  ['nothing', '', 'length'],
  ['a frame that is cut', '00 00000002 08', 'length'],
  ['more than the frame says', '00 00000002 08 01 00', 'length'],
  ['compressed', '01 00000002 08 01', 'compressed'],
  ['a number without end', '00 0000000b 08 ffffffffffffffffffff', 'message'],
  ['a field longer than the message', '00 00000003 12 05 00', 'message'],
  ['a group', '00 00000001 0b', 'message'],
  ['field 0', '00 00000002 00 01', 'message'],
]
for (const [claim, bytes, field] of wrong)
  test(`a response that is refused: ${claim}`, () => {
    expect(decodeHealthResponse(hex(bytes))).toMatchObject({ ok: false, error: { field } })
  })

test('no bytes make it throw', () => {
  const framed = fc.uint8Array({ maxLength: 40 }).map((message) => {
    const bytes = new Uint8Array(5 + message.length)
    new DataView(bytes.buffer).setUint32(1, message.length)
    bytes.set(message, 5)
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(framed, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      const read = decodeHealthResponse(bytes)
      if (read.ok) expect(read.value.status).toBeGreaterThanOrEqual(0)
    }),
    fuzzRuns(2000),
  )
})
