import { ok } from '../../base/index.ts'
import type { GrpcChecker, TlsClient } from '../../model/index.ts'
import { hostHeader, judgeGrpc, type Outcome } from '../../proto/probe/index.ts'
import { type CancelSignal, http2Exchange } from '../../sys/net/index.ts'
import { decodeHealthResponse, encodeHealthRequest, SERVING, servingStatusName } from '../../wire/grpc/index.ts'
import { patience } from './http.ts'
import { tlsOptions } from './tls.ts'

/** A response is some ten bytes; of more nothing is kept. */
const MAX_MESSAGE = 4096

export async function probeGrpc(checker: GrpcChecker, signal: CancelSignal, tlsClient?: TlsClient): Promise<Outcome> {
  const { target, tls, service, virtualHost } = checker
  const authority = hostHeader(target, virtualHost)
  let message = new Uint8Array(0)
  const end = await http2Exchange(
    target,
    {
      headers: {
        ':method': 'POST',
        ':scheme': tls === undefined ? 'http' : 'https',
        ':authority': authority,
        ':path': '/grpc.health.v1.Health/Check',
        te: 'trailers',
        'content-type': 'application/grpc',
        'user-agent': 'KeepAliveClient',
      },
      body: encodeHealthRequest(service),
      patience: patience(target),
      ...(tls === undefined ? {} : { tls: tlsOptions(tls, target, namesOf(virtualHost), tlsClient) }),
      onBytes(chunk) {
        const joined = new Uint8Array(message.length + chunk.length)
        joined.set(message)
        joined.set(chunk, message.length)
        message = joined
        return message.length > MAX_MESSAGE ? 'enough' : 'more'
      },
    },
    signal,
  )
  if (!end.ok) return judgeGrpc(end)
  const { status, fields, trailers } = end.value
  const decoded = decodeHealthResponse(message)
  return judgeGrpc(
    ok({
      status,
      fields: [...fields, ...trailers],
      ...(decoded.ok
        ? { serving: { is: decoded.value.status === SERVING, name: servingStatusName(decoded.value.status) } }
        : {}),
    }),
  )
}

const namesOf = (virtualHost: string | undefined) =>
  virtualHost === undefined ? {} : { serverName: virtualHost, virtualHost }
