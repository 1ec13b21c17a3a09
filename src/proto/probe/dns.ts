import type { Result } from '../../base/index.ts'
import type { DnsMessage } from '../../wire/dns/index.ts'
import { type Outcome, outcome } from './outcome.ts'
import { judgeTransport, type TransportFailure } from './transport.ts'

/** RFC 1035 §4.1.1, RFC 2136 §2.2. */
const CODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET']

/** RCODE in words. */
export const answerCode = (code: number): string => CODES[code] ?? `code ${code}`

/**
 * DNS_CHECK: an answer without an error, whether it holds records or not (keepalived).
 * @param answer   the first that is one to our query; undefined: none came
 * @param strange  datagrams that were none
 */
export function judgeDns(
  end: Result<void, TransportFailure>,
  answer: Pick<DnsMessage, 'code' | 'answers'> | undefined,
  strange: number,
): Outcome {
  if (answer !== undefined) {
    if (answer.code !== 0) return outcome('bad-status', `expected NOERROR, got ${answerCode(answer.code)}`)
    return outcome('accepted', `answered with ${answer.answers} ${answer.answers === 1 ? 'record' : 'records'}`)
  }
  if (end.ok) return outcome('no-response', 'no answer')
  if (strange === 0) return judgeTransport(end.error)
  const what = strange === 1 ? '1 datagram that was' : `${strange} datagrams that were`
  return judgeTransport({ ...end.error, message: `${end.error.message}, but ${what} no answer to the query` })
}
