import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type HttpReading, MAX_BODY, MAX_HEAD, readHttp, unread } from '../../../src/proto/probe/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

function readAll(chunks: readonly Uint8Array[]): { reading: HttpReading; hashed: string } {
  let reading: HttpReading = unread
  let hashed = ''
  for (const chunk of chunks) {
    const step = readHttp(reading, chunk)
    reading = step.reading
    hashed += Buffer.from(step.hashed).toString('latin1')
  }
  return { reading, hashed }
}

const rows: readonly [claim: string, response: string, head: object, hashed: string, received: number][] = [
  ['status and body', 'HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello', { status: 200 }, 'hello', 5],
  ['an empty reason phrase', 'HTTP/1.1 204 \r\n\r\n', { status: 204 }, '', 0],
  ['a missing reason phrase', 'HTTP/1.0 503\r\n\r\n', { status: 503 }, '', 0],
  [
    'a body no longer than Content-Length is hashed',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello',
    { status: 200, contentLength: 3 },
    'hel',
    5,
  ],
  [
    'a body shorter than Content-Length is hashed as far as it goes',
    'HTTP/1.1 200 OK\r\ncontent-length:9\r\n\r\nhello',
    { status: 200, contentLength: 9 },
    'hello',
    5,
  ],
  [
    'the first Content-Length counts',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nhello',
    { status: 200, contentLength: 2 },
    'he',
    5,
  ],
  [
    'a Content-Length that is no number is none',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello',
    { status: 200 },
    'hello',
    5,
  ],
  [
    'a chunked body is hashed raw',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    { status: 200 },
    '5\r\nhello\r\n0\r\n\r\n',
    15,
  ],
  ['any word before the status (keepalived)', 'ICY 200 OK\r\n\r\nhello', { status: 200 }, 'hello', 5],
  ['a version without a dot', 'HTTP/2 204\r\n\r\n', { status: 204 }, '', 0],
  ['CR LF CR LF in the body belongs to it', 'HTTP/1.1 200 OK\r\n\r\na\r\n\r\nb', { status: 200 }, 'a\r\n\r\nb', 6],
]
for (const [claim, response, head, hashed, received] of rows)
  test(`a response is read: ${claim}`, () => {
    const whole = readAll([bytes(response)])
    expect(whole).toMatchObject({ reading: { name: 'body', head, received }, hashed })
    // However it is cut.
    expect(readAll(Array.from(bytes(response), (byte) => Uint8Array.of(byte)))).toEqual(whole)
  })

const refused: readonly [claim: string, response: string, reason: string][] = [
  ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'malformed-response'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'malformed-response'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', 'malformed-response'],
  ['an empty head', '\r\n\r\n', 'malformed-response'],
  ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(MAX_HEAD)}`, 'too-large'],
]
for (const [claim, response, reason] of refused)
  test(`a response is given up on: ${claim}`, () => {
    const { reading } = readAll([bytes(response)])
    expect(reading).toMatchObject({ name: 'given-up', outcome: { reason } })
    // What comes later changes nothing.
    expect(readHttp(reading, bytes('HTTP/1.1 200 OK\r\n\r\n')).reading).toEqual(reading)
  })

test('a head is bounded however it is cut', () => {
  const chunk = bytes('X: aaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n')
  let reading: HttpReading = readHttp(unread, bytes('HTTP/1.1 200 OK\r\n')).reading
  for (let i = 0; i < MAX_HEAD / chunk.length + 1; i++) reading = readHttp(reading, chunk).reading
  expect(reading).toMatchObject({ name: 'given-up', outcome: { reason: 'too-large' } })
})

test('a body is bounded and nothing of it is kept', () => {
  const mebibyte = new Uint8Array(1024 * 1024)
  let reading: HttpReading = readHttp(unread, bytes('HTTP/1.1 200 OK\r\n\r\n')).reading
  for (let read = 0; read < MAX_BODY; read += mebibyte.length) reading = readHttp(reading, mebibyte).reading
  expect(reading).toEqual({ name: 'body', head: { status: 200, fields: [] }, received: MAX_BODY })
  expect(readHttp(reading, Uint8Array.of(1)).reading).toMatchObject({ outcome: { reason: 'too-large' } })
})

test('no bytes make the reader throw, and how they are cut does not matter', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          'HTTP/1.1 ',
          '200',
          ' OK',
          '\r',
          '\n',
          '\r\n',
          '\r\n\r\n',
          'Content-Length: ',
          '3',
          '99999999999999999',
          ':',
          ' ',
          '\0',
          'x',
        ),
        { maxLength: 40 },
      )
      .map((parts) => new Uint8Array(bytes(parts.join('')))),
  )
  fc.assert(
    fc.property(hostile, fc.array(fc.nat(40), { maxLength: 20 }), (response, cuts) => {
      const whole = readAll([response])
      const chunks: Uint8Array[] = []
      let at = 0
      for (const cut of cuts) {
        chunks.push(response.subarray(at, at + cut))
        at += cut
      }
      chunks.push(response.subarray(at))
      expect(readAll(chunks)).toEqual(whole)
    }),
    fuzzRuns(1000),
  )
})

test('the reading keeps no view of the chunk it was given', () => {
  const chunk = bytes('HTTP/1.1 200')
  const { reading } = readHttp(unread, chunk)
  chunk.fill(0)
  expect(readHttp(reading, bytes(' OK\r\n\r\n')).reading).toMatchObject({ name: 'body', head: { status: 200 } })
})

test('fields have their names in lower case, in the order sent; what is none is passed over', () => {
  const lines = ['Server: x', 'X-A:1', 'x-a:  2\t', ' folded: y', 'no colon', ': nameless', 'bad name: z', 'Empty:']
  const { reading } = readAll([bytes(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`)])
  expect(reading).toMatchObject({
    head: {
      fields: [
        ['server', 'x'],
        ['x-a', '1'],
        ['x-a', '2'],
        ['empty', ''],
      ],
    },
  })
})
