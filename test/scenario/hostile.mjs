/**
 * Runs in a host's namespace: `hostile.mjs ADDRESS PEM KEY`, servers that mean no good, one a port, in the order of
 * `names`; prints the ports by name as a JSON line. Ends with its stdin.
 */
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer as createHttp2Server, createSecureServer as createSecureHttp2Server } from 'node:http2'
import { createServer } from 'node:net'
import process from 'node:process'
import { Duplex } from 'node:stream'
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'

const [address, pem, key] = process.argv.slice(2)
const identity = { cert: readFileSync(pem), key: readFileSync(key) }

/** As fast as the other side takes it, for as long as it listens. */
const flood = (begin, piece) => (stream) => {
  const bytes = Buffer.from(piece)
  const more = () => {
    while (!stream.destroyed && stream.write(bytes));
  }
  stream.on('drain', more)
  if (begin !== '') stream.write(begin)
  more()
}
/** A byte at a time, well within every time-out. */
const drip = (begin, byte) => (stream) => {
  const timer = setInterval(() => stream.write(byte), 100)
  stream.once('close', () => clearInterval(timer))
  if (begin !== '') stream.write(begin)
}
const silent = () => {}
const after = (act) => (stream) => void stream.once('data', () => act(stream))
const greets = (act) => (socket) => {
  socket.write('220 hello\r\n')
  after(act)(socket)
}
const say = (bytes) => (stream) => stream.end(bytes)

const ok = 'HTTP/1.1 200 OK\r\n'
const filler = `X-Filler: ${'x'.repeat(1000)}\r\n`.repeat(60)
const tenGiB = `${ok}Content-Length: ${10 * 1024 ** 3}\r\n\r\n`
const body = 'x'.repeat(65_536)
const bomb = Buffer.concat([Buffer.from(`${ok}Content-Encoding: gzip\r\n\r\n`), gzipSync(Buffer.alloc(64 * 1024 ** 2))])

/** A frame of HTTP/2 (RFC 9113 §4.1). */
const frame = (type, flags, stream, payload) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}
const settings = frame(4, 0, 0, Buffer.alloc(0))

/** TLS for whom something may be said beside it, once it is asked something. */
const beside = (act) => (socket) => {
  const within = new Duplex({ read: () => {}, write: (chunk, _, done) => socket.write(chunk, done) })
  socket.on('data', (chunk) => within.push(chunk))
  const secureContext = createSecureContext(identity)
  const secure = new TLSSocket(within, { isServer: true, secureContext, ALPNProtocols: ['h2', 'http/1.1'] })
  secure.on('error', () => {})
  secure.once('data', () => act(socket))
}
const noRecord = Buffer.concat([Buffer.from([0x17, 3, 3, 0x40, 0]), Buffer.alloc(0x4000, 0xee)])

const bytes = {
  silent,
  'a byte at a time': drip('', 'x'),
  noise: flood('', body),
  closes: (socket) => socket.end(),
  resets: (socket) => socket.resetAndDestroy(),
  'resets once asked': after((socket) => socket.resetAndDestroy()),
  'a header without end': after(flood(ok, filler)),
  'a header a byte at a time': after(drip(ok, 'X')),
  'a header that is cut': after(say(`${ok}Server: x\r\n`)),
  'a body of 10 GiB': after(flood(tenGiB, body)),
  'a body a byte at a time': after(drip(`${ok}\r\n`, 'x')),
  'a body that is reset': after((socket) => {
    socket.write(tenGiB)
    setTimeout(() => socket.resetAndDestroy(), 100)
  }),
  'a compressed bomb': after(say(bomb)),
  'noise in records of TLS': after(
    flood('', Buffer.concat([Buffer.from([0x16, 3, 3, 0x40, 0]), Buffer.alloc(0x4000, 0xee)])),
  ),
  'a handshake a byte at a time': drip(Buffer.from([0x16, 3, 3, 0x40, 0]), Buffer.from([0])),
  'noise after the handshake': beside((socket) => socket.write(noRecord)),
  'an alert of TLS': after(say(Buffer.from([0x15, 3, 3, 0, 2, 2, 40]))),
  'settings without end': flood('', Buffer.concat(Array(1000).fill(settings))),
  'pings without end': flood(settings, Buffer.concat(Array(1000).fill(frame(6, 0, 0, Buffer.alloc(8))))),
  'a continued header without end': flood(
    Buffer.concat([settings, frame(1, 0, 1, Buffer.alloc(0))]),
    Buffer.concat(Array(4).fill(frame(9, 0, 1, Buffer.alloc(16_000)))),
  ),
  // Of no response, and it breaks off in a field: what a decoder keeps of such a one it may never give back.
  'headers of no response without end': flood(
    settings,
    Buffer.concat(Array(1000).fill(frame(1, 5, 1, Buffer.from([0x5f, 1, 0x61])))),
  ),
  'a header that names itself again and again': flood(
    settings,
    frame(
      1,
      5,
      1,
      Buffer.concat([
        Buffer.from([0x88, 0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]),
        Buffer.alloc(4000, 0x62),
        Buffer.alloc(10_000, 0xbe),
      ]),
    ),
  ),
  'nothing in DATA without end': flood(
    Buffer.concat([settings, frame(1, 4, 1, Buffer.from([0x88]))]),
    Buffer.concat(Array(1000).fill(frame(0, 0, 1, Buffer.alloc(0)))),
  ),
  'greetings without end': flood('', '220-more\r\n'.repeat(5_000)),
  'a greeting a byte at a time': drip('220-', '2'),
  'a greeting a line at a time': drip('', '220-more\r\n'),
  'silent after its greeting': (socket) => socket.write('220 hello\r\n'),
  'an answer to HELO without end': greets(flood('', '250-more\r\n'.repeat(5_000))),
  'an answer to HELO a line at a time': greets(drip('', '250-more\r\n')),
  'noise after its greeting': greets(flood('', `${'\0'.repeat(8_000)}\n`)),
  'resets after its greeting': greets((socket) => socket.resetAndDestroy()),
}

const overTls = {
  'silent after the handshake': silent,
  'resets after the handshake': (socket) => socket.once('data', () => socket.destroy()),
  'a header without end over TLS': after(flood(ok, filler)),
  'a body of 10 GiB over TLS': after(flood(tenGiB, body)),
  'a body a byte at a time over TLS': after(drip(`${ok}\r\n`, 'x')),
  'a compressed bomb over TLS': after(say(bomb)),
}

const wantsCertificate = createTlsServer({ ...identity, requestCert: true, ALPNProtocols: ['h2', 'http/1.1'] })

const head = { ':status': 200 }
const streams = {
  'a stream that says nothing': silent,
  'a stream that is reset': (stream) => stream.close(8),
  'a connection that is given up': (stream) => stream.session?.goaway(11),
  'a stream without end': (stream) => {
    stream.respond(head)
    flood('', Buffer.alloc(65_536))(stream)
  },
  'a stream a byte at a time': (stream) => {
    stream.respond(head)
    drip('', 'x')(stream)
  },
}

/** The query as an answer without an error, with what `change` makes of it. */
const dns =
  (change) =>
  (socket, query, { port, address: to }) => {
    const answer = Buffer.from(query)
    answer.writeUInt16BE(0x8180, 2)
    socket.send(change(answer) ?? answer, port, to)
  }
/** In a message, the name that begins at `at` is to be read there: a pointer of RFC 1035 §4.1.4 to itself. */
const selfNamed = (at) => Buffer.from([0xc0, at])

const datagrams = {
  'no datagram': () => {},
  'the question back, a thousand times': (socket, message, { port, address: to }) => {
    for (let i = 0; i < 1_000; i++) socket.send(message, port, to)
  },
  'an answer to another id': dns((answer) => void answer.writeUInt8(answer[0] ^ 1, 0)),
  'an answer to a question that names itself': dns((answer) =>
    Buffer.concat([answer.subarray(0, 12), selfNamed(12), Buffer.from([0, 1, 0, 1])]),
  ),
  'an answer that is cut within its question': dns((answer) => answer.subarray(0, 15)),
  'an answer whose records name themselves': dns((answer) => {
    answer.writeUInt16BE(1, 6)
    return Buffer.concat([answer, selfNamed(answer.length), Buffer.from([0, 1, 0, 1, 0, 0, 0, 0, 0, 0])])
  }),
  'an answer that counts more records than it has': dns((answer) => void answer.writeUInt16BE(0xffff, 6)),
  'datagrams of 64 KB': (socket, _, { port, address: to }) => {
    for (let i = 0; i < 20; i++) socket.send(Buffer.alloc(65_000, 0xee), port, to)
  },
}

const ports = {}
let last = 2000
const listen = (name, server) => {
  ports[name] = ++last
  return new Promise((resolve) => server.listen(last, address, resolve))
}
/** Errors of these connections are what they are for. */
const quiet = (handler) => (stream) => {
  stream.on('error', () => {})
  handler(stream)
}
const http2 = (server, handler) => {
  server.on('session', (session) => session.on('error', () => {}))
  server.on('sessionError', () => {})
  server.on('stream', quiet(handler))
  return server
}

await Promise.all([
  ...Object.entries(bytes).map(([name, handler]) => listen(name, createServer(quiet(handler)))),
  ...Object.entries(overTls).map(([name, handler]) =>
    listen(
      name,
      createTlsServer(identity, quiet(handler)).on('tlsClientError', () => {}),
    ),
  ),
  listen(
    'a server that wants a certificate',
    wantsCertificate.on('tlsClientError', () => {}),
  ),
  ...Object.entries(streams).flatMap(([name, handler]) => [
    listen(name, http2(createHttp2Server(), handler)),
    listen(`${name} over TLS`, http2(createSecureHttp2Server(identity), handler)),
  ]),
  ...Object.entries(datagrams).map(
    ([name, handler]) =>
      new Promise((resolve) => {
        ports[name] = ++last
        const socket = createSocket('udp4')
        socket.on('message', (message, from) => handler(socket, message, from))
        socket.bind(last, address, resolve)
      }),
  ),
])
process.stdout.write(`${JSON.stringify(ports)}\n`)
process.stdin.on('end', () => process.exit(0)).resume()
