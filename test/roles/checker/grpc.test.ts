/** GRPC_CHECK against servers of grpc-js, and HTTP/2 against servers that are none or hostile. */
import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { address, millis } from '../../../src/base/index.ts'
import type { GrpcChecker, HttpRequestCheck, TlsClient } from '../../../src/model/index.ts'
import { meaningOf } from '../../../src/proto/probe/index.ts'
import { systemPorts } from '../../../src/roles/checker/index.ts'
import { timing } from './harness.ts'

const { probe } = systemPorts()
const never = new AbortController().signal
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const target = (port: number, timeout: number) => ({
  address: address('127.0.0.1'),
  port,
  connectTimeout: millis(timeout),
})
const grpc = (port: number, over: Partial<GrpcChecker> = {}, timeout = 5000, tlsClient?: TlsClient) =>
  probe({ kind: 'grpc', timing, target: target(port, timeout), service: '', ...over }, 0, never, tlsClient)
const http2 = (port: number, request: Partial<HttpRequestCheck> = {}, timeout = 5000) =>
  probe(
    {
      kind: 'http',
      timing,
      target: target(port, timeout),
      requests: [{ path: '/', statusCodes: [{ from: 200, to: 299 }], ...request }],
      httpVersion: '2',
      fastRecovery: false,
    },
    0,
    never,
  )

type Asked = { readonly service: string }

/** grpc.health.v1 of a server whose services are in the table; those that are not are NOT_FOUND. */
async function healthServer(
  services: Readonly<Record<string, number>>,
  credentials = ServerCredentials.createInsecure(),
): Promise<number> {
  const server = new Server()
  server.addService(
    {
      check: {
        path: '/grpc.health.v1.Health/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: (request: Asked) => Buffer.from(request.service),
        // A short name: one byte of tag, one of length.
        requestDeserialize: (bytes: Buffer): Asked => ({ service: bytes.subarray(2).toString() }),
        responseSerialize: (serving: number) => Buffer.from([8, serving]),
        responseDeserialize: (bytes: Buffer) => bytes[1] ?? 0,
      },
    },
    {
      check(call: { request: Asked }, done: (error: object | null, value?: number) => void) {
        const serving = services[call.request.service]
        if (serving === undefined) done({ code: status.NOT_FOUND, details: 'unknown service' })
        else done(null, serving)
      },
    },
  )
  closers.push(() => server.forceShutdown())
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error))),
  )
}

async function serveHttp2(handler: (stream: ServerHttp2Stream) => void): Promise<number> {
  const server: Http2Server = createHttp2Server()
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    handler(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function serveBytes(handler: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: NetServer = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    handler(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

describe('GRPC_CHECK against grpc-js', () => {
  test('a server, and a service of it, that serves', async () => {
    const port = await healthServer({ '': 1, 'shop.Cart': 1 })
    expect(await grpc(port)).toEqual({ reason: 'serving', detail: 'the server says SERVING' })
    expect(await grpc(port, { service: 'shop.Cart' })).toMatchObject({ reason: 'serving' })
  })
  test('one that does not', async () => {
    const port = await healthServer({ '': 1, 'shop.Cart': 2 })
    expect(await grpc(port, { service: 'shop.Cart' })).toEqual({
      reason: 'not-serving',
      detail: 'the server says NOT_SERVING',
    })
  })
  test('one that it does not know', async () => {
    expect(await grpc(await healthServer({}), { service: 'no.Such' })).toEqual({
      reason: 'not-serving',
      detail: 'the call ended with grpc-status 5 NOT_FOUND: the server does not know this service',
    })
  })
  test('a server without the health service', async () => {
    const server = new Server()
    closers.push(() => server.forceShutdown())
    const port = await new Promise<number>((resolve) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound)),
    )
    expect(await grpc(port)).toEqual({
      reason: 'not-serving',
      detail: 'the call ended with grpc-status 12 UNIMPLEMENTED: the server has no health service',
    })
  })
})

describe('GRPC_CHECK over TLS against grpc-js', () => {
  let pem = Buffer.alloc(0)
  let key = Buffer.alloc(0)
  beforeAll(() => {
    const directory = mkdtempSync(join(tmpdir(), 'hf-grpc-'))
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ]
    const names = ['-subj', '/CN=shop.example', '-addext', 'subjectAltName=DNS:shop.example']
    execFileSync('openssl', [...request, ...names, '-keyout', 'key', '-out', 'pem'], { cwd: directory, stdio: 'pipe' })
    pem = readFileSync(join(directory, 'pem'))
    key = readFileSync(join(directory, 'key'))
    rmSync(directory, { recursive: true })
  })
  const secured = (services: Readonly<Record<string, number>>) =>
    healthServer(services, ServerCredentials.createSsl(null, [{ cert_chain: pem, private_key: key }]))
  const trusting = (): TlsClient => ({ ca: { path: 'pem', pem: pem.toString() } })

  test('whoever has signed its certificate, what the server says counts', async () => {
    const port = await secured({ '': 1, 'shop.Cart': 2 })
    expect(await grpc(port, { tls: {} })).toMatchObject({ reason: 'serving' })
    expect(await grpc(port, { tls: {}, service: 'shop.Cart' })).toMatchObject({ reason: 'not-serving' })
  })
  test('tls_verify asks for the name of virtualhost, or that of tls_hostname, and for an authority that is trusted', async () => {
    const port = await secured({ '': 1 })
    const named = { virtualHost: 'shop.example', tls: { verify: true } } as const
    expect(await grpc(port, named, 5000, trusting())).toMatchObject({ reason: 'serving' })
    expect(await grpc(port, { tls: { verify: true, hostName: 'shop.example' } }, 5000, trusting())).toMatchObject({
      reason: 'serving',
    })
    expect(await grpc(port, { ...named, virtualHost: 'other.example' }, 5000, trusting())).toEqual({
      reason: 'bad-certificate',
      detail: 'the certificate is not for other.example',
    })
    expect(await grpc(port, named)).toMatchObject({ reason: 'bad-certificate' })
  })
  test('tls_pin asks for the public key', async () => {
    const port = await secured({ '': 1 })
    const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
    const pin = createHash('sha256').update(spki).digest('hex')
    expect(await grpc(port, { tls: { pins: [pin] } })).toMatchObject({ reason: 'serving' })
    expect(await grpc(port, { tls: { pins: ['00'.repeat(32)] } })).toMatchObject({ reason: 'bad-certificate' })
  })
  test('a server without TLS, and a checker without', async () => {
    expect(await grpc(await healthServer({ '': 1 }), { tls: {} })).toMatchObject({ reason: 'tls-failure' })
    expect(meaningOf((await grpc(await secured({ '': 1 }))).reason)).toBe('failure')
  })
})

describe('gRPC that is none', () => {
  test('HTTP/2 without gRPC', async () => {
    const plain = await serveHttp2((stream) => {
      stream.respond({ ':status': 200 })
      stream.end('hello')
    })
    expect(await grpc(plain)).toMatchObject({
      reason: 'malformed-response',
      detail: 'the response has no grpc-status',
    })
    const missing = await serveHttp2((stream) => stream.respond({ ':status': 404 }, { endStream: true }))
    expect(await grpc(missing)).toMatchObject({ reason: 'bad-status', detail: 'expected status 200, got 404' })
  })
  test('a message that is none, and one without end', async () => {
    const reply = (message: Buffer) =>
      serveHttp2((stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        stream.end(message)
      })
    expect(await grpc(await reply(Buffer.from('nonsense')))).toMatchObject({ reason: 'malformed-response' })
    expect(await grpc(await reply(Buffer.alloc(1_000_000)))).toMatchObject({ reason: 'malformed-response' })
  })
})

describe('HTTP2_GET without TLS', () => {
  test('is asked with the host, and judged as HTTP_GET is', async () => {
    const port = await serveHttp2((stream) => {
      stream.respond({ ':status': 200, 'x-role': 'primary', 'content-type': 'application/json' })
      stream.end('{"status":"ok"}')
    })
    const wanted = {
      headers: [{ name: 'X-Role', value: 'primary' }],
      json: [{ path: ['status'], value: 'ok' }],
      pattern: { source: '"ok"', options: [] },
    }
    const outcome = await http2(port, { ...wanted, digest: '0'.repeat(32) })
    const digest = /got ([0-9a-f]{32})/.exec(outcome.detail)?.[1] ?? ''
    expect(outcome.reason).toBe('digest-mismatch')
    expect(await http2(port, { ...wanted, digest })).toEqual({
      reason: 'accepted',
      detail: 'status 200, header, digest and body as expected',
    })
    expect(await http2(port, { statusCodes: [{ from: 404, to: 404 }] })).toMatchObject({ reason: 'bad-status' })
  })

  const hostile: readonly (readonly [claim: string, start: () => Promise<number>, outcome: object])[] = [
    [
      'a server that speaks HTTP/1.1',
      () => serveBytes((s) => s.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      { reason: 'malformed-response' },
    ],
    ['a server that says nothing', () => serveBytes(() => {}), { reason: 'response-timeout' }],
    ['a server that closes', () => serveBytes((s) => s.destroy()), { reason: 'reset' }],
    ['a server that resets', () => serveBytes((s) => s.resetAndDestroy()), { reason: 'reset' }],
    ['a stream that is reset', () => serveHttp2((stream) => stream.close(8)), { reason: 'reset' }],
    [
      'a connection that is ended by GOAWAY',
      () => serveHttp2((stream) => stream.session?.goaway(11)),
      { reason: 'reset' },
    ],
    [
      'a stream that is cancelled in the middle of its body',
      () =>
        serveBytes((socket) => {
          let heard = ''
          // SETTINGS, and once the request is here HEADERS with status 200, four bytes of DATA and RST_STREAM with CANCEL.
          socket.write(Buffer.from('000000040000000000', 'hex'))
          socket.on('data', (bytes) => {
            heard += bytes.toString('hex')
            if (!/01(?:04|05|24|25)00000001/.test(heard)) return
            heard = ''
            socket.write(Buffer.from('000001010400000001880000040000000000018080808000000403000000000100000008', 'hex'))
          })
        }),
      { reason: 'reset' },
    ],
    [
      'a connection that ends in the middle of a body',
      () =>
        serveHttp2((stream) => {
          stream.respond({ ':status': 200 })
          stream.write('half', () => stream.session?.destroy())
        }),
      { reason: 'reset' },
    ],
    ['an answer that does not come', () => serveHttp2(() => {}), { reason: 'response-timeout' }],
    [
      'a body that drips',
      () =>
        serveHttp2((stream) => {
          stream.respond({ ':status': 200 })
          const timer = setInterval(() => stream.write('x'), 20)
          stream.once('close', () => clearInterval(timer))
        }),
      { reason: 'response-timeout', detail: 'the answer did not end within 0.7 s' },
    ],
    [
      'a body without end',
      () =>
        serveHttp2((stream) => {
          stream.respond({ ':status': 200 })
          const piece = Buffer.alloc(256 * 1024)
          const flood = () => {
            while (!stream.destroyed && stream.write(piece));
          }
          stream.on('drain', flood)
          flood()
        }),
      { reason: 'too-large' },
    ],
    [
      'a header without end',
      () =>
        serveHttp2((stream) =>
          stream.respond(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'a'.repeat(500)]))),
        ),
      { reason: expect.stringMatching(/^(?:malformed-response|reset|too-large)$/) },
    ],
  ]
  for (const [claim, start, outcome] of hostile)
    test(claim, async () => {
      expect(await http2(await start(), {}, 700)).toMatchObject(outcome)
    })
})
