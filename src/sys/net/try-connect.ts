import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { dial } from './dial.ts'
import { cancelled, timeoutOf, timerMillis } from './failure.ts'
import { connectMarked } from './marked-socket.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

/**
 * Makes a TCP connection and closes it at once, as TCP_CHECK does. It is a plain close(2), so the server sees an orderly
 * end; only if it greets faster than we close does the kernel answer the unread bytes with a reset, as keepalived's
 * close does. SO_LINGER is left alone: a reset as a rule would spare us TIME_WAIT but fill every server's log.
 *
 * Thousands of these run every second, so the descriptor is our own and no stream of Node is made for it; without the
 * addon there is one.
 */
export async function tryConnect(target: ConnectTarget, signal: AbortSignal): Promise<Result<void, NetFailure>> {
  if (signal.aborted) return fail(cancelled)
  const connecting = connectMarked(target)
  if (!connecting.ok) return connecting.error.reason === 'not-supported' ? tryDial(target, signal) : connecting
  return new Promise((resolve) => {
    const settle = (result: Result<void, NetFailure>) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (!result.ok) connecting.value.cancel()
      resolve(result)
    }
    const onAbort = () => settle(fail(cancelled))
    const timer = setTimeout(
      () => settle(fail(timeoutOf('connect', target.connectTimeout))),
      timerMillis(target.connectTimeout),
    )
    signal.addEventListener('abort', onAbort, { once: true })
    connecting.value.whenDone((result) => {
      if (!result.ok) return settle(result)
      hfsys().close(result.value)
      settle(ok(undefined))
    })
  })
}

async function tryDial(target: ConnectTarget, signal: AbortSignal): Promise<Result<void, NetFailure>> {
  const socket = await dial(target, signal)
  if (!socket.ok) return socket
  socket.value.on('error', () => {})
  socket.value.destroy()
  return ok(undefined)
}
