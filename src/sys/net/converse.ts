import { fail, ok, type Result } from '../../base/index.ts'
import type { CancelSignal } from './cancellation.ts'
import { dial } from './dial.ts'
import { cancelled, errorCode, failureOf, timeoutOf } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'
import { WaitLimit } from './wait-limit.ts'

/** What is done about bytes that came: wait for more of them, say something and wait anew, or end in order. */
export type Turn = 'more' | 'enough' | { readonly say: Uint8Array }

/** One for all sockets: what it holds is passed on before the next read. */
const buffer = new Uint8Array(4096)

/**
 * Connects and holds a conversation in which the server speaks first. Each turn of the server, from our last word to its
 * whole answer, is limited by `connectTimeout`, however steadily it drips. Whatever happens, the socket is closed when the
 * promise settles; it never rejects.
 * @param onBytes  every byte that comes; the chunk is valid only until it returns
 */
export async function converse(
  target: ConnectTarget,
  onBytes: (chunk: Uint8Array) => Turn,
  signal: CancelSignal,
): Promise<Result<void, NetFailure>> {
  let take: (chunk: Uint8Array) => boolean = () => false
  const receiver = { buffer, callback: (length: number) => take(buffer.subarray(0, length)) }
  const dialled = await dial(target, signal, receiver)
  if (!dialled.ok) return dialled
  const socket = dialled.value

  return new Promise((resolve) => {
    let settled = false
    const settle = (result: Result<void, NetFailure>) => {
      if (settled) return
      settled = true
      wait.end()
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(result)
    }
    const wait = new WaitLimit(target.connectTimeout, () => settle(fail(timeoutOf('receive', target.connectTimeout))))
    const onAbort = () => settle(fail(cancelled))
    take = (chunk) => {
      const turn = onBytes(chunk)
      if (turn === 'more') return true
      if (turn === 'enough') {
        settle(ok(undefined))
        return false
      }
      wait.refresh()
      socket.write(turn.say)
      return true
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    socket.on('error', (error) => settle(fail(failureOf('receive', errorCode(error)))))
    socket.once('end', () => settle(ok(undefined)))
    socket.once('close', () => settle(ok(undefined)))
  })
}
