/** Answers of Node's own server, whose nghttp2 compresses headers in every way there is. */
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address, seconds } from '../../../src/base/index.ts'
import { Cancellation, http2Exchange } from '../../../src/sys/net/index.ts'

test('headers, a long body and trailers come as the server has said them', async () => {
  const value = fc
    .array(
      fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f),
      { minLength: 1, maxLength: 60 },
    )
    .map((codes) => String.fromCharCode(...codes))
  const values = fc.sample(value, { numRuns: 100, seed: 7541 })
  const body = Buffer.alloc(300_000, 'abc')
  const server = createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 207, 'x-value': [...values, ...values] }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-value': values }))
    stream.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const pieces: Buffer[] = []
    const end = await http2Exchange(
      { address: address('127.0.0.1'), port, connectTimeout: seconds(20) },
      {
        headers: { ':method': 'GET', ':scheme': 'http', ':authority': 'web.example', ':path': '/' },
        patience: seconds(60),
        onBytes(chunk) {
          pieces.push(Buffer.from(chunk))
          return 'more'
        },
      },
      new Cancellation(),
    )
    if (!end.ok) throw new Error(end.error.message)
    const said = (fields: readonly (readonly [string, string])[]) =>
      fields.flatMap(([name, one]) => (name === 'x-value' ? [one] : []))
    expect(end.value.status).toBe(207)
    expect(said(end.value.fields)).toEqual([...values, ...values])
    expect(said(end.value.trailers)).toEqual(values)
    expect(Buffer.concat(pieces).equals(body)).toBe(true)
  } finally {
    server.close()
  }
})
