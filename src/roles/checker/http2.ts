import { ok } from '../../base/index.ts'
import type { HttpChecker, TlsClient } from '../../model/index.ts'
import { type HttpReading, hostHeader, judgeHttp, MAX_BODY, type Outcome, outcome } from '../../proto/probe/index.ts'
import { type CancelSignal, http2Exchange } from '../../sys/net/index.ts'
import { inspectBody } from './body.ts'
import { patience, requestAt } from './http.ts'
import { tlsOptions } from './tls.ts'

/** HTTP2_GET: judged as HTTP_GET is, and its body is never chunked. */
export async function probeHttp2(
  checker: HttpChecker,
  index: number,
  signal: CancelSignal,
  tlsClient?: TlsClient,
): Promise<Outcome> {
  const check = requestAt(checker, index)
  const body = inspectBody(check)
  if (!body.ok) return outcome('not-supported', body.error)
  const { target, tls } = checker
  let received = 0
  const end = await http2Exchange(
    target,
    {
      headers: {
        ':method': 'GET',
        ':scheme': tls === undefined ? 'http' : 'https',
        ':authority': hostHeader(target, check.virtualHost),
        ':path': check.path,
        'user-agent': 'KeepAliveClient',
      },
      patience: patience(target),
      ...(tls === undefined ? {} : { tls: tlsOptions(tls, target, check, tlsClient) }),
      onBytes(chunk) {
        received += chunk.length
        if (received > MAX_BODY) return 'enough'
        body.value.take(chunk)
        return 'more'
      },
    },
    signal,
  )
  if (received > MAX_BODY) return outcome('too-large', `the response body is longer than ${MAX_BODY} bytes`)
  if (!end.ok) return judgeHttp(check, end, { name: 'head', bytes: new Uint8Array(0) }, {})
  const { status, fields } = end.value
  const reading: HttpReading = { name: 'body', head: { status, fields }, received }
  return judgeHttp(check, ok(undefined), reading, body.value.findings())
}
