import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ok } from '../../../src/base/index.ts'
import type { HttpRequestCheck } from '../../../src/model/index.ts'
import { dechunk } from '../../../src/proto/probe/chunked.ts'
import { judgeHttp, readHttp, unread } from '../../../src/proto/probe/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const latin1OfUtf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

function judge(check: Partial<HttpRequestCheck>, response: string) {
  const { reading, hashed } = readHttp(unread, bytes(response))
  return judgeHttp({ path: '/', statusCodes: [{ from: 200, to: 299 }], ...check }, ok(undefined), reading, {
    body: hashed,
  })
}

describe('expect_header', () => {
  const response = 'HTTP/1.1 200 x\r\nX-Role: primary\r\nVia: a\r\nVia: b\r\n\r\n'
  const rows: readonly (readonly [claim: string, headers: HttpRequestCheck['headers'], outcome: object])[] = [
    ['a field in any case', [{ name: 'x-role' }], { reason: 'accepted', detail: 'status 200 and header as expected' }],
    ['its value', [{ name: 'X-Role', value: 'primary' }], { reason: 'accepted' }],
    ['one of several', [{ name: 'via', value: 'b' }], { reason: 'accepted' }],
    ['none', [{ name: 'X-Nothing' }], { reason: 'header-mismatch', detail: 'the response has no X-Nothing' }],
    [
      'another value',
      [{ name: 'via' }, { name: 'X-Role', value: 'Primary' }],
      { reason: 'header-mismatch', detail: 'expected X-Role: Primary, got primary' },
    ],
  ]
  for (const [claim, headers, outcome] of rows)
    test(claim, () => {
      expect(judge({ headers: headers ?? [] }, response)).toMatchObject(outcome)
    })
})

describe('expect_json', () => {
  const body = '{"status":"ok","up":true,"n":1.5,"none":null,"checks":[{"state":"good"}],"a b":{"__proto__":1}}'
  const plain = `HTTP/1.1 200 x\r\n\r\n${body}`
  const half = body.length >> 1
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
  const chunked = `${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n`
  const coded = 'HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n'
  const rows: readonly (readonly [path: (string | number)[], value: string | undefined, outcome: object])[] = [
    [['status'], 'ok', { reason: 'accepted', detail: 'status 200 and body as expected' }],
    [['up'], 'true', { reason: 'accepted' }],
    [['n'], '1.5', { reason: 'accepted' }],
    [['none'], 'null', { reason: 'accepted' }],
    [['checks', 0, 'state'], 'good', { reason: 'accepted' }],
    [['checks'], '[{"state":"good"}]', { reason: 'accepted' }],
    [['a b', '__proto__'], '1', { reason: 'accepted' }],
    [[], undefined, { reason: 'accepted' }],
    [['status'], 'bad', { reason: 'json-mismatch', detail: 'expected .status to be bad, got ok' }],
    [['checks', 1], undefined, { reason: 'json-mismatch', detail: 'the response body has no .checks[1]' }],
    [['a b', 'c'], undefined, { detail: "the response body has no ['a b'].c" }],
    [['toString'], undefined, { reason: 'json-mismatch' }],
    [['status', 'length'], undefined, { reason: 'json-mismatch' }],
  ]
  for (const [path, value, outcome] of rows)
    test(`${path.join('/')} ${value ?? ''}: ${JSON.stringify(outcome)}`, () => {
      const json = [{ path, ...(value === undefined ? {} : { value }) }]
      expect(judge({ json }, plain)).toMatchObject(outcome)
      expect(judge({ json }, coded + chunked)).toMatchObject(outcome)
    })

  const long = '{"id":9007199254740993,"s":"9007199254740993","far":1e400,"ids":[9007199254740993,{"s":"n5"}],"n":7}'
  for (const [path, value, got] of [
    [['id'], '9007199254740993', undefined],
    [['id'], '9007199254740992', '9007199254740993'],
    [['s'], '9007199254740993', undefined],
    [['far'], '1e400', undefined],
    [['far'], 'null', '1e400'],
    [['ids'], '[9007199254740993,{"s":"n5"}]', undefined],
    [['ids', 0], '9007199254740992', '9007199254740993'],
    [['ids', 1, 's'], 'n5', undefined],
    [['ids', 1, 's'], '5', 'n5'],
    [['n'], '7', undefined],
  ] as const)
    test(`digits beyond what a double holds count: ${path.join('/')} ${value}`, () => {
      expect(judge({ json: [{ path, value }] }, `HTTP/1.1 200 x\r\n\r\n${long}`)).toMatchObject(
        got === undefined
          ? { reason: 'accepted' }
          : { reason: 'json-mismatch', detail: expect.stringMatching(`to be .*, got ${got}$`) },
      )
    })
  test('what a body says is the same whether one of its numbers is long or not', () => {
    const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null))
    // Of names that are numbers the order would be another: JavaScript has them first.
    const names = fc.string({ unit: 'binary' }).filter((name) => !/^\d+$/.test(name))
    const any = fc.oneof(scalar, fc.array(scalar), fc.dictionary(names, fc.oneof(scalar, fc.array(scalar))))
    fc.assert(
      fc.property(any, (value) => {
        const short = JSON.stringify({ value })
        const withLong = `${short.slice(0, -1)},"long":12345678901234567}`
        const detail = (body: string) =>
          judge({ json: [{ path: ['value'], value: '?' }] }, `HTTP/1.1 200 x\r\n\r\n${latin1OfUtf8(body)}`).detail
        expect(detail(withLong)).toBe(detail(short))
      }),
      fuzzRuns(300),
    )
  })

  const json = [{ path: ['status'] }]
  const refused: readonly (readonly [claim: string, response: string, outcome: object])[] = [
    ['no JSON', 'HTTP/1.1 200 x\r\n\r\n<html>', { reason: 'json-mismatch', detail: 'the response body is no JSON' }],
    ['no UTF-8', 'HTTP/1.1 200 x\r\n\r\n"\xff"', { reason: 'json-mismatch' }],
    ['wrong chunking', `${coded}zz\r\n${body}`, { reason: 'malformed-response' }],
    ['a chunk that is longer than it says', `${coded}3\r\n{"a":1}\r\n0\r\n\r\n`, { reason: 'malformed-response' }],
    ['a chunk larger than anything', `${coded}ffffffff\r\n{}`, { reason: 'malformed-response' }],
    [
      'a body that is compressed',
      'HTTP/1.1 200 x\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b',
      { reason: 'malformed-response', detail: 'the response body is compressed (gzip), which was not asked for' },
    ],
  ]
  for (const [claim, response, outcome] of refused)
    test(claim, () => {
      expect(judge({ json }, response)).toMatchObject(outcome)
    })
  test('a body longer than what is read', () => {
    const { reading } = readHttp(unread, bytes(plain))
    expect(
      judgeHttp({ path: '/', statusCodes: [{ from: 200, to: 299 }], json }, ok(undefined), reading, {}),
    ).toMatchObject({ reason: 'too-large' })
  })
  test('arrays a hundred thousand deep do no harm', () => {
    expect(judge({ json }, `HTTP/1.1 200 x\r\n\r\n${'['.repeat(100_000)}`)).toMatchObject({ reason: 'json-mismatch' })
    const whole = `HTTP/1.1 200 x\r\n\r\n{"status":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect(judge({ json }, whole)).toMatchObject({ reason: 'accepted' })
    expect(judge({ json: [{ path: ['status'], value: 'ok' }] }, whole)).toEqual({
      reason: 'json-mismatch',
      detail: 'expected .status to be ok, got what is nested too deep',
    })
  })
})

test('no bytes make the chunk reader throw, and what it accepts is no longer than what it read', () => {
  const hostile = fc
    .array(fc.constantFrom('0', '5', 'a', 'f', '\r\n', '\r', '\n', ';x=y', ' ', 'hello', 'ffffffff'), { maxLength: 30 })
    .map((parts) => bytes(parts.join('')))
  fc.assert(
    fc.property(fc.oneof(hostile, fc.uint8Array({ maxLength: 100 })), (body) => {
      expect(dechunk(body)?.length ?? 0).toBeLessThanOrEqual(body.length)
    }),
    fuzzRuns(1000),
  )
})

describe('regex', () => {
  const check = { pattern: { source: 'x', options: [] } }
  const response = readHttp(unread, bytes('HTTP/1.1 200 x\r\n\r\n')).reading
  const found = (pattern: 'matched' | 'unmatched' | 'gave-up', forbidden?: true) =>
    judgeHttp(
      {
        path: '/',
        statusCodes: [{ from: 200, to: 299 }],
        pattern: { ...check.pattern, ...(forbidden ? { forbidden } : {}) },
      },
      ok(undefined),
      response,
      { pattern },
    )
  test('has to match, or with regex_no_match must not', () => {
    expect(found('matched')).toEqual({ reason: 'accepted', detail: 'status 200 and body as expected' })
    expect(found('unmatched')).toEqual({ reason: 'pattern-mismatch', detail: 'the body does not match the regex' })
    expect(found('matched', true)).toEqual({ reason: 'pattern-mismatch', detail: 'the body matches the regex' })
    expect(found('unmatched', true)).toMatchObject({ reason: 'accepted' })
  })
  test('that is given up on is a failure either way', () => {
    expect(found('gave-up')).toMatchObject({ reason: 'pattern-limit' })
    expect(found('gave-up', true)).toMatchObject({ reason: 'pattern-limit' })
  })
})
