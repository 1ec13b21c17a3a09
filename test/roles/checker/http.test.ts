/** HTTP_GET and TCP_CHECK against real servers on loopback; digests are compared with keepalived's genhash. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { address, millis, seconds } from '../../../src/base/index.ts'
import type { HttpChecker, HttpRequestCheck } from '../../../src/model/index.ts'
import { systemPorts } from '../../../src/roles/checker/index.ts'
import { timing } from './harness.ts'

const { probe } = systemPorts()
const run = promisify(execFile)
const never = new AbortController().signal
const open: { server: Server; sockets: Set<Socket> }[] = []

/** Answers every connection's first bytes by `handler`; the port it listens on. */
async function serve(handler: (socket: Socket, request: string) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (request) => handler(socket, request.toString('latin1')))
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

type Asked = Partial<HttpRequestCheck> & {
  readonly timeout?: number
  readonly version?: HttpChecker['httpVersion']
}

function ask(port: number, { timeout = 5000, version = '1.0', ...over }: Asked = {}) {
  const checker: HttpChecker = {
    kind: 'http',
    timing,
    target: { address: address('127.0.0.1'), port, connectTimeout: millis(timeout) },
    requests: [{ path: '/', statusCodes: [{ from: 200, to: 299 }], ...over }],
    httpVersion: version,
    fastRecovery: false,
  }
  return probe(checker, 0, never)
}

const genhash = async (port: number, ...more: string[]): Promise<string> => {
  const { stdout } = await run('genhash', ['-s', '127.0.0.1', '-p', String(port), '-u', '/', ...more], {
    timeout: 10_000,
  })
  return /[0-9a-f]{32}/.exec(stdout)?.[0] ?? `no digest in ${JSON.stringify(stdout)}`
}

const bodies: readonly [claim: string, response: string | readonly string[]][] = [
  ['a plain body', 'HTTP/1.0 200 OK\r\n\r\nhello world\n'],
  ['an empty body', 'HTTP/1.0 200 OK\r\n\r\n'],
  ['a body of Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\n'],
  ['a body longer than Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello world\n'],
  ['a body shorter than Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello world\n'],
  [
    'a chunked body, which is not decoded',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ],
  ['a body with blank lines', 'HTTP/1.0 200 OK\r\n\r\na\r\n\r\nb\r\n\r\n'],
  ['a body of many pieces', ['HTTP/1.0 200 OK\r\nSer', 'ver: x\r', '\n\r\nhe', 'llo', ' '.repeat(20_000), 'world']],
]
for (const [claim, response] of bodies)
  test(`the digest is genhash's: ${claim}`, async () => {
    const pieces = typeof response === 'string' ? [response] : response
    const port = await serve((socket) => {
      let next = 0
      const more = () => {
        const piece = pieces[next++]
        if (piece === undefined) socket.end()
        else socket.write(piece, () => setImmediate(more))
      }
      more()
    })
    const digest = await genhash(port)
    expect(digest).toMatch(/^[0-9a-f]{32}$/)
    expect(await ask(port, { digest })).toMatchObject({ reason: 'accepted' })
    expect(await ask(port, { digest: '0'.repeat(32) })).toMatchObject({
      reason: 'digest-mismatch',
      detail: expect.stringContaining(`expected digest ${'0'.repeat(32)}, got ${digest}`),
    })
  })

const rows: readonly [claim: string, handler: (socket: Socket) => void, asked: Asked, outcome: object][] = [
  [
    'a server that says 503',
    (s) => s.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'),
    {},
    { reason: 'bad-status', detail: 'expected status 200-299, got 503' },
  ],
  ['a server that closes without a word', (s) => s.end(), {}, { reason: 'no-response' }],
  ['a server that half-closes after its answer', (s) => s.end('HTTP/1.1 200 OK\r\n\r\n'), {}, { reason: 'accepted' }],
  ['a server that resets', (s) => s.resetAndDestroy(), {}, { reason: 'reset' }],
  [
    'a server that never answers',
    () => {},
    { timeout: 600 },
    { reason: 'response-timeout', detail: 'no answer within 0.6 s' },
  ],
  [
    'a server that answers and does not close',
    (s) => void s.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    { timeout: 600 },
    { reason: 'response-timeout' },
  ],
  ['a server that speaks SMTP', (s) => s.end('220 mail ESMTP\r\n'), {}, { reason: 'malformed-response' }],
  ['a server that sends noise', (s) => s.end(Buffer.alloc(3000, 0xff)), {}, { reason: 'malformed-response' }],
  [
    'a server whose header never ends',
    (s) => {
      const flood = () => {
        while (!s.destroyed && s.write(`X-Filler: ${'a'.repeat(900)}\r\n`));
      }
      s.on('drain', flood)
      s.write('HTTP/1.1 200 OK\r\n')
      flood()
    },
    {},
    { reason: 'too-large', detail: 'the response header is longer than 16384 bytes' },
  ],
  [
    'a server whose body never ends',
    (s) => {
      const mebibyte = Buffer.alloc(1024 * 1024)
      const flood = () => {
        while (!s.destroyed && s.write(mebibyte));
      }
      s.on('drain', flood)
      s.write('HTTP/1.1 200 OK\r\n\r\n')
      flood()
    },
    {},
    { reason: 'too-large', detail: 'the response body is longer than 67108864 bytes' },
  ],
]
for (const [claim, handler, asked, outcome] of rows)
  test(`HTTP_GET: ${claim}`, async () => {
    expect(await ask(await serve(handler), asked)).toMatchObject(outcome)
  })

test('HTTP_GET: nobody listens', async () => {
  const port = await serve(() => {})
  const { server } = open.splice(0)[0] as { server: Server }
  server.close()
  await once(server, 'close')
  expect(await ask(port)).toEqual({ reason: 'connection-refused', detail: 'connection refused' })
})

test('what is sent is keepalived’s request, whole and once', async () => {
  let seen = ''
  const port = await serve((socket, request) => {
    seen = request
    socket.end('HTTP/1.1 200 OK\r\n\r\n')
  })
  await ask(port, { path: '/check?x=1', virtualHost: 'www.example.com', version: '1.1' })
  const ours = seen
  await genhash(port, '-V', 'www.example.com', '-P', '1.1')
  expect(ours).toBe(seen.replace('GET / ', 'GET /check?x=1 '))
})

test('TCP_CHECK asks for nothing but a connection', async () => {
  const port = await serve(() => {})
  const target = { address: address('127.0.0.1'), port, connectTimeout: seconds(5) }
  expect(await probe({ kind: 'tcp', timing, target }, 0, never)).toMatchObject({ reason: 'connected' })
})

describe('against nginx', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-h5-nginx-'))
  let port = 0
  let stop = () => {}

  beforeAll(async () => {
    // A free port: taken and given back.
    port = await serve(() => {})
    for (const { server } of open.splice(0)) server.close()
    writeFileSync(join(directory, 'index.html'), '<html>default</html>\n'.repeat(3000))
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    writeFileSync(
      join(directory, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
      events { worker_connections 64; }
      http {
        access_log off; keepalive_timeout 65;
        ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
        server { listen 127.0.0.1:${port} default_server; root ${directory}; location /teapot { return 418; } }
        server { listen 127.0.0.1:${port}; server_name www.example.com; location / { return 200 "named\\n"; } }
      }`,
    )
    const nginx = spawn('nginx', ['-c', join(directory, 'nginx.conf'), '-e', 'stderr', '-g', 'user root;'], {
      stdio: 'ignore',
    })
    const ended = once(nginx, 'exit')
    stop = () => void nginx.kill('SIGTERM')
    for (let i = 0; i < 200; i++) {
      if ((await ask(port)).reason === 'accepted') return
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 25)), ended])
    }
    throw new Error('nginx does not answer')
  })
  afterAll(() => {
    stop()
    rmSync(directory, { recursive: true })
  })

  test('a page has genhash’s digest, in every version of the request', async () => {
    const digest = await genhash(port)
    for (const version of ['1.0', '1.0C', '1.1'] as const)
      expect(await ask(port, { digest, version })).toMatchObject({ reason: 'accepted' })
  })
  test('a virtual host has its own page', async () => {
    const digest = await genhash(port, '-V', 'www.example.com')
    expect(digest).not.toBe(await genhash(port))
    expect(await ask(port, { digest, virtualHost: 'www.example.com' })).toMatchObject({ reason: 'accepted' })
    expect(await ask(port, { digest })).toMatchObject({ reason: 'digest-mismatch' })
  })
  test('status_code accepts what it names', async () => {
    expect(await ask(port, { path: '/teapot' })).toMatchObject({ reason: 'bad-status' })
    expect(await ask(port, { path: '/teapot', statusCodes: [{ from: 418, to: 418 }] })).toMatchObject({
      reason: 'accepted',
    })
    expect(await ask(port, { path: '/nothing' })).toMatchObject({ detail: 'expected status 200-299, got 404' })
  })
})
