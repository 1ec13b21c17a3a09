import type { Result } from '../../base/index.ts'
import type { SmtpChecker } from '../../model/index.ts'
import { quote } from './http-response.ts'
import { type Outcome, outcome } from './outcome.ts'
import { judgeTransport, type TransportFailure } from './transport.ts'

/** Bytes of one reply that are read at most; a line has 512 by RFC 5321 §4.5.3.1.5. */
export const MAX_REPLY = 16 * 1024

/** Where the dialogue stands: what the server has to say next, and the bytes of that reply so far. */
export type SmtpTalk =
  | { readonly name: 'greeting' | 'hello' | 'farewell'; readonly reply: Uint8Array; readonly checked: number }
  | { readonly name: 'over'; readonly outcome: Outcome }

export const smtpBegins: SmtpTalk = { name: 'greeting', reply: new Uint8Array(0), checked: 0 }

/** What a reply has to begin with, by what it answers; after QUIT any will do (keepalived). */
const EXPECTED = { greeting: 220, hello: 250, farewell: undefined } as const

/**
 * Hears more of the server (RFC 5321 §4.2): the greeting has to be 220, the answer to HELO 250, and QUIT has to be answered.
 * A reply may have several lines, of which the last one counts (§4.2.1); to QUIT any line is an answer. `say` is what the server is told next.
 */
export function hearSmtp(
  { heloName }: Pick<SmtpChecker, 'heloName'>,
  talk: SmtpTalk,
  chunk: Uint8Array,
): { readonly talk: SmtpTalk; readonly say?: Uint8Array } {
  if (talk.name === 'over') return { talk }
  const reply = new Uint8Array(talk.reply.length + chunk.length)
  reply.set(talk.reply)
  reply.set(chunk, talk.reply.length)
  let from = talk.checked
  for (let end = reply.indexOf(10, from); end >= 0; end = reply.indexOf(10, from)) {
    const line = readLine(reply.subarray(from, end))
    if (line === undefined && talk.name === 'farewell') return over('accepted', WELL)
    if (line === undefined)
      return over('malformed-response', `expected an SMTP reply, got ${quote(reply.subarray(from, end))}`)
    from = end + 1
    if (line.last) return answer(heloName, talk.name, line.code, reply.subarray(0, end))
  }
  if (reply.length > MAX_REPLY) return over('too-large', `the reply is longer than ${MAX_REPLY} bytes`)
  return { talk: { name: talk.name, reply, checked: from } }
}

/** What was said of the server when the conversation ended. */
export function judgeSmtp(end: Result<void, TransportFailure>, talk: SmtpTalk): Outcome {
  if (talk.name === 'over') return talk.outcome
  if (!end.ok) return judgeTransport({ ...end.error, message: `${end.error.message}${waitingFor[talk.name]}` })
  if (talk.reply.length > 0)
    return outcome('malformed-response', `the connection ended within a reply, which begins ${quote(talk.reply)}`)
  return outcome('no-response', `the server closed the connection${waitingFor[talk.name]}`)
}

const waitingFor = { greeting: ' before its greeting', hello: ' after HELO', farewell: ' after QUIT' } as const

const WELL = 'the server greeted, answered HELO and took its leave'

function answer(
  heloName: string,
  name: 'greeting' | 'hello' | 'farewell',
  code: number,
  line: Uint8Array,
): ReturnType<typeof hearSmtp> {
  const expected = EXPECTED[name]
  if (expected !== undefined && code !== expected)
    return over('bad-status', `expected reply ${expected}${waitingFor[name]}, got ${quote(line)}`)
  if (name === 'farewell') return over('accepted', WELL)
  const next = name === 'greeting' ? 'hello' : 'farewell'
  return {
    talk: { name: next, reply: new Uint8Array(0), checked: 0 },
    say: new TextEncoder().encode(next === 'hello' ? `HELO ${heloName}\r\n` : 'QUIT\r\n'),
  }
}

/** `250-text` or `250 text`; undefined: it is no line of a reply. */
function readLine(bytes: Uint8Array): { readonly code: number; readonly last: boolean } | undefined {
  let code = 0
  for (let i = 0; i < 3; i++) {
    const digit = (bytes[i] ?? 0) - 48
    if (digit < 0 || digit > 9) return undefined
    code = code * 10 + digit
  }
  const after = bytes[3]
  // Its end, CR, or a blank; servers leave out the text, and some the blank before it.
  if (after === undefined || after === 13 || after === 32) return { code, last: true }
  return after === 45 ? { code, last: false } : undefined
}

const over = (reason: Outcome['reason'], detail: string): ReturnType<typeof hearSmtp> => ({
  talk: { name: 'over', outcome: outcome(reason, detail) },
})
