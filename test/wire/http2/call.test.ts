import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CallEvent, encodeFrame, frameTypes, Http2Call } from '../../../src/wire/http2/index.ts'

const bytes = (...values: readonly number[]) => Uint8Array.from(values)
const frame = (type: number, flags: number, stream: number, ...payload: readonly number[]) =>
  encodeFrame({ type, flags, stream, payload: bytes(...payload) })
const { data, headers, reset, settings, push, ping, goAway, windowUpdate, continuation, priority } = frameTypes
const HELLO = frame(settings, 0, 0)
/** `:status: 200`, the header ended, the stream not. */
const OK = frame(headers, 4, 1, 0x88)
const ALL = frame(headers, 5, 1, 0x88)

/** What a call comes to, in a word each: `response 200`, `data 2`, `ended`, and why it failed. */
function heard(all: Uint8Array, piece = all.length): { readonly events: string[]; readonly sent: Uint8Array } {
  const call = new Http2Call({ headers: { ':method': 'GET' }, longestHeader: 16_384 })
  const events: string[] = []
  const sent: Uint8Array[] = []
  const word = (event: CallEvent) => {
    if (event.type === 'response') return `response ${event.status}`
    if (event.type === 'data') return `data ${event.bytes.length}`
    return event.type === 'ended' ? `ended ${event.trailers.length}` : event.reason
  }
  for (let at = 0; at < all.length; at += piece)
    sent.push(call.take(all.subarray(at, at + piece), (event) => void events.push(word(event))))
  return { events, sent: Buffer.concat(sent) }
}
const many = (one: Uint8Array, times = 10_000) => Buffer.concat(Array(times).fill(one))
const said = (...frames: readonly Uint8Array[]) => heard(Buffer.concat([HELLO, ...frames])).events

const rows: readonly (readonly [claim: string, frames: readonly Uint8Array[], events: readonly string[]])[] = [
  ['a header that is all', [ALL], ['response 200', 'ended 0']],
  ['a body', [OK, frame(data, 0, 1, 1, 2), frame(data, 1, 1, 3)], ['response 200', 'data 2', 'data 1', 'ended 0']],
  ['a body with padding', [OK, frame(data, 9, 1, 2, 7, 0, 0)], ['response 200', 'data 1', 'ended 0']],
  ['trailers', [OK, frame(headers, 5, 1, 0, 1, 97, 1, 98)], ['response 200', 'ended 1']],
  ['a header in pieces', [frame(headers, 1, 1), frame(continuation, 4, 1, 0x88)], ['response 200', 'ended 0']],
  ['a word before the answer', [frame(headers, 4, 1, 8, 3, 49, 48, 51), ALL], ['response 200', 'ended 0']],
  ['frames of no kind that is known', [frame(0xbe, 255, 7, 1, 2, 3), ALL], ['response 200', 'ended 0']],
  ['a stream that is no more needed', [OK, frame(reset, 0, 1, 0, 0, 0, 0)], ['response 200', 'ended 0']],
  ['a connection that takes no more', [frame(goAway, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0), ALL], ['response 200', 'ended 0']],
  ['after the end nothing', [ALL, frame(data, 0, 1, 1), HELLO], ['response 200', 'ended 0']],
  ['a stream that is reset', [frame(reset, 0, 1, 0, 0, 0, 8)], ['reset']],
  ['a connection that is given up', [frame(goAway, 0, 0, 0, 0, 0, 1, 0, 0, 0, 11)], ['reset']],
  ['a call that is refused', [frame(goAway, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)], ['reset']],
  ['a header without a status', [frame(headers, 5, 1, 0x5f, 1, 97)], ['protocol']],
  ['a second header', [OK, OK], ['response 200', 'protocol']],
  ['a header in capitals', [frame(headers, 5, 1, 0x88, 0, 1, 65, 1, 98)], ['protocol']],
  ['a block that is none', [frame(headers, 5, 1, 0xff)], ['protocol']],
  ['a header of another stream', [frame(headers, 5, 3, 0x88)], ['protocol']],
  ['a header that something interrupts', [frame(headers, 1, 1), HELLO], ['protocol']],
  ['a header that goes on and has not begun', [frame(continuation, 4, 1, 0x88)], ['protocol']],
  ['a body without a header', [frame(data, 1, 1, 1)], ['protocol']],
  ['more padding than payload', [OK, frame(data, 9, 1, 5, 1)], ['response 200', 'protocol']],
  [
    'another length than it says',
    [frame(headers, 4, 1, 0x88, 0x0f, 13, 1, 57), frame(data, 1, 1, 1)],
    ['response 200', 'data 1', 'protocol'],
  ],
  ['a push', [frame(push, 4, 1, 0, 0, 0, 2, 0x82)], ['protocol']],
  ['an answer to no ping', [frame(ping, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)], ['protocol']],
  ['a frame that is too long', [bytes(0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1)], ['protocol']],
  [
    'a header block without end',
    [frame(headers, 0, 1), many(frame(continuation, 0, 1, ...Array(100).fill(0)))],
    ['too-large'],
  ],
]
for (const [claim, frames, events] of rows)
  test(`a call over HTTP/2: ${claim}`, () => {
    expect(said(...frames)).toEqual(events)
  })

test('frames without end that say nothing end the call', () => {
  const idle = [
    HELLO,
    frame(ping, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8),
    frame(windowUpdate, 0, 0, 0, 0, 0, 1),
    frame(priority, 0, 3, 0, 0, 0, 0, 0),
    frame(0xbe, 0, 0),
    frame(headers, 4, 1, 8, 3, 49, 48, 51),
    frame(goAway, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0),
  ]
  for (const one of idle) expect(said(many(one))).toEqual(['protocol'])
  expect(said(OK, many(frame(data, 0, 1)))).toEqual(['response 200', 'protocol'])
  expect(said(frame(headers, 0, 1), many(frame(continuation, 0, 1)))).toEqual(['protocol'])
})

test('who does not begin with SETTINGS does not speak HTTP/2', () => {
  expect(heard(ALL).events).toEqual(['protocol'])
  expect(heard(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')).events).toEqual(['protocol'])
})

test('settings and pings are answered, and the window is filled again', () => {
  const block = encodeFrame({ type: data, flags: 0, stream: 1, payload: new Uint8Array(16_384) })
  const { events, sent } = heard(Buffer.concat([HELLO, frame(ping, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8), OK, block, block]))
  expect(events).toEqual(['response 200', 'data 16384', 'data 16384'])
  const more = [0, 0, 0x80, 0]
  expect(sent).toEqual(
    Buffer.concat([
      frame(settings, 1, 0),
      frame(ping, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8),
      frame(windowUpdate, 0, 0, ...more),
      frame(windowUpdate, 0, 1, ...more),
    ]),
  )
})

test('what comes in pieces means the same, and nothing that comes throws', () => {
  const all = Buffer.concat([HELLO, OK, frame(data, 9, 1, 2, 7, 0, 0)])
  for (let piece = 1; piece < all.length; piece++) expect(heard(all, piece).events).toEqual(heard(all).events)
  const anyFrame = fc
    .record({ type: fc.nat(10), flags: fc.nat(255), stream: fc.nat(3), payload: fc.uint8Array({ maxLength: 40 }) })
    .map(encodeFrame)
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 20 }), fc.integer({ min: 1, max: 50 }), (frames, piece) => {
      const { events } = heard(Buffer.concat([HELLO, ...frames]), piece)
      expect(events.filter((one) => /^(ended|reset|too|proto)/.test(one)).length).toBeLessThanOrEqual(1)
    }),
  )
})
