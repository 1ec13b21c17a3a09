import { fail, type Result } from '../../base/index.ts'
import type { CancelSignal } from './cancellation.ts'
import { cancelled, timeoutOf } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'
import { WaitLimit } from './wait-limit.ts'

/** Takes the outcome; not before the function it was given to has returned. */
export type Settle<T> = (result: Result<T, NetFailure>) => void

/**
 * What `begin` makes of a connection within `connectTimeout`; abort is answered at once.
 *
 * @param begin starts, and returns what closes a connection that failed, is late or was called off
 */
export function settledWithin<T>(
  { connectTimeout }: Pick<ConnectTarget, 'connectTimeout'>,
  signal: CancelSignal,
  begin: (settle: Settle<T>) => () => void,
): Promise<Result<T, NetFailure>> {
  return new Promise((resolve) => {
    const settle: Settle<T> = (result) => {
      limit.end()
      signal.removeEventListener('abort', onAbort)
      if (!result.ok) close()
      resolve(result)
    }
    const onAbort = () => settle(fail(cancelled))
    const limit = new WaitLimit(connectTimeout, () => settle(fail(timeoutOf('connect', connectTimeout))))
    signal.addEventListener('abort', onAbort)
    const close = begin(settle)
  })
}
