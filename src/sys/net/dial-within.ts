import { Socket } from 'node:net'
import { fail, ok, type Result } from '../../base/index.ts'
import { withinNetworkNamespace } from '../privileges/index.ts'
import { timeoutOf } from './failure.ts'
import { connectMarked } from './marked-socket.ts'
import type { ConnectTarget, NetFailure } from './target.ts'
import { WaitLimit } from './wait-limit.ts'

/**
 * Connects within `connectTimeout` from another network namespace; the socket stays there, and then belongs to the caller.
 * @param namespace a name of `ip netns`
 */
export function dialWithin(namespace: string, target: ConnectTarget): Promise<Result<Socket, NetFailure>> {
  const connecting = withinNetworkNamespace(namespace, () => connectMarked(target))
  if (!connecting.ok) {
    const { error } = connecting
    const failure: NetFailure = 'phase' in error ? error : { phase: 'connect', reason: 'local', message: error.message }
    return Promise.resolve(fail(failure))
  }
  return new Promise((resolve) => {
    const limit = new WaitLimit(target.connectTimeout, () => {
      connecting.value.cancel()
      resolve(fail(timeoutOf('connect', target.connectTimeout)))
    })
    connecting.value.whenDone((result) => {
      limit.end()
      resolve(result.ok ? ok(new Socket({ fd: result.value.release() })) : result)
    })
  })
}
