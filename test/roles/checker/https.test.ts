/** SSL_GET against a real nginx: versions, names, ALPN, client certificates, and what we demand of the server. */
import { execFileSync, spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { address, seconds } from '../../../src/base/index.ts'
import type { CheckTls, HttpChecker, HttpRequestCheck, TlsClient } from '../../../src/model/index.ts'
import { systemPorts } from '../../../src/roles/checker/index.ts'
import { timing } from './harness.ts'

const { probe } = systemPorts()
const never = new AbortController().signal
const directory = mkdtempSync(join(tmpdir(), 'hf-https-'))
const path = (name: string) => join(directory, name)
const text = (name: string) => readFileSync(path(name), 'utf8')
const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })

/** A key, and a certificate of `authority` or of its own. */
function certify(name: string, subject: string, more: readonly string[]): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`]
  openssl('req', '-x509', ...key, '-out', `${name}.pem`, '-subj', subject, '-days', '2', ...more)
}

/** Free ports: taken together and given back. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

let [modern, old, ancient, private_] = [0, 0, 0, 0]
let stop = async () => {}

beforeAll(async () => {
  certify('authority', '/CN=authority', ['-addext', 'basicConstraints=critical,CA:TRUE'])
  const signed = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-addext', 'basicConstraints=CA:FALSE']
  certify('www', '/CN=www.example', [...signed, '-addext', 'subjectAltName=DNS:www.example,IP:127.0.0.1'])
  certify('other', '/CN=other.example', [...signed, '-addext', 'subjectAltName=DNS:other.example'])
  certify('client', '/CN=director', signed)
  openssl('ec', '-in', 'client.key', '-aes128', '-passout', 'pass:sesame', '-out', 'locked.key')
  ;[modern, old, ancient, private_] = (await freePorts(4)) as [number, number, number, number]
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const keys = (name: string) => `ssl_certificate ${path(`${name}.pem`)}; ssl_certificate_key ${path(`${name}.key`)};`
  // A server may send more of a header than it is told to; Node takes it.
  const large = `location /large { ${`add_header X-Large ${'x'.repeat(2000)};`.repeat(10)} return 200; }`
  const page = 'location / { return 200 "$ssl_server_name $ssl_protocol $ssl_alpn_protocol $ssl_client_s_dn\\n"; }'
  writeFileSync(
    path('nginx.conf'),
    `daemon off; worker_processes 1; pid ${path('pid')}; error_log ${path('error.log')};
    events { worker_connections 64; }
    http {
      access_log off; ${temporary.map((name) => `${name}_temp_path ${path(name)};`).join(' ')}
      server { listen 127.0.0.1:${modern} ssl http2 default_server; ssl_protocols TLSv1.3; ${keys('www')} ${large} ${page} }
      server { listen 127.0.0.1:${modern} ssl http2; server_name other.example; ${keys('other')} ${page} }
      server { listen 127.0.0.1:${old} ssl; ssl_protocols TLSv1.2; ${keys('www')} ${page} }
      server { listen 127.0.0.1:${ancient} ssl; ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;
        ${keys('www')} ${page} }
      server { listen 127.0.0.1:${private_} ssl; ${keys('www')} ssl_verify_client on;
        ssl_client_certificate ${path('authority.pem')}; ${page} }
    }`,
  )
  const nginx = spawn('nginx', ['-c', path('nginx.conf'), '-e', 'stderr', '-g', 'user root;'], { stdio: 'ignore' })
  const ended = once(nginx, 'exit')
  stop = async () => {
    nginx.kill('SIGTERM')
    await ended
  }
  for (let i = 0; i < 200; i++) {
    if ((await ask(old)).reason === 'accepted') return
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 25)), ended])
  }
  throw new Error('nginx does not answer')
})
afterAll(async () => {
  await stop()
  rmSync(directory, { recursive: true })
})

type Asked = CheckTls & {
  readonly request?: Partial<HttpRequestCheck>
  readonly client?: TlsClient
  readonly httpVersion?: HttpChecker['httpVersion']
}

const ask = (port: number, { request, client, httpVersion = '1.0', ...tls }: Asked = {}) =>
  probe(
    {
      kind: 'http',
      timing,
      target: { address: address('127.0.0.1'), port, connectTimeout: seconds(5) },
      requests: [{ path: '/', statusCodes: [{ from: 200, to: 299 }], ...request }],
      httpVersion,
      tls,
      fastRecovery: false,
    },
    0,
    never,
    client,
  )

const digestOf = (page: string) => createHash('md5').update(page).digest('hex')
const pem = (name: string) => ({ path: path(name), pem: text(name) })
const pinOf = (name: string) =>
  createHash('sha256')
    .update(new X509Certificate(text(`${name}.pem`)).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
/** What the server saw of the handshake, by the page it made of it. */
const saw = (page: string) => ({ digest: digestOf(`${page}\n`) })

test('TLS 1.0 and 1.1 are spoken with whoever asks for them', async () => {
  expect(await ask(ancient, { minVersion: '1.0', maxVersion: '1.0', request: saw(' TLSv1  ') })).toMatchObject({
    reason: 'accepted',
  })
  expect(await ask(ancient, { minVersion: '1.1', request: saw(' TLSv1.1  ') })).toMatchObject({ reason: 'accepted' })
  expect(await ask(ancient)).toMatchObject({ reason: 'tls-failure' })
})

test('any version is spoken, and without enable_sni no name is sent', async () => {
  expect(await ask(modern, { request: saw(' TLSv1.3  ') })).toMatchObject({ reason: 'accepted' })
  expect(await ask(old, { request: saw(' TLSv1.2  ') })).toMatchObject({ reason: 'accepted' })
})
test('a certificate of nobody in particular is as good as any', async () => {
  expect(await ask(modern, { request: { virtualHost: 'nobody.example' } })).toMatchObject({ reason: 'accepted' })
})
test('enable_sni sends the name, without a port, and no address', async () => {
  const named = { virtualHost: 'other.example', ...saw('other.example TLSv1.3  ') }
  expect(await ask(modern, { request: { serverName: 'other.example:443', ...named } })).toMatchObject({
    reason: 'accepted',
  })
  expect(await ask(modern, { request: { serverName: '127.0.0.1', ...saw(' TLSv1.3  ') } })).toMatchObject({
    reason: 'accepted',
  })
})
test('tls_versions is kept to, and without a common version there is no handshake', async () => {
  expect(await ask(old, { minVersion: '1.3', maxVersion: '1.3' })).toMatchObject({ reason: 'tls-failure' })
  expect(await ask(modern, { minVersion: '1.2', maxVersion: '1.2' })).toMatchObject({ reason: 'tls-failure' })
  expect(await ask(modern, { minVersion: '1.2', maxVersion: '1.3' })).toMatchObject({ reason: 'accepted' })
})
test('tls_alpn offers protocols, of which the server takes one', async () => {
  expect(await ask(modern, { alpn: ['http/1.1'], request: saw(' TLSv1.3 http/1.1 ') })).toMatchObject({
    reason: 'accepted',
  })
  expect(await ask(modern, { alpn: ['nonsense'] })).toMatchObject({ reason: 'tls-failure' })
})

test('HTTP2_GET offers h2, and a server without it fails', async () => {
  const named = { serverName: 'other.example', virtualHost: 'other.example' }
  expect(await ask(modern, { httpVersion: '2', request: { ...named, ...saw('other.example TLSv1.3 h2 ') } })).toEqual({
    reason: 'accepted',
    detail: 'status 200 and digest as expected',
  })
  expect(await ask(old, { httpVersion: '2' })).toMatchObject({ reason: 'tls-failure' })
  expect(await ask(modern, { httpVersion: '2', verify: true, client: { ca: pem('authority.pem') } })).toMatchObject({
    reason: 'accepted',
  })
})

test('HTTP2_GET takes no header of more than 16 KiB', async () => {
  expect(await ask(modern, { httpVersion: '2', request: { path: '/large' } })).toEqual({
    reason: 'too-large',
    detail: 'the response header is longer than 16384 bytes',
  })
})

test('a server that wants a certificate gets that of SSL, whose key may be locked', async () => {
  const certificate = pem('client.pem')
  const shown = saw(' TLSv1.2  CN=director')
  expect(await ask(private_)).toMatchObject({ reason: 'bad-status', detail: 'expected status 200-299, got 400' })
  expect(await ask(private_, { client: { certificate, key: pem('client.key') }, request: shown })).toMatchObject({
    reason: 'accepted',
  })
  const locked = { certificate, key: pem('locked.key'), password: 'sesame' }
  expect(await ask(private_, { client: locked, request: shown })).toMatchObject({ reason: 'accepted' })
})
test('files of SSL that do not fit together are our own trouble, not the server’s', async () => {
  const locked = { certificate: pem('client.pem'), key: pem('locked.key'), password: 'wrong' }
  expect(await ask(private_, { client: locked })).toMatchObject({
    reason: 'local-error',
    detail: expect.stringMatching(/^the files of SSL cannot be used \(.+\)$/),
  })
  const mixed = { certificate: pem('client.pem'), key: pem('www.key') }
  expect(await ask(private_, { client: mixed })).toMatchObject({ reason: 'local-error' })
})

test('tls_verify: the authority of SSL ca, and the name, else the address', async () => {
  const client = { ca: pem('authority.pem') }
  expect(await ask(modern, { verify: true, client })).toMatchObject({ reason: 'accepted' })
  expect(await ask(modern, { verify: true, client, request: { virtualHost: 'www.example:443' } })).toMatchObject({
    reason: 'accepted',
  })
  expect(await ask(modern, { verify: true, client, hostName: 'elsewhere.example' })).toEqual({
    reason: 'bad-certificate',
    detail: 'the certificate is not for elsewhere.example',
  })
  const named = { serverName: 'other.example', virtualHost: 'other.example' }
  expect(await ask(modern, { verify: true, client, request: named })).toMatchObject({ reason: 'accepted' })
})
test('tls_verify: an authority nobody knows', async () => {
  for (const client of [undefined, { ca: pem('www.pem') }])
    expect(await ask(modern, { verify: true, ...(client === undefined ? {} : { client }) })).toMatchObject({
      reason: 'bad-certificate',
      detail: expect.stringMatching(/^the certificate is not trusted \(UNABLE_TO_/),
    })
})
test('tls_pin: the public key, whoever has signed it', async () => {
  expect(await ask(modern, { pins: [pinOf('other'), pinOf('www')] })).toMatchObject({ reason: 'accepted' })
  expect(await ask(modern, { pins: [pinOf('other')] })).toEqual({
    reason: 'bad-certificate',
    detail: `the public key of the certificate is sha256 ${pinOf('www')}, which no tls_pin has`,
  })
})

test('tls_compliant says goodbye, and without it the connection just closes', async () => {
  // In TLS 1.2 a record shows its type: 21 is an alert, and the only one here is close_notify.
  const types: number[][] = []
  const relay = createServer((near) => {
    const far = connect(old, '127.0.0.1')
    const seen: number[] = []
    let rest = Buffer.alloc(0)
    near.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 5 && rest.length >= 5 + rest.readUInt16BE(3)) {
        seen.push(rest[0] as number)
        rest = rest.subarray(5 + rest.readUInt16BE(3))
      }
    })
    near.once('close', () => {
      types.push(seen)
      far.destroy()
    })
    near.on('data', (chunk) => far.write(chunk))
    near.on('error', () => far.destroy())
    // The server has closed when the goodbye comes.
    far.on('error', () => {})
    far.pipe(near)
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const { port } = relay.address() as AddressInfo
  const heard = async (count: number) => {
    for (let i = 0; i < 500 && types.length < count; i++) await new Promise((resolve) => setTimeout(resolve, 10))
    return types[count - 1]?.filter((type) => type === 21).length
  }
  try {
    expect(await ask(port)).toMatchObject({ reason: 'accepted' })
    expect(await heard(1)).toBe(0)
    expect(await ask(port, { request: { closeNotify: true } })).toMatchObject({ reason: 'accepted' })
    expect(await heard(2)).toBe(1)
  } finally {
    relay.close()
  }
})
