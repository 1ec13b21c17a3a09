import { expect, test } from 'vitest'
import { fail, ok } from '../../../src/base/index.ts'
import { judgeDns, judgePing, judgeReply, judgeUdp, meaningOf } from '../../../src/proto/probe/index.ts'

const came = ok(undefined)
const silence = fail({ phase: 'receive', reason: 'timeout', message: 'no answer within 5 s' } as const)
const refused = fail({ phase: 'receive', reason: 'refused', message: 'nobody listens on the port (ICMP)' } as const)

const dns: readonly [claim: string, outcome: ReturnType<typeof judgeDns>, expected: object][] = [
  [
    'any answer without an error',
    judgeDns(came, { code: 0, answers: 0 }, 0),
    { reason: 'accepted', detail: 'answered with 0 records' },
  ],
  ['one record', judgeDns(came, { code: 0, answers: 1 }, 3), { reason: 'accepted', detail: 'answered with 1 record' }],
  [
    'an error',
    judgeDns(came, { code: 3, answers: 0 }, 0),
    { reason: 'bad-status', detail: 'expected NOERROR, got NXDOMAIN' },
  ],
  ['an error without a name', judgeDns(came, { code: 15, answers: 0 }, 0), { detail: 'expected NOERROR, got code 15' }],
  ['silence', judgeDns(silence, undefined, 0), { reason: 'response-timeout', detail: 'no answer within 5 s' }],
  [
    'what answers something else',
    judgeDns(silence, undefined, 2),
    { reason: 'response-timeout', detail: 'no answer within 5 s, but 2 datagrams that were no answer to the query' },
  ],
  ['a closed port', judgeDns(refused, undefined, 0), { reason: 'connection-refused' }],
]
for (const [claim, outcome, expected] of dns) test(`DNS_CHECK: ${claim}`, () => expect(outcome).toMatchObject(expected))

test('PING_CHECK: the echo comes back, or does not', () => {
  expect(meaningOf(judgePing(came).reason)).toBe('success')
  expect(judgePing(silence)).toEqual({ reason: 'response-timeout', detail: 'no answer within 5 s' })
})

const bytes = (text: string) => Buffer.from(text, 'hex')
const any = { minLength: 0, maxLength: 255 }
const replies: readonly [claim: string, reply: Parameters<typeof judgeReply>[0], datagram: Buffer, reason: string][] = [
  ['anything where there is no pattern', any, bytes(''), 'accepted'],
  [
    'its length is not looked at without a pattern (keepalived)',
    { minLength: 5, maxLength: 6 },
    bytes('01'),
    'accepted',
  ],
  ['what begins as required', { ...any, pattern: '0102' }, bytes('010203'), 'accepted'],
  ['what does not', { ...any, pattern: '0103' }, bytes('010203'), 'bad-reply'],
  ['x stands for any digit', { ...any, pattern: 'x1x2xx' }, bytes('a1b2c3'), 'accepted'],
  ['and for that digit only', { ...any, pattern: 'x1' }, bytes('a2'), 'bad-reply'],
  ['a reply that ends within the pattern (keepalived)', { ...any, pattern: '010203' }, bytes('01'), 'accepted'],
  ['unless that is too short', { pattern: '010203', minLength: 3, maxLength: 9 }, bytes('01'), 'bad-reply'],
  ['one that is too long', { pattern: '01', minLength: 0, maxLength: 2 }, bytes('010101'), 'bad-reply'],
]
for (const [claim, reply, datagram, reason] of replies)
  test(`UDP_CHECK require_reply: ${claim}`, () => {
    const outcome = judgeReply(reply, datagram)
    expect(outcome.reason).toBe(reason)
    expect(judgeUdp({ reply }, came, outcome)).toBe(outcome)
  })

test('UDP_CHECK: without require_reply only a refusal is a failure', () => {
  expect(judgeUdp({}, silence, undefined)).toEqual({ reason: 'accepted', detail: 'the port was not refused' })
  expect(judgeUdp({}, came, undefined).reason).toBe('accepted')
  expect(judgeUdp({}, refused, undefined).reason).toBe('connection-refused')
  expect(judgeUdp({ reply: any }, silence, undefined).reason).toBe('response-timeout')
})
