import { fail, type Result } from '../../base/index.ts'
import { cancelled, timeoutOf, timerMillis } from './failure.ts'
import { connectMarked } from './marked-socket.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

/**
 * Connects within `connectTimeout` on a descriptor of our own, for which no stream of Node is made: thousands of these run
 * every second. It then belongs to the caller; one that fails, is late or called off is closed here. Without the addon
 * it is `not-supported`.
 */
export function connectWithin(target: ConnectTarget, signal: AbortSignal): Promise<Result<number, NetFailure>> {
  if (signal.aborted) return Promise.resolve(fail(cancelled))
  const connecting = connectMarked(target)
  if (!connecting.ok) return Promise.resolve(connecting)
  return new Promise((resolve) => {
    const settle = (result: Result<number, NetFailure>) => {
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
    connecting.value.whenDone(settle)
  })
}
