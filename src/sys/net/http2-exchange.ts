import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { fail, type Micros, ok, type Result } from '../../base/index.ts'
import { waitForAnswer } from './answer-wait.ts'
import type { CancelSignal } from './cancellation.ts'
import { dial } from './dial.ts'
import { cancelled, streamFailure } from './failure.ts'
import { handshake } from './handshake.ts'
import type { ConnectTarget, NetFailure } from './target.ts'
import type { TlsOptions } from './tls.ts'

type Field = readonly [name: string, value: string]

export type Http2Exchange = {
  /** With the pseudo-header fields. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Each piece of the response's body; good only until it returns. `enough` ends the exchange in order. */
  readonly onBytes: (chunk: Uint8Array) => 'more' | 'enough'
  /** Limit for the whole answer, however steadily it comes. */
  readonly patience: Micros
  /** Absent: without TLS, by prior knowledge (RFC 9113 §3.3). */
  readonly tls?: TlsOptions
}

/** Names in lower case; trailers where there were some. */
export type Http2Answer = {
  readonly status: number
  readonly fields: readonly Field[]
  readonly trailers: readonly Field[]
}

/** Bytes of a response's header that are taken at most. */
const MAX_HEAD = 16 * 1024
/** Megabytes that a connection may hold; the window of its one stream is far below. */
const MAX_MEMORY = 1

/**
 * One request over a connection of its own, read to the end of its stream. Each wait is limited by `connectTimeout`,
 * which bytes that drip do not begin anew, and the whole answer by `patience`. Whatever happens, the socket is closed when the promise settles; it never rejects.
 */
export async function http2Exchange(
  target: ConnectTarget,
  { headers, body, onBytes, patience, tls }: Http2Exchange,
  signal: CancelSignal,
): Promise<Result<Http2Answer, NetFailure>> {
  const dialled = await dial(target, signal)
  if (!dialled.ok) return dialled
  const secured =
    tls === undefined
      ? dialled
      : await handshake(dialled.value, { ...tls, alpn: ['h2'] }, target.connectTimeout, signal)
  if (!secured.ok) return secured
  const socket = secured.value

  return new Promise((resolve) => {
    let answer: Http2Answer | undefined
    let session: ClientHttp2Session | undefined
    let settled = false
    const settle = (result: Result<Http2Answer, NetFailure>) => {
      if (settled) return
      settled = true
      wait.end()
      signal.removeEventListener('abort', onAbort)
      session?.destroy()
      socket.destroy()
      resolve(result)
    }
    const wait = waitForAnswer(target.connectTimeout, patience, (failure) => settle(fail(failure)))
    const onAbort = () => settle(fail(cancelled))
    const onError = (error: Error) => settle(fail(http2Failure(error)))
    const finish = () => {
      if (answer === undefined) return settle(fail(ended))
      // Neither a stream that is cancelled nor a connection that closes in the middle is an error to Node.
      settle(stream.rstCode === constants.NGHTTP2_NO_ERROR ? ok(answer) : fail(brokenOff(stream.rstCode)))
    }
    socket.on('error', onError)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)

    session = connect(tls === undefined ? 'http://probe' : 'https://probe', {
      createConnection: () => socket,
      maxSessionMemory: MAX_MEMORY,
      settings: { enablePush: false, maxHeaderListSize: MAX_HEAD, headerTableSize: 0 },
    })
    session.on('error', onError)
    session.on('close', finish)
    const stream = session.request(headers, { endStream: body === undefined })
    stream.on('error', onError)
    stream.on('response', (received) => {
      wait.heard(0)
      answer = { status: Number(received[constants.HTTP2_HEADER_STATUS]), fields: fieldsOf(received), trailers: [] }
    })
    stream.on('trailers', (received) => {
      if (answer !== undefined) answer = { ...answer, trailers: fieldsOf(received) }
    })
    stream.on('data', (chunk: Uint8Array) => {
      wait.heard(chunk.length)
      if (onBytes(chunk) === 'enough' && answer !== undefined) settle(ok(answer))
    })
    stream.on('close', finish)
    if (body !== undefined) stream.end(body)
  })
}

const ended: NetFailure = {
  phase: 'receive',
  reason: 'reset',
  message: 'the server closed the connection without an answer',
}

const brokenOff = (code: number | undefined): NetFailure => ({
  phase: 'receive',
  reason: 'reset',
  message: `the server ended the stream or the connection within its answer (HTTP/2 code ${code})`,
})

function fieldsOf(headers: IncomingHttpHeaders): readonly Field[] {
  return Object.entries(headers).flatMap(([name, value]): Field[] =>
    name.startsWith(':') || value === undefined
      ? []
      : typeof value === 'string'
        ? [[name, value]]
        : value.map((one) => [name, one]),
  )
}

/** What nghttp2 objects to, or the peer has told us with RST_STREAM or GOAWAY; and what any socket may come to. */
function http2Failure(error: Error): NetFailure {
  const code = 'code' in error ? String(error.code) : ''
  if (!code.startsWith('ERR_HTTP2')) return streamFailure('receive', error)
  const told = code === 'ERR_HTTP2_STREAM_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR'
  return {
    phase: 'receive',
    reason: told ? 'reset' : 'protocol',
    message: told
      ? `the server ended the stream (${/NGHTTP2_\w+|code \d+/.exec(error.message)?.[0] ?? code})`
      : `what answers does not speak HTTP/2 (${error.message})`,
  }
}
