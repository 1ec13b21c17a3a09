/** SSL_GET and the SSL block, read and printed. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
import type { HttpChecker } from '../../src/model/index.ts'
import { configurationFiles } from '../../src/sys/files/index.ts'
import { load, server, told } from './files.ts'

const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const key = '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n'
const files = { '/etc/tls/ca.pem': certificate, '/etc/tls/own.pem': certificate, '/etc/tls/own.key': key }

const checker = (lines: string, real = '', service = '') => {
  const { value, told } = server(service, `SSL_GET {\n${lines}\n}\n${real}`)
  return { value: value.realServers[0]?.checkers[0] as HttpChecker | undefined, told }
}
const PAGE = 'url {\npath /\n}'

test('SSL_GET with the least written asks nothing of TLS, as keepalived', () => {
  const { value, told } = checker(PAGE, '', 'virtualhost www.example')
  expect(told).toEqual([])
  expect(value).toMatchObject({ kind: 'http', tls: {}, httpVersion: '1.0' })
  expect(value?.requests).toEqual([{ path: '/', virtualHost: 'www.example', statusCodes: [{ from: 200, to: 299 }] }])
})

const names: readonly (readonly [
  claim: string,
  lines: string,
  real: string,
  service: string,
  name: string | undefined,
])[] = [
  ['sni_name', 'sni_name a\nvirtualhost b', 'virtualhost c', 'virtualhost d', 'a'],
  ["the checker's virtualhost", 'enable_sni\nvirtualhost b', 'virtualhost c', 'virtualhost d', 'b'],
  ["the real server's virtualhost, unlike keepalived", 'enable_sni on', 'virtualhost c', 'virtualhost d', 'c'],
  ["the service's virtualhost", 'sni_name', '', 'virtualhost d', 'd'],
  ['none without a virtualhost', 'enable_sni', '', '', undefined],
  ['none where it is off', 'enable_sni off\nvirtualhost b', '', '', undefined],
]
for (const [claim, lines, real, service, name] of names)
  test(`the server name is ${claim}`, () => {
    const { value, told } = checker(`${lines}\n${PAGE}`, real, service)
    expect(told).toEqual([])
    expect(value?.requests[0]?.serverName).toBe(name)
  })

test("a url's virtualhost is its own server name", () => {
  const { value } = checker(`enable_sni\nvirtualhost a\n${PAGE}\nurl {\npath /b\nvirtualhost b\n}`)
  expect(value?.requests.map(({ serverName }) => serverName)).toEqual(['a', 'b'])
})

test('tls_compliant stands for all urls, and each may say otherwise', () => {
  const { value } = checker(`tls_compliant\n${PAGE}\nurl {\npath /b\ntls_compliant off\n}`)
  expect(value?.requests.map(({ closeNotify }) => closeNotify)).toEqual([true, undefined])
})

test('the words of ours', () => {
  const pin = 'ab'.repeat(32)
  const base64 = Buffer.from(pin, 'hex').toString('base64')
  const lines = `tls_versions 1.2-1.3\ntls_alpn http/1.1\ntls_hostname www.example\ntls_pin ${pin} sha256//${base64}`
  const { value, told } = checker(`${lines}\n${PAGE}`)
  expect(told).toEqual([])
  expect(value?.tls).toEqual({
    minVersion: '1.2',
    maxVersion: '1.3',
    alpn: ['http/1.1'],
    verify: true,
    hostName: 'www.example',
    pins: [pin, pin],
  })
})

const complaints: readonly (readonly [lines: string, said: RegExp])[] = [
  ['tls_versions 1.4', /tls_versions 1.4 is not a version from 1.0 to 1.3/],
  ['tls_versions 1.3-1.2', /nor a range of them/],
  ['tls_pin abc', /tls_pin abc is not a SHA-256/],
  ['tls_alpn', /tls_alpn needs the name of a protocol/],
  ['tls_alpn h2 ""', /tls_alpn "" is no name of a protocol/],
  [`tls_alpn ${'a'.repeat(256)}`, /is no name of a protocol/],
]
for (const [lines, said] of complaints)
  test(`SSL_GET, with a complaint: ${lines}`, () => {
    expect(checker(`${lines}\n${PAGE}`).told.join('\n')).toMatch(said)
  })

const weaker: readonly (readonly [line: string, fault: string])[] = [
  ['tls_pin abc', 'tls_pin abc is not a SHA-256'],
  [`tls_pin ${'ab'.repeat(32)} abc`, 'tls_pin abc is not a SHA-256'],
  ['tls_pin', 'tls_pin needs the SHA-256 of a public key'],
  ['tls_verify maybe', 'tls_verify maybe is neither true, on, yes nor false, off, no'],
  ['tls_hostname', 'tls_hostname needs a host name'],
  ['tls_versions 1.4', 'tls_versions 1.4 is not a version from 1.0 to 1.3, nor a range of them'],
  ['tls_alpn ""', 'tls_alpn "" is no name of a protocol'],
]
for (const [line, fault] of weaker)
  test(`what cannot be as strict as it is written fails: ${line}`, () => {
    const { value, told } = checker(`${line}\n${PAGE}`)
    expect(value?.fault).toBe(fault)
    expect(told.join('\n')).toContain(`${fault}; the server counts as down until it is corrected`)
    if (line.startsWith('tls_alpn')) return
    const grpc = server('', `GRPC_CHECK {\ntls\n${line}\n}`).value.realServers[0]?.checkers[0]
    expect(grpc).toHaveProperty('fault', fault)
  })

const plain = [
  ['tls off first', (line: string) => `HTTP2_GET {\ntls off\n${line}\n${PAGE}\n}`],
  ['tls off last', (line: string) => `HTTP2_GET {\n${line}\n${PAGE}\ntls off\n}`],
  ['a GRPC_CHECK without tls', (line: string) => `GRPC_CHECK {\n${line}\n}`],
] as const
for (const [what, block] of plain)
  test(`without TLS a wrong word of it is told and takes no server out: ${what}`, () => {
    for (const [line, fault] of weaker.filter(([words]) => !words.startsWith('tls_alpn'))) {
      const { value, told } = server('', block(line))
      expect(value.realServers[0]?.checkers[0]).not.toHaveProperty('fault')
      expect(told.join('\n')).toContain(`${fault}; the line has no effect, as tls is off`)
      expect(told.join('\n')).not.toContain('counts as down')
    }
  })

test('words of TLS are unknown in HTTP_GET', () => {
  expect(server('', `HTTP_GET {\ntls_verify\n${PAGE}\n}`).told.join('\n')).toMatch(
    /unknown keyword tls_verify in HTTP_GET/,
  )
})

describe('SSL', () => {
  const all = 'SSL {\nca /etc/tls/ca.pem\ncertificate /etc/tls/own.pem\nkey /etc/tls/own.key\npassword sesame\n}\n'
  test('its files are read with the configuration', () => {
    const loaded = load(all, files)
    expect(told(loaded)).toEqual([])
    expect(loaded.model.global.tlsClient).toEqual({
      ca: { path: '/etc/tls/ca.pem', pem: certificate },
      certificate: { path: '/etc/tls/own.pem', pem: certificate },
      key: { path: '/etc/tls/own.key', pem: key },
      password: 'sesame',
    })
  })
  test('it is printed without its secrets, and with them it reads back', () => {
    const { model } = load(all, files)
    const open = print(model)
    for (const secret of ['sesame', 'AAAA']) expect(open).not.toContain(secret)
    expect(open).toContain('    key /etc/tls/own.key\n    password ********\n')
    expect(load(print(model, { secrets: 'shown' }), files).model).toEqual(model)
  })
  const bad: readonly (readonly [lines: string, said: RegExp, kept: object | undefined])[] = [
    [
      'ca /none',
      /ca \/none cannot be read \(ENOENT\); no server passes tls_verify$/,
      { ca: { path: '/none', pem: '' } },
    ],
    [
      'ca ca.pem',
      /ca ca.pem is not an absolute path; no server passes tls_verify$/,
      { ca: { path: 'ca.pem', pem: '' } },
    ],
    [
      'ca /etc/tls/own.key',
      /ca \/etc\/tls\/own.key holds no certificate in PEM; no server passes tls_verify$/,
      { ca: { path: '/etc/tls/own.key', pem: '' } },
    ],
    ['key /etc/tls/own.key', /SSL has a key and no certificate that can be used/, undefined],
    [
      'certificate /etc/tls/own.pem\nca /etc/tls/ca.pem',
      /SSL has a certificate and no key/,
      { ca: { path: '/etc/tls/ca.pem', pem: certificate } },
    ],
  ]
  for (const [lines, said, kept] of bad)
    test(`with a complaint: ${lines.replaceAll('\n', ' ')}`, () => {
      const loaded = load(`SSL {\n${lines}\n}\n`, files)
      expect(told(loaded).join('\n')).toMatch(said)
      if (kept === undefined) expect(loaded.model.global.tlsClient).toBeUndefined()
      else expect(loaded.model.global.tlsClient).toEqual(kept)
    })
})

describe('the key and the certificate of SSL, as OpenSSL has them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hf-tls-'))
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  const made: Record<string, string> = {}
  beforeAll(() => {
    for (const name of ['own', 'other'])
      openssl(
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`],
      )
    openssl('pkey', '-in', 'own.key', '-aes256', '-passout', 'pass:sesame', '-out', 'locked.key')
    for (const name of ['own.pem', 'own.key', 'other.key', 'locked.key'])
      made[`/tls/${name}`] = readFileSync(join(directory, name), 'utf8')
    made['/tls/broken.pem'] = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    rmSync(directory, { recursive: true })
  })
  const { tlsFault } = configurationFiles
  const ssl = (...lines: readonly string[]) => load(`SSL {\n${lines.join('\n')}\n}\n`, made, { tlsFault })
  const shown = (of: ReturnType<typeof ssl>) => Object.keys(of.model.global.tlsClient ?? {})

  test('a key that its password opens is used', () => {
    const loaded = ssl('certificate /tls/own.pem', 'key /tls/locked.key', 'password sesame')
    expect(told(loaded)).toEqual([])
    expect(shown(loaded)).toEqual(['certificate', 'key', 'password'])
  })
  for (const [claim, ...lines] of [
    ['a key that its password does not open', 'key /tls/locked.key', 'password sesam'],
    ['a key that needs a password', 'key /tls/locked.key'],
    ['the key of another certificate', 'key /tls/other.key'],
  ] as const)
    test(`${claim} is told of, and neither is shown to servers`, () => {
      const loaded = ssl('certificate /tls/own.pem', ...lines)
      expect(told(loaded).join('\n')).toMatch(
        /SSL: key \S+ and certificate \S+ cannot be used \(.+\); neither is shown/,
      )
      expect(shown(loaded)).not.toContain('key')
      expect(shown(loaded)).not.toContain('certificate')
    })
  test('an authority that is none is told of, and nobody else is trusted in its place', () => {
    const loaded = ssl('ca /tls/broken.pem')
    expect(told(loaded).join('\n')).toMatch(/SSL: ca \/tls\/broken.pem cannot be used/)
    expect(shown(loaded)).toEqual(['ca'])
  })
})
