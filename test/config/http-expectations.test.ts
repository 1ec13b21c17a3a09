/** What a url asks of the answer beyond status and digest, and the checkers of ours, read and complained about. */
import { describe, expect, test } from 'vitest'
import { loadConfiguration, showConfiguration } from '../../src/config/index.ts'
import type { Checker, HttpChecker } from '../../src/model/index.ts'
import { patternFault } from '../../src/sys/pattern/index.ts'
import { load, MAIN, memoryFiles, server, told } from './files.ts'

const checker = (block: string, service = ''): { value: Checker | undefined; told: string } => {
  const { value, told } = server(service, block)
  return { value: value.realServers[0]?.checkers[0], told: told.join('\n') }
}
const url = (lines: string) => {
  const { value, told } = checker(`HTTP_GET {\nurl {\npath /\n${lines}\n}\n}`)
  return { value: (value as HttpChecker | undefined)?.requests[0], told }
}

describe('regex', () => {
  const patterns: readonly (readonly [written: string, source: string])[] = [
    ['plain', 'plain'],
    ['"two words"', 'two words'],
    ["'single quotes'", 'single quotes'],
    ['"a{2,3} # no comment"', 'a{2,3} # no comment'],
    ['"\\\\d+\\x41\\t"', '\\d+A\t'],
    ['"say \\"yes\\""', 'say "yes"'],
  ]
  for (const [written, source] of patterns)
    test(`${written} is one argument, whose escapes are read`, () => {
      const { value, told } = url(`regex ${written}`)
      expect(told).toBe('')
      expect(value?.pattern).toEqual({ source, options: [] })
    })
  test('its options, offsets and stack', () => {
    const { value, told } = url(
      'regex x\nregex_options caseless dotall\nregex_no_match\nregex_min_offset 5\nregex_max_offset 9\nregex_stack 1 2',
    )
    expect(told).toMatch(/patterns are matched without a stack of their own/)
    expect(value?.pattern).toEqual({
      source: 'x',
      options: ['caseless', 'dotall'],
      forbidden: true,
      minOffset: 5,
      maxOffset: 9,
    })
  })
  const complaints: readonly (readonly [lines: string, said: RegExp])[] = [
    ['regex two words', /regex has 2 arguments and not one; the server counts as down until it is corrected/],
    [
      'regex_no_match',
      /there is no regex that this belongs to; the check goes on without it, weaker than it is written/,
    ],
    ['digest 12', /digest 12 is not an MD5 sum; the check goes on without it, weaker than it is written/],
    ['status_code 999', /not a code or range from 100 to 599; what is accepted without the line is/],
    ['regex x\nregex_options nonsense', /regex_options nonsense is no option/],
    ['regex x\nregex_min_offset 5\nregex_max_offset 5', /regex_max_offset 5 is not above regex_min_offset/],
  ]
  for (const [lines, said] of complaints)
    test(`with a complaint: ${lines.replaceAll('\n', ' ')}`, () => {
      expect(url(lines).told).toMatch(said)
    })
  test('that PCRE2 does not understand is said where it can be asked', () => {
    const text =
      'virtual_server 192.0.2.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind NAT\nreal_server 192.0.2.2 80 {\nHTTP_GET {\nurl {\npath /\nregex a(b\n}\n}\n}\n}\n'
    expect(told(load(text))).toEqual([])
    expect(told(load(text, {}, { patternFault }))).toEqual([
      '9:1 error value: regex is no pattern of PCRE2 (missing closing parenthesis at offset 3); the server counts as down until it is corrected',
    ])
  })
})

describe('expect_header and expect_json', () => {
  test('any number of them', () => {
    const { value, told } = url(
      `expect_header X-Role primary\nexpect_header ETag\nexpect_json .checks[0].state "all good"\nexpect_json ['a.b'][1]\nexpect_json .`,
    )
    expect(told).toBe('')
    expect(value).toMatchObject({
      headers: [{ name: 'X-Role', value: 'primary' }, { name: 'ETag' }],
      json: [{ path: ['checks', 0, 'state'], value: 'all good' }, { path: ['a.b', 1] }, { path: [] }],
    })
  })
  for (const [lines, said] of [
    ['expect_header a:b', /expect_header a:b is no name of a field/],
    ['expect_header', /expect_header needs the name of a field/],
    ['expect_json status', /expect_json status is no path/],
    ['expect_json .a[x]', /is no path/],
    ['expect_json .a..b', /is no path/],
  ] as const)
    test(`with a complaint: ${lines}`, () => {
      const found = checker(`HTTP_GET {\nurl {\npath /\n${lines}\n}\n}`)
      expect(found.told).toMatch(said)
      // A check without it would be weaker than it was meant.
      expect(found.told).toMatch(/; the server counts as down until it is corrected$/)
      expect((found.value as HttpChecker).fault).toMatch(said)
    })
})

describe('what cannot be as strict as it is written', () => {
  const checkers = `SSL_GET {
tls_verify maybe
tls_versions 1.9
tls_pin ${'ab'.repeat(32)} zz
tls_hostname
url {
path /
expect_json $.a[ ok
expect_header "a b"
expect_header X-A b
}
}
GRPC_CHECK {
tls maybe
}
GRPC_CHECK {
service
}
`
  const conf = `virtual_server 192.0.2.1 80 {\nprotocol TCP\nreal_server 192.0.2.2 80 {\n${checkers}}\n}\n`
  const loaded = (text: string, path: string) =>
    loadConfiguration(memoryFiles({ [path]: text }), path, { configId: 'a', hostName: 'a' })
  const faults = (text: string, path: string) =>
    loaded(text, path).configuration?.virtualServers[0]?.realServers[0]?.checkers.map((one) =>
      'fault' in one ? one.fault : undefined,
    )
  const found = faults(conf, MAIN)

  test('is down by each of its checkers', () => {
    expect(found).toHaveLength(3)
    for (const fault of found ?? []) expect(fault).toBeTypeOf('string')
  })

  for (const format of ['conf', 'yaml', 'json'] as const)
    test(`is printed with its lines as ${format}, which read back to no weaker check`, () => {
      const files = memoryFiles({ [MAIN]: conf })
      const shown = showConfiguration(files, MAIN, { configId: 'a', hostName: 'a' }, { format, secrets: 'shown' })
      const path = format === 'conf' ? MAIN : `/etc/keepalived/keepalived.${format}`
      const again = faults(shown.text ?? '', path)
      expect(again?.map((fault) => typeof fault)).toEqual(['string', 'string', 'string'])
      expect(loaded(shown.text ?? '', path).configuration?.virtualServers).toEqual(
        loaded(conf, MAIN).configuration?.virtualServers,
      )
    })

  for (const value of ['maybe', '{ a: b }', '[ [ on ] ]', '"on {"', '[ maybe, on ]'])
    test(`tls_verify: ${value} in YAML: down, or verified`, () => {
      const yaml = `virtual_server:\n  192.0.2.1 80:\n    protocol: TCP\n    real_server:\n      192.0.2.2 80:\n        SSL_GET:\n          tls_verify: ${value}\n          url: { path: / }\n`
      const [one] = loaded(yaml, '/k.yaml').configuration?.virtualServers[0]?.realServers[0]?.checkers ?? []
      const { fault, tls } = one as HttpChecker
      expect(fault !== undefined || tls?.verify === true).toBe(true)
    })
})

describe('HTTP2_GET', () => {
  test('speaks TLS and sends the host as server name, unless told otherwise', () => {
    const block = (lines: string) => `HTTP2_GET {\n${lines}\nurl {\npath /\nvirtualhost a\n}\n}`
    expect(checker(block(''))).toMatchObject({
      told: '',
      value: { kind: 'http', httpVersion: '2', tls: {}, requests: [{ virtualHost: 'a', serverName: 'a' }] },
    })
    const quiet = checker(block('enable_sni off')).value as HttpChecker
    expect(quiet.requests[0]).not.toHaveProperty('serverName')
    const plain = checker(block('tls off')).value as HttpChecker
    expect(plain).not.toHaveProperty('tls')
    expect(plain.requests[0]).not.toHaveProperty('serverName')
  })
  test('has no version to choose', () => {
    expect(checker('HTTP2_GET {\nhttp_protocol 1.1\nurl {\npath /\n}\n}').told).toMatch(/unknown keyword http_protocol/)
  })
})

describe('GRPC_CHECK', () => {
  test('with the least written asks for the whole server, without TLS', () => {
    expect(checker('GRPC_CHECK {\n}')).toMatchObject({
      told: '',
      value: { kind: 'grpc', service: '', target: { port: 80 } },
    })
  })
  test('with all of it', () => {
    const { value, told } = checker(
      'GRPC_CHECK {\nservice shop.Cart\ntls\ntls_verify\nconnect_port 50051\nretry 2\n}',
      'virtualhost shop.example',
    )
    expect(told).toBe('')
    expect(value).toMatchObject({
      service: 'shop.Cart',
      virtualHost: 'shop.example',
      tls: { verify: true },
      target: { port: 50051 },
      timing: { retry: 2 },
    })
  })
})
