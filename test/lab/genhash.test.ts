/**
 * `holdfast genhash` beside keepalived's: the same request on the wire, the same hash, the same words. On loopback, against
 * servers of this process that answer as they are told.
 */
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'

const HOLDFAST = resolve(import.meta.dirname, '../../bin/holdfast')
const open: Server[] = []

afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

type Said = { readonly code: number; readonly stdout: string; readonly stderr: string }

const run = (file: string, words: readonly string[]): Promise<Said> =>
  new Promise((done) => {
    execFile(file, [...words], { timeout: 20_000 }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
    )
  })

const reference = (words: readonly string[]) => run('genhash', words)
const ours = (words: readonly string[]) => run(HOLDFAST, ['genhash', ...words])

/** A server that answers every request with these bytes and ends; what it was asked comes with it. */
async function serve(answer: string | undefined): Promise<{ port: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      asked.push(bytes.toString('latin1'))
      if (answer !== undefined) socket.end(Buffer.from(answer, 'latin1'))
    })
  })
  return { port: await listen(server), asked }
}

async function listen(server: Server, host = '127.0.0.1'): Promise<string> {
  server.listen(0, host)
  await once(server, 'listening')
  open.push(server)
  return String((server.address() as AddressInfo).port)
}

const PAGE = `HTTP/1.1 200 OK\r\nServer: lab\r\n\r\nhello, \u0000\u007f\u00ff world of more than sixteen bytes`

describe('the same as keepalived’s genhash', () => {
  test.each([
    ['a page without a length', PAGE, []],
    ['a chunked page, hashed raw', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', []],
    ['a page longer than its length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello', []],
    ['a page without a body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', []],
    ['an error page', 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy', []],
    ['HTTP/1.1', PAGE, ['-P', '1.1']],
    ['Connection: close', PAGE, ['--protocol', '1.0c']],
    ['a virtual host', PAGE, ['-V', 'www.example.com']],
    ['verbose', PAGE, ['-v']],
  ])('%s', async (_, answer, more) => {
    const { port, asked } = await serve(answer)
    const words = ['-s', '127.0.0.1', '-p', port, '-u', '/some/page?q=1', ...more]
    const theirs = await reference(words)
    const mine = await ours(words)
    const timeless = (said: Said) => said.stdout.replace(/= \d+ usecs/, '= N usecs')
    expect(theirs.stdout).toMatch(/^[\da-f]{32}$/m)
    expect(timeless(mine)).toBe(timeless(theirs))
    expect(mine).toMatchObject({ code: 0, stderr: '' })
    expect(asked).toHaveLength(2)
    expect(asked[1]).toBe(asked[0])
  })

  test.each([
    [[]],
    [['-h']],
    [['-s', 'localhost', '-p', '80', '-u', '/']],
    [['-s', '127.0.0.1', '-p', '0', '-u', '/']],
    [['-s', '127.0.0.1', '-p', '65536', '-u', '/']],
    [['-s', '127.0.0.1', '-p', '80', '-u', '/', '-P', '2']],
    [['-s', '127.0.0.1', '-p', '80', '-u', '/', '-t', 'x']],
    [['-s', '127.0.0.1', '-p', '80', '-u', '/', '-m', 'x']],
    [['-s', '127.0.0.1', '-p', '80', '-u', '/', 'more']],
  ])('refuses %j in the same words', async (words) => {
    const [theirs, mine] = [await reference(words), await ours(words)]
    expect(mine.code).toBe(1)
    expect(mine.code).toBe(theirs.code)
    expect(mine.stderr.split('\n')[0]).toBe(theirs.stderr.split('\n')[0])
  })
})

describe('over TLS', () => {
  let pair: { key: Buffer; cert: Buffer }

  beforeAll(() => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-genhash-'))
    try {
      const files = ['-keyout', join(directory, 'key'), '-out', join(directory, 'cert')]
      const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=lab']
      execFileSync('openssl', ['req', ...kind, ...files], { stdio: 'ignore' })
      pair = { key: readFileSync(join(directory, 'key')), cert: readFileSync(join(directory, 'cert')) }
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test.each([
    ['without a name', [], false],
    ['with a virtual host that is not told', ['-V', 'www.example.com'], false],
    ['with a virtual host that is told', ['-I', '-V', 'www.example.com'], 'www.example.com'],
  ])('%s', async (_, more, name) => {
    const names: unknown[] = []
    const server = createTlsServer(pair, (socket: TLSSocket) => {
      names.push(socket.servername)
      socket.on('error', () => {})
      socket.once('data', () => socket.end(PAGE, 'latin1'))
    })
    const words = ['-S', '-s', '127.0.0.1', '-p', await listen(server), '-u', '/', ...more]
    const theirs = await reference(words)
    const mine = await ours(words)
    expect(theirs.stdout).toMatch(/^[\da-f]{32}\n$/)
    expect(mine).toEqual({ code: 0, stdout: theirs.stdout, stderr: '' })
    expect(names).toEqual([name, name])
  })

  test('what does not speak it is named', async () => {
    const { port } = await serve(PAGE)
    const mine = await ours(['-S', '-s', '127.0.0.1', '-p', port, '-u', '/'])
    expect(mine).toMatchObject({ code: 2, stdout: '' })
    expect(mine.stderr).toMatch(/^the TLS handshake failed \(.+\) \(127\.0\.0\.1 port \d+\)\n$/)
  })

  test('a handshake that never ends is ended', async () => {
    const { port } = await serve(undefined)
    const mine = await ours(['-S', '-s', '127.0.0.1', '-p', port, '-u', '/', '-t', '1'])
    expect(mine.stderr).toBe(`no TLS handshake within 1 s (127.0.0.1 port ${port})\n`)
    expect(mine.code).toBe(2)
  })
})

describe('without a hash it ends with 2, where keepalived’s ends with 0', () => {
  test.each([
    ['silence', undefined, /^no answer within 1 s \(127/],
    ['no HTTP', 'garbage', /^no data received/],
    ['a header that is no header', 'garbage\r\n\r\n', /^expected an HTTP status line, got "garbage/],
    ['nothing at all', '', /^no data received/],
  ])('%s', async (_, answer, sentence) => {
    const { port } = await serve(answer)
    const mine = await ours(['-s', '127.0.0.1', '-p', port, '-u', '/', '-t', '1'])
    expect(mine).toMatchObject({ code: 2, stdout: '' })
    expect(mine.stderr).toMatch(sentence)
  })

  test('a closed port', async () => {
    const { port } = await serve('')
    for (const server of open.splice(0)) server.close()
    const mine = await ours(['-s', '127.0.0.1', '-p', port, '-u', '/'])
    expect(mine).toEqual({ code: 2, stdout: '', stderr: `connection refused (127.0.0.1 port ${port})\n` })
  })
})
