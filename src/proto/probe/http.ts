import type { Result } from '../../base/index.ts'
import type { HttpRequestCheck } from '../../model/index.ts'
import { judgeHeaders, judgeJson } from './assertions.ts'
import { type HttpReading, quote } from './http-response.ts'
import { type Outcome, outcome } from './outcome.ts'
import { judgeTransport, type TransportFailure } from './transport.ts'

/** What was made of the body while it came. */
export type BodyFindings = {
  /** MD5 over all that `readHttp` gave as hashed, 32 lower-case hexadecimal digits; unused when none is configured. */
  readonly digest?: string
  /** Of the same bytes; unused when no regex is configured. */
  readonly pattern?: 'matched' | 'unmatched' | 'gave-up'
  /** All of it, for expect_json; absent: it was longer than MAX_JSON. */
  readonly body?: Uint8Array
}

/**
 * HTTP_GET: what was read when the conversation ended, against what the url asks for; status first, then what is expected
 * of the header, digest, regex (keepalived.conf(5)), JSON. A body shorter or longer than its Content-Length is no failure, as with keepalived, but the
 * detail says so.
 * @param end  the stream ended in order, or how it broke off
 */
export function judgeHttp(
  check: HttpRequestCheck,
  end: Result<void, TransportFailure>,
  reading: HttpReading,
  { digest, pattern, body }: BodyFindings,
): Outcome {
  // What was given up on was bad before the conversation was broken off.
  if (reading.name === 'given-up') return reading.outcome
  if (!end.ok) return judgeTransport(reading.name === 'body' ? unended(end.error) : end.error)
  if (reading.name === 'head') {
    if (reading.bytes.length === 0) return outcome('no-response', 'the server closed the connection without an answer')
    return outcome('malformed-response', `the response ends within its header, which begins ${quote(reading.bytes)}`)
  }

  const { status, contentLength, fields } = reading.head
  if (!check.statusCodes.some(({ from, to }) => status >= from && status <= to))
    return outcome('bad-status', `expected status ${ranges(check)}, got ${status}`)

  const headers = check.headers === undefined ? undefined : judgeHeaders(check.headers, fields)
  if (headers !== undefined) return headers

  const length =
    contentLength === undefined || contentLength === reading.received
      ? ''
      : `; content-length is ${contentLength}, received were ${reading.received} bytes`
  if (check.digest !== undefined && check.digest !== digest)
    return outcome('digest-mismatch', `expected digest ${check.digest}, got ${digest}${length}`)
  if (check.pattern !== undefined) {
    if (pattern === 'gave-up')
      return outcome('pattern-limit', 'matching the regex took more steps or memory than it may')
    if ((pattern === 'matched') === (check.pattern.forbidden === true))
      return outcome(
        'pattern-mismatch',
        `the body ${pattern === 'matched' ? 'matches' : 'does not match'} the regex${length}`,
      )
  }
  const json = check.json === undefined ? undefined : judgeJson(check.json, body, fields)
  if (json !== undefined) return json
  return outcome('accepted', `${expectations(check).replace('status', `status ${status}`)} as expected${length}`)
}

/** The end of an answer is the closed connection, as with keepalived, whatever its Content-Length. */
const unended = (failure: TransportFailure): TransportFailure =>
  failure.reason === 'timeout'
    ? { ...failure, message: `${failure.message}: the server keeps the connection open` }
    : failure

const ranges = ({ statusCodes }: HttpRequestCheck): string =>
  statusCodes.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')

function expectations({ headers, digest, pattern, json }: HttpRequestCheck): string {
  const all = ['status']
  if (headers !== undefined) all.push('header')
  if (digest !== undefined) all.push('digest')
  if (pattern !== undefined || json !== undefined) all.push('body')
  return all.length === 1 ? 'status' : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}
