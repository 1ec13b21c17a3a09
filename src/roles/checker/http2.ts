import { ok } from '../../base/index.ts'
import type { HttpChecker, TlsClient } from '../../model/index.ts'
import {
  type HttpReading,
  hostHeader,
  judgeHttp,
  MAX_BODY,
  MAX_HEAD,
  type Outcome,
  outcome,
} from '../../proto/probe/index.ts'
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
  // Servers need not heed the SETTINGS_MAX_HEADER_LIST_SIZE that they are told (RFC 9113 §6.5.2).
  if (headerSize(fields) > MAX_HEAD) return outcome('too-large', `the response header is longer than ${MAX_HEAD} bytes`)
  const reading: HttpReading = { name: 'body', head: { status, fields }, received }
  return judgeHttp(check, ok(undefined), reading, body.value.findings())
}

/** As SETTINGS_MAX_HEADER_LIST_SIZE counts it. */
const headerSize = (fields: readonly (readonly [name: string, value: string])[]): number =>
  fields.reduce((size, [name, value]) => size + name.length + value.length + 32, 0)
