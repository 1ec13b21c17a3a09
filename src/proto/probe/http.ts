import type { Result } from '../../base/index.ts'
import type { HttpRequestCheck } from '../../model/index.ts'
import { type HttpReading, quote } from './http-response.ts'
import { type Outcome, outcome } from './outcome.ts'
import { judgeTransport, type TransportFailure } from './transport.ts'

/**
 * HTTP_GET: what was read when the conversation ended, against what the url asks for; status first, then digest
 * (keepalived.conf(5)). A body shorter or longer than its Content-Length is no failure, as with keepalived, but the
 * detail says so.
 * @param end      the stream ended in order, or how it broke off
 * @param digest   MD5 over all that `readHttp` gave as hashed, 32 lower-case hexadecimal digits; unused when none is configured
 */
export function judgeHttp(
  check: HttpRequestCheck,
  end: Result<void, TransportFailure>,
  reading: HttpReading,
  digest: string,
): Outcome {
  // What was given up on was bad before the conversation was broken off.
  if (reading.name === 'given-up') return reading.outcome
  if (!end.ok) return judgeTransport(reading.name === 'body' ? unended(end.error) : end.error)
  if (reading.name === 'head') {
    if (reading.bytes.length === 0) return outcome('no-response', 'the server closed the connection without an answer')
    return outcome('malformed-response', `the response ends within its header, which begins ${quote(reading.bytes)}`)
  }

  const { status, contentLength } = reading.head
  if (!check.statusCodes.some(({ from, to }) => status >= from && status <= to))
    return outcome('bad-status', `expected status ${ranges(check)}, got ${status}`)

  const length =
    contentLength === undefined || contentLength === reading.received
      ? ''
      : `; content-length is ${contentLength}, received were ${reading.received} bytes`
  if (check.digest !== undefined && check.digest !== digest)
    return outcome('digest-mismatch', `expected digest ${check.digest}, got ${digest}${length}`)
  return outcome('accepted', `status ${status}${check.digest === undefined ? '' : ' and digest'} as expected${length}`)
}

/** The end of an answer is the closed connection, as with keepalived, whatever its Content-Length. */
const unended = (failure: TransportFailure): TransportFailure =>
  failure.reason === 'timeout'
    ? { ...failure, message: 'the answer did not end: the server keeps the connection open' }
    : failure

const ranges = ({ statusCodes }: HttpRequestCheck): string =>
  statusCodes.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
