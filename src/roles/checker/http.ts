import { type Micros, micros } from '../../base/index.ts'
import type { CheckTarget, HttpChecker, HttpRequestCheck, TlsClient } from '../../model/index.ts'
import {
  type HttpReading,
  httpRequest,
  judgeHttp,
  type Outcome,
  outcome,
  readHttp,
  unread,
} from '../../proto/probe/index.ts'
import { type CancelSignal, exchange } from '../../sys/net/index.ts'
import { inspectBody } from './body.ts'
import { tlsOptions } from './tls.ts'

/** keepalived waits for ever on an answer without end; ten waits in full are enough here. */
export const patience = (target: CheckTarget): Micros => micros(10 * target.connectTimeout)

export async function probeHttp(
  checker: HttpChecker,
  index: number,
  signal: CancelSignal,
  tlsClient?: TlsClient,
): Promise<Outcome> {
  const check = requestAt(checker, index)
  const body = inspectBody(check)
  if (!body.ok) return outcome('not-supported', body.error)
  let reading: HttpReading = unread
  const end = await exchange(
    checker.target,
    {
      request: httpRequest(checker, check),
      patience: patience(checker.target),
      ...(checker.tls === undefined ? {} : { tls: tlsOptions(checker.tls, checker.target, check, tlsClient) }),
      onBytes(chunk) {
        const step = readHttp(reading, chunk)
        reading = step.reading
        body.value.take(step.hashed)
        return reading.name === 'given-up' ? 'enough' : 'more'
      },
    },
    signal,
  )
  return judgeHttp(check, end, reading, body.value.findings())
}

export function requestAt(checker: HttpChecker, index: number): HttpRequestCheck {
  const check = checker.requests[index]
  if (check === undefined) throw new Error(`an HTTP checker has no url ${index}`)
  return check
}
