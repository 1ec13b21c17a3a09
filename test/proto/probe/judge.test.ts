import { expect, test } from 'vitest'
import { address, fail, ok, seconds } from '../../../src/base/index.ts'
import type { HttpChecker, HttpRequestCheck } from '../../../src/model/index.ts'
import {
  httpRequest,
  judgeHttp,
  judgeTcp,
  meaningOf,
  readHttp,
  type TransportFailure,
  unread,
} from '../../../src/proto/probe/index.ts'

const read = (response: string) => readHttp(unread, Buffer.from(response, 'latin1')).reading
const any: HttpRequestCheck = { path: '/', statusCodes: [{ from: 200, to: 299 }] }
const HELLO = '5d41402abc4b2a76b9719d911017c592'
const broken = (phase: TransportFailure['phase'], reason: TransportFailure['reason']) =>
  fail({ phase, reason, message: 'as it was' })

test('TCP_CHECK: an established connection is a success', () => {
  expect(judgeTcp(ok(undefined)).reason).toBe('connected')
  expect(meaningOf('connected')).toBe('success')
})

const transport: readonly [TransportFailure['phase'], TransportFailure['reason'], string, string][] = [
  ['connect', 'refused', 'connection-refused', 'failure'],
  ['connect', 'timeout', 'connect-timeout', 'failure'],
  ['connect', 'unreachable', 'unreachable', 'failure'],
  ['connect', 'local', 'local-error', 'inconclusive'],
  ['connect', 'not-supported', 'not-supported', 'inconclusive'],
  ['send', 'reset', 'reset', 'failure'],
  ['receive', 'reset', 'reset', 'failure'],
  ['receive', 'timeout', 'response-timeout', 'failure'],
]
for (const [phase, reason, outcome, meaning] of transport)
  test(`a conversation that broke off (${phase}, ${reason}) is ${outcome}, a ${meaning}`, () => {
    const judged = judgeHttp(any, broken(phase, reason), unread, {})
    expect(judged).toEqual({ reason: outcome, detail: 'as it was' })
    expect(meaningOf(judged.reason)).toBe(meaning)
    expect(judgeTcp(broken(phase, reason))).toEqual(judged)
  })

const http: readonly [
  claim: string,
  check: Partial<HttpRequestCheck>,
  response: string,
  digest: string,
  outcome: object,
][] = [
  [
    'a status in the default range is accepted',
    {},
    'HTTP/1.1 204 x\r\n\r\n',
    '',
    { reason: 'accepted', detail: 'status 204 as expected' },
  ],
  [
    'a status outside it is not',
    {},
    'HTTP/1.1 503 x\r\n\r\n',
    '',
    { reason: 'bad-status', detail: 'expected status 200-299, got 503' },
  ],
  [
    'status_code replaces the default',
    {
      statusCodes: [
        { from: 401, to: 401 },
        { from: 500, to: 503 },
      ],
    },
    'HTTP/1.1 200 x\r\n\r\n',
    '',
    { reason: 'bad-status', detail: 'expected status 401, 500-503, got 200' },
  ],
  [
    'its ends are included',
    { statusCodes: [{ from: 500, to: 503 }] },
    'HTTP/1.1 503 x\r\n\r\n',
    '',
    { reason: 'accepted' },
  ],
  ['a redirect is not followed', {}, 'HTTP/1.1 302 x\r\nLocation: /\r\n\r\n', '', { reason: 'bad-status' }],
  [
    'the right digest is accepted',
    { digest: HELLO },
    'HTTP/1.1 200 x\r\n\r\nhello',
    HELLO,
    { reason: 'accepted', detail: 'status 200 and digest as expected' },
  ],
  [
    'another digest is not',
    { digest: HELLO },
    'HTTP/1.1 200 x\r\n\r\nhullo',
    'ff',
    { reason: 'digest-mismatch', detail: `expected digest ${HELLO}, got ff` },
  ],
  [
    'the status is judged before the digest',
    { digest: HELLO },
    'HTTP/1.1 500 x\r\n\r\nhullo',
    'ff',
    { reason: 'bad-status' },
  ],
  [
    'a wrong Content-Length is told but is no failure',
    {},
    'HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nhello',
    '',
    { reason: 'accepted', detail: 'status 200 as expected; content-length is 9, received were 5 bytes' },
  ],
  ['nothing at all is no response', {}, '', '', { reason: 'no-response' }],
  [
    'an end within the header is malformed',
    {},
    'HTTP/1.1 200 OK\r\nSer',
    '',
    {
      reason: 'malformed-response',
      detail: 'the response ends within its header, which begins "HTTP/1.1 200 OK..Ser"',
    },
  ],
  [
    'what does not speak HTTP is malformed, and quoted safely',
    {},
    '\x1b[2J\x00"\r\n\r\n',
    '',
    { reason: 'malformed-response', detail: 'expected an HTTP status line, got ".[2J.\\"...."' },
  ],
]
for (const [claim, check, response, digest, outcome] of http)
  test(`HTTP_GET: ${claim}`, () => {
    expect(judgeHttp({ ...any, ...check }, ok(undefined), read(response), { digest })).toMatchObject(outcome)
  })

test('HTTP_GET: a reset after a whole response is a failure, as with keepalived', () => {
  expect(judgeHttp(any, broken('receive', 'reset'), read('HTTP/1.1 200 x\r\n\r\n'), {}).reason).toBe('reset')
})

test('an answer that is all there is late while the connection stays open, as with keepalived, and the detail says why', () => {
  const whole = read('HTTP/1.1 200 x\r\nContent-Length: 5\r\n\r\nhello')
  const late = fail({ phase: 'receive', reason: 'timeout', message: 'the answer did not end within 5 s' } as const)
  expect(judgeHttp(any, late, whole, {})).toEqual({
    reason: 'response-timeout',
    detail: 'the answer did not end within 5 s: the server keeps the connection open',
  })
})

const checker = (target: string, httpVersion: HttpChecker['httpVersion']): HttpChecker => ({
  kind: 'http',
  timing: {
    delayLoop: seconds(1),
    retry: 1,
    delayBeforeRetry: seconds(1),
    warmup: seconds(0),
    alpha: false,
    logAllFailures: false,
  },
  target: { address: address(target), port: 8080, connectTimeout: seconds(5) },
  requests: [],
  httpVersion,
  fastRecovery: false,
})
const requests: readonly [
  claim: string,
  target: string,
  version: HttpChecker['httpVersion'],
  virtualHost: string | undefined,
  request: string,
][] = [
  [
    '1.0 by default',
    '192.0.2.1',
    '1.0',
    undefined,
    'GET /a?b HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 192.0.2.1:8080\r\n\r\n',
  ],
  [
    '1.0C adds Connection: close',
    '192.0.2.1',
    '1.0C',
    undefined,
    'GET /a?b HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: 192.0.2.1:8080\r\n\r\n',
  ],
  [
    '1.1 too',
    '192.0.2.1',
    '1.1',
    'www.example.com',
    'GET /a?b HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: www.example.com\r\n\r\n',
  ],
  [
    'an IPv6 host in brackets',
    '2001:db8::1',
    '1.0',
    undefined,
    'GET /a?b HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: [2001:db8::1]:8080\r\n\r\n',
  ],
]
for (const [claim, target, version, virtualHost, expected] of requests)
  test(`the request is keepalived's byte for byte: ${claim}`, () => {
    const check = { ...any, path: '/a?b', ...(virtualHost === undefined ? {} : { virtualHost }) }
    expect(Buffer.from(httpRequest(checker(target, version), check)).toString()).toBe(expected)
  })
