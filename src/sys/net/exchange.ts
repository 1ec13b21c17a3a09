import type { Socket } from 'node:net'
import { fail, type Micros, ok, type Result } from '../../base/index.ts'
import { waitForAnswer } from './answer-wait.ts'
import type { CancelSignal } from './cancellation.ts'
import { dial } from './dial.ts'
import { cancelled, streamFailure, timerMillis } from './failure.ts'
import { handshake } from './handshake.ts'
import { MOST_WRITTEN, plainExchange } from './plain-exchange.ts'
import type { ConnectTarget, NetFailure } from './target.ts'
import type { TlsOptions } from './tls.ts'

export type Exchange = {
  /** Written at once, as it is. */
  readonly request: Uint8Array
  /** Every byte that comes back; valid only until it returns. `enough` ends the exchange in order. */
  readonly onBytes: (chunk: Uint8Array) => 'more' | 'enough'
  /** Limit for the whole answer, however steadily it comes. */
  readonly patience: Micros
  /** Speak TLS. */
  readonly tls?: TlsOptions
}

/** One for all sockets: what it holds is passed on before the next read. */
const buffer = new Uint8Array(64 * 1024)

/**
 * Connects, writes the request and reads to the end of the stream. Each wait is limited by `connectTimeout`, which bytes
 * that drip do not begin anew, and the whole answer by `patience`. Whatever happens, the socket is closed when the promise
 * settles, or with `closeNotify` soon after; it never rejects.
 */
export async function exchange(
  target: ConnectTarget,
  wanted: Exchange,
  signal: CancelSignal,
): Promise<Result<void, NetFailure>> {
  if (wanted.tls !== undefined || wanted.request.length > MOST_WRITTEN) return streamExchange(target, wanted, signal)
  const end = await plainExchange(target, wanted, signal)
  return end.ok || end.error.reason !== 'not-supported' ? end : streamExchange(target, wanted, signal)
}

async function streamExchange(
  target: ConnectTarget,
  { request, onBytes, patience, tls }: Exchange,
  signal: CancelSignal,
): Promise<Result<void, NetFailure>> {
  let settle: (result: Result<void, NetFailure>) => void = () => {}
  let onHeard = (_bytes: number) => {}
  const take = (chunk: Uint8Array): boolean => {
    onHeard(chunk.length)
    if (onBytes(chunk) === 'more') return true
    settle(ok(undefined))
    return false
  }
  const receiver = { buffer, callback: (length: number) => take(buffer.subarray(0, length)) }
  const dialled = await dial(target, signal, tls === undefined ? receiver : undefined)
  if (!dialled.ok) return dialled
  const secured = tls === undefined ? dialled : await handshake(dialled.value, tls, target.connectTimeout, signal)
  if (!secured.ok) return secured
  const socket = secured.value

  return new Promise((resolve) => {
    let settled = false
    const wait = waitForAnswer(target.connectTimeout, patience, (failure) => settle(fail(failure)))
    const onAbort = () => settle(fail(cancelled))
    settle = (result) => {
      if (settled) return
      settled = true
      wait.end()
      signal.removeEventListener('abort', onAbort)
      if (tls?.closeNotify && result.ok) sayGoodbye(socket, target.connectTimeout)
      else socket.destroy()
      resolve(result)
    }
    onHeard = wait.heard
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    if (tls !== undefined) socket.on('data', take)
    socket.on('error', (error) => settle(fail(streamFailure('receive', error))))
    socket.once('end', () => settle(ok(undefined)))
    socket.once('close', () => settle(ok(undefined)))
    socket.write(request)
  })
}

/** Closes once the goodbye of TLS is on its way, and without it where the server lets nothing through. */
function sayGoodbye(socket: Socket, limit: Micros): void {
  const timer = setTimeout(() => socket.destroy(), timerMillis(limit))
  socket.once('close', () => clearTimeout(timer))
  socket.destroySoon()
}
