import { assertNever, fail, type Micros, ok, type Result } from '../../base/index.ts'
import { type CallEvent, Http2Call } from '../../wire/http2/index.ts'
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
    let settled = false
    const call = new Http2Call({ headers, longestHeader: MAX_HEAD, ...(body === undefined ? {} : { body }) })
    const settle = (result: Result<Http2Answer, NetFailure>) => {
      if (settled) return
      settled = true
      wait.end()
      signal.removeEventListener('abort', onAbort)
      if (!socket.destroyed) socket.write(Http2Call.goodbye)
      socket.destroy()
      resolve(result)
    }
    const wait = waitForAnswer(target.connectTimeout, patience, (failure) => settle(fail(failure)))
    const onAbort = () => settle(fail(cancelled))
    const onClosed = () => settle(fail(answer === undefined ? ended : brokenOff))
    const hear = (event: CallEvent): void => {
      if (settled) return
      switch (event.type) {
        case 'response':
          wait.heard(0)
          answer = { status: event.status, fields: event.fields, trailers: [] }
          return
        case 'data':
          wait.heard(event.bytes.length)
          if (onBytes(event.bytes) === 'enough' && answer !== undefined) settle(ok(answer))
          return
        case 'ended':
          return settle(answer === undefined ? fail(ended) : ok({ ...answer, trailers: event.trailers }))
        case 'failed':
          return settle(fail({ phase: 'receive', reason: event.reason, message: event.message }))
        default:
          return assertNever(event)
      }
    }
    socket.on('error', (error) => settle(fail(streamFailure('receive', error))))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    socket.on('data', (chunk: Uint8Array) => {
      if (settled) return
      const reply = call.take(chunk, hear)
      if (reply.length > 0 && !settled) socket.write(reply)
    })
    socket.once('end', onClosed)
    socket.once('close', onClosed)
    socket.write(call.request)
  })
}

const ended: NetFailure = {
  phase: 'receive',
  reason: 'reset',
  message: 'the server closed the connection without an answer',
}

const brokenOff: NetFailure = {
  phase: 'receive',
  reason: 'reset',
  message: 'the server closed the connection within its answer',
}
