/** SSL_GET and the SSL block, read and printed. */
import { describe, expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
import type { HttpChecker } from '../../src/model/index.ts'
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
    ['ca /none', /ca \/none cannot be read \(ENOENT\)/, undefined],
    ['ca ca.pem', /ca ca.pem is not an absolute path/, undefined],
    ['ca /etc/tls/own.key', /ca \/etc\/tls\/own.key holds no certificate in PEM/, undefined],
    ['key /etc/tls/own.key', /SSL has a key and no certificate that can be used/, undefined],
    ['certificate /etc/tls/own.pem\nca /etc/tls/ca.pem', /SSL has a certificate and no key/, { ca: {} }],
  ]
  for (const [lines, said, kept] of bad)
    test(`with a complaint: ${lines.replaceAll('\n', ' ')}`, () => {
      const loaded = load(`SSL {\n${lines}\n}\n`, files)
      expect(told(loaded).join('\n')).toMatch(said)
      if (kept === undefined) expect(loaded.model.global.tlsClient).toBeUndefined()
      else expect(Object.keys(loaded.model.global.tlsClient ?? {})).toEqual(Object.keys(kept))
    })
})
