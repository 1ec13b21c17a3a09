import { fail, type Result } from '../../base/index.ts'
import type { PolledDescriptor } from '../descriptor/index.ts'
import type { CancelSignal } from './cancellation.ts'
import { cancelled } from './failure.ts'
import { connectMarked } from './marked-socket.ts'
import { settledWithin } from './settled-within.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

/**
 * Connects within `connectTimeout` on a descriptor of our own, for which no stream of Node is made: thousands of these run
 * every second. It then belongs to the caller; one that fails, is late or called off is closed here. Without the addon
 * it is `not-supported`.
 */
export function connectWithin(
  target: ConnectTarget,
  signal: CancelSignal,
): Promise<Result<PolledDescriptor, NetFailure>> {
  if (signal.aborted) return Promise.resolve(fail(cancelled))
  const connecting = connectMarked(target)
  if (!connecting.ok) return Promise.resolve(connecting)
  return settledWithin(target, signal, (settle) => {
    connecting.value.whenDone(settle)
    return () => connecting.value.cancel()
  })
}
