/** What servers that mean no good get from SSL_GET and HTTP_GET: an outcome with a name, in time, within bounds. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { address, millis } from '../../../src/base/index.ts'
import type { CheckTls, HttpRequestCheck } from '../../../src/model/index.ts'
import { systemPorts } from '../../../src/roles/checker/index.ts'
import { timing } from './harness.ts'

const { probe } = systemPorts()
const open: { server: Server; sockets: Set<Socket> }[] = []

async function serve(handler: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    handler(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push({ server, sockets })
  return (server.address() as AddressInfo).port
}
afterEach(() => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

const TIMEOUT = 700

const ask = (port: number, request: Partial<HttpRequestCheck> = {}, tls?: CheckTls) =>
  probe(
    {
      kind: 'http',
      timing,
      target: { address: address('127.0.0.1'), port, connectTimeout: millis(TIMEOUT) },
      requests: [{ path: '/', statusCodes: [{ from: 200, to: 299 }], ...request }],
      httpVersion: '1.1',
      ...(tls === undefined ? {} : { tls }),
      fastRecovery: false,
    },
    0,
    new AbortController().signal,
  )

/** Answers whatever comes first with these bytes. */
const answer = (bytes: string | Uint8Array) => (socket: Socket) => void socket.once('data', () => socket.end(bytes))

/** Begins like this, and goes on piece by piece for as long as somebody listens. */
const drip = (begin: string, piece: string) => (socket: Socket) => {
  const timer = setInterval(() => socket.write(piece), 20)
  socket.once('close', () => clearInterval(timer))
  socket.write(begin)
}

/** The same as fast as the other side takes it. */
const flood = (begin: string, piece: string) => (socket: Socket) => {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more)
  socket.write(begin)
  more()
}

const keptOpen = `the answer did not end within ${TIMEOUT / 1000} s: the server keeps the connection open`

describe('SSL_GET', () => {
  const rows: readonly (readonly [claim: string, handler: (socket: Socket) => void, outcome: object])[] = [
    [
      'a server that says nothing to the handshake',
      () => {},
      { reason: 'response-timeout', detail: `no TLS handshake within ${TIMEOUT / 1000} s` },
    ],
    ['a server that speaks HTTP', answer('HTTP/1.1 400 Bad Request\r\n\r\n'), { reason: 'tls-failure' }],
    [
      'a server that drips a handshake',
      drip('\x16\x03\x03\x40\x00', '\x00'),
      { reason: 'response-timeout', detail: `no TLS handshake within ${TIMEOUT / 1000} s` },
    ],
    ['a server that speaks SMTP', (s) => void s.write('220 mail ESMTP\r\n'), { reason: 'tls-failure' }],
    ['a server that closes in the handshake', (s) => void s.once('data', () => s.end()), { reason: 'reset' }],
    [
      'a server that resets in the handshake',
      (s) => void s.once('data', () => s.resetAndDestroy()),
      { reason: 'reset' },
    ],
    // A handshake_failure alert.
    ['a server that refuses', answer(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 40)), { reason: 'tls-failure' }],
    // A record of 16 KiB of ServerHello that is none.
    [
      'a server that sends noise as TLS',
      answer(Buffer.concat([Uint8Array.of(0x16, 3, 3, 0x40, 0), Buffer.alloc(0x4000, 0xee)])),
      { reason: 'tls-failure' },
    ],
  ]
  for (const [claim, handler, outcome] of rows)
    test(claim, async () => {
      expect(await ask(await serve(handler), {}, {})).toMatchObject(outcome)
    })
})

describe('HTTP_GET', () => {
  const json = [{ path: ['status'] }]
  const ok = 'HTTP/1.1 200 OK\r\n'
  const rows: readonly (readonly [
    claim: string,
    handler: (socket: Socket) => void,
    request: Partial<HttpRequestCheck>,
    outcome: object,
  ])[] = [
    [
      'wrong chunks are bytes as others',
      answer(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`),
      {},
      { reason: 'accepted' },
    ],
    [
      'wrong chunks are no JSON',
      answer(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`),
      { json },
      { reason: 'malformed-response' },
    ],
    [
      'chunks that end early are no JSON',
      answer(`${ok}Transfer-Encoding: chunked\r\n\r\nff\r\n{`),
      { json },
      { reason: 'malformed-response' },
    ],
    ['a header within which the answer ends', answer(`${ok}Server: x\r\n`), {}, { reason: 'malformed-response' }],
    [
      'two lengths and none right',
      answer(`${ok}Content-Length: 1\r\nContent-Length: 99999999999999999999\r\n\r\nhello`),
      {},
      { reason: 'accepted' },
    ],
    [
      'a body of more than is read as JSON',
      answer(`${ok}\r\n"${'a'.repeat(2_000_000)}"`),
      { json },
      { reason: 'too-large' },
    ],
    [
      'a body that stops in the middle',
      (s) => void s.once('data', () => s.write(`${ok}Content-Length: 100\r\n\r\nhalf`)),
      {},
      { reason: 'response-timeout', detail: keptOpen },
    ],
    [
      'a header that drips, a byte at a time',
      drip(ok, 'X'),
      {},
      { reason: 'response-timeout', detail: `the answer did not end within ${TIMEOUT / 1000} s` },
    ],
    ['a body that drips', drip(`${ok}\r\n`, 'x'), {}, { reason: 'response-timeout', detail: keptOpen }],
    ['a body that drips after its length', drip(`${ok}Content-Length: 1\r\n\r\n`, 'x'), {}, { detail: keptOpen }],
    ['a header without end', flood(ok, 'X-Filler: '.padEnd(1_000, 'x')), {}, { reason: 'too-large' }],
    ['a body without end', flood(`${ok}\r\n`, 'x'.repeat(65_536)), {}, { reason: 'too-large' }],
    [
      'a body on which a regex backtracks without end',
      answer(`${ok}\r\n${'a'.repeat(64)}!`),
      { pattern: { source: '^(a+)+$', options: [] } },
      { reason: 'pattern-limit' },
    ],
  ]
  for (const [claim, handler, request, outcome] of rows)
    test(claim, async () => {
      expect(await ask(await serve(handler), request)).toMatchObject(outcome)
    })

  test('a bomb of 64 MiB in 64 KiB is never unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    const head = Buffer.from(`${ok}Content-Encoding: gzip\r\n\r\n`)
    const port = await serve(answer(Buffer.concat([head, bomb])))
    expect(await ask(port)).toMatchObject({ reason: 'accepted' })
    const { external, arrayBuffers } = process.memoryUsage()
    expect(await ask(port, { json })).toMatchObject({ reason: 'malformed-response' })
    const after = process.memoryUsage()
    expect(after.external + after.arrayBuffers - external - arrayBuffers).toBeLessThan(16 * 1024 * 1024)
  })
})
