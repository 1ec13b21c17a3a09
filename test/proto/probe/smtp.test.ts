import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fail, ok } from '../../../src/base/index.ts'
import { hearSmtp, judgeSmtp, MAX_REPLY, type SmtpTalk, smtpBegins } from '../../../src/proto/probe/index.ts'
import { fuzzRuns } from '../../fuzz-runs.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

/** The server says these one after the other; what it was told, and what came of it when it had nothing more to say. */
function talk(...said: readonly string[]) {
  let state: SmtpTalk = smtpBegins
  const told: string[] = []
  for (const chunk of said) {
    const heard = hearSmtp({ heloName: 'probe.example' }, state, bytes(chunk))
    state = heard.talk
    if (heard.say !== undefined) told.push(Buffer.from(heard.say).toString())
  }
  return { told, outcome: judgeSmtp(ok(undefined), state) }
}

const HELO = 'HELO probe.example\r\n'
const QUIT = 'QUIT\r\n'
const GOOD = { reason: 'accepted', detail: 'the server greeted, answered HELO and took its leave' }

const dialogues: readonly [claim: string, said: readonly string[], told: readonly string[], outcome: object][] = [
  ['220, 250 and any answer to QUIT', ['220 hi\r\n', '250 ho\r\n', '221 bye\r\n'], [HELO, QUIT], GOOD],
  ['what is no reply answers QUIT as well (keepalived)', ['220 x\r\n', '250 x\r\n', 'bye\r\n'], [HELO, QUIT], GOOD],
  ['an error to QUIT is an answer (keepalived)', ['220 x\r\n', '250 x\r\n', '500 what\r\n'], [HELO, QUIT], GOOD],
  [
    'several lines are one reply (RFC 5321 §4.2.1)',
    ['220-a\r\n220-b\r\n220 c\r\n', '250-x\r\n250 y\r\n', '221 z\r\n'],
    [HELO, QUIT],
    GOOD,
  ],
  ['a reply may come byte by byte', [...'220 hi\r\n', ...'250 ho\r\n', ...'221 bye\r\n'], [HELO, QUIT], GOOD],
  ['a code without text, and a bare line feed', ['220\r\n', '250\n', '221 \r\n'], [HELO, QUIT], GOOD],
  [
    'another greeting is refused',
    ['554 no service here\r\n'],
    [],
    { reason: 'bad-status', detail: 'expected reply 220 before its greeting, got "554 no service here."' },
  ],
  [
    'the last line of a reply counts',
    ['220-a\r\n421 overloaded\r\n'],
    [],
    { reason: 'bad-status', detail: 'expected reply 220 before its greeting, got "220-a..421 overloaded."' },
  ],
  [
    'another answer to HELO is refused',
    ['220 x\r\n', '501 who\r\n'],
    [HELO],
    { reason: 'bad-status', detail: 'expected reply 250 after HELO, got "501 who."' },
  ],
  [
    'what is no reply',
    ['HTTP/1.1 400 Bad Request\r\n'],
    [],
    { reason: 'malformed-response', detail: 'expected an SMTP reply, got "HTTP/1.1 400 Bad Request."' },
  ],
  ['a number is three digits', ['2200 x\r\n'], [], { reason: 'malformed-response' }],
  ['silence', [], [], { reason: 'no-response', detail: 'the server closed the connection before its greeting' }],
  [
    'an end after HELO',
    ['220 x\r\n'],
    [HELO],
    { reason: 'no-response', detail: 'the server closed the connection after HELO' },
  ],
  [
    'an end after QUIT',
    ['220 x\r\n', '250 x\r\n'],
    [HELO, QUIT],
    { reason: 'no-response', detail: 'the server closed the connection after QUIT' },
  ],
  ['an end within a reply', ['220-x\r\n220'], [], { reason: 'malformed-response' }],
  ['a reply without end', ['220-x\r\n'.repeat(3000)], [], { reason: 'too-large' }],
  ['a line without end', ['2'.repeat(MAX_REPLY + 1)], [], { reason: 'too-large' }],
]
for (const [claim, said, told, outcome] of dialogues)
  test(`SMTP_CHECK: ${claim}`, () => {
    const got = talk(...said)
    expect(got.told).toEqual(told)
    expect(got.outcome).toMatchObject(outcome)
  })

test('SMTP_CHECK: a conversation that breaks off says where', () => {
  const timeout = fail({ phase: 'receive', reason: 'timeout', message: 'no answer within 5 s' } as const)
  expect(judgeSmtp(timeout, smtpBegins)).toEqual({
    reason: 'response-timeout',
    detail: 'no answer within 5 s before its greeting',
  })
})

test('SMTP_CHECK: no bytes make it throw, hold more than its limit or talk for ever', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 30 }), (chunks) => {
      let state: SmtpTalk = smtpBegins
      let said = 0
      for (const chunk of chunks) {
        const heard = hearSmtp({ heloName: 'x' }, state, chunk)
        state = heard.talk
        if (heard.say !== undefined) said++
      }
      expect(said).toBeLessThanOrEqual(2)
      if (state.name !== 'over') expect(state.reply.length).toBeLessThanOrEqual(MAX_REPLY)
      expect(judgeSmtp(ok(undefined), state).detail).not.toBe('')
    }),
    fuzzRuns(300),
  )
})
