import { micros, seconds } from '../../base/index.ts'
import type { HttpChecker, HttpRequestCheck, TlsClient } from '../../model/index.ts'
import { type HttpReading, httpRequest, judgeHttp, type Outcome, readHttp, unread } from '../../proto/probe/index.ts'
import { exchange, openMd5 } from '../../sys/net/index.ts'
import { tlsOptions } from './tls.ts'

/** keepalived waits for ever on an answer that drips; ten waits in full, and no less than a minute, are enough here. */
const patience = (checker: HttpChecker) => micros(Math.max(10 * checker.target.connectTimeout, seconds(60)))

export async function probeHttp(
  checker: HttpChecker,
  index: number,
  signal: AbortSignal,
  tlsClient?: TlsClient,
): Promise<Outcome> {
  const check = requestAt(checker, index)
  const digest = check.digest === undefined ? undefined : openMd5()
  let reading: HttpReading = unread
  const end = await exchange(
    checker.target,
    {
      request: httpRequest(checker, check),
      patience: patience(checker),
      ...(checker.tls === undefined ? {} : { tls: tlsOptions(checker.tls, checker.target, check, tlsClient) }),
      onBytes(chunk) {
        const step = readHttp(reading, chunk)
        reading = step.reading
        digest?.update(step.hashed)
        return reading.name === 'given-up' ? 'enough' : 'more'
      },
    },
    signal,
  )
  return judgeHttp(check, end, reading, digest?.hex() ?? '')
}

function requestAt(checker: HttpChecker, index: number): HttpRequestCheck {
  const check = checker.requests[index]
  if (check === undefined) throw new Error(`an HTTP checker has no url ${index}`)
  return check
}
