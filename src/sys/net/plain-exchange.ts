import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { isWouldBlock } from '../descriptor/index.ts'
import { waitForAnswer } from './answer-wait.ts'
import { codeOf } from './bound-socket.ts'
import type { CancelSignal } from './cancellation.ts'
import { connectWithin } from './connect-within.ts'
import type { Exchange } from './exchange.ts'
import { cancelled, failureOf } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

/** Every socket's buffer takes so much at once. */
export const MOST_WRITTEN = 4096

/** Reads at one wake-up: who sends without end leaves time for others. */
const BATCH = 16
/** One for all sockets: what it holds is passed on before the next read. */
const buffer = new Uint8Array(64 * 1024)
const lengths = new Int32Array(3)

/**
 * An exchange without TLS on a descriptor of our own, at half the cost of a stream; `not-supported` without the addon.
 * @param request  at most MOST_WRITTEN bytes
 */
export async function plainExchange(
  target: ConnectTarget,
  { request, onBytes, patience }: Omit<Exchange, 'tls'>,
  signal: CancelSignal,
): Promise<Result<void, NetFailure>> {
  const connected = await connectWithin(target, signal)
  if (!connected.ok) return connected
  const descriptor = connected.value
  const sys = hfsys()

  return new Promise((resolve) => {
    const settle = (result: Result<void, NetFailure>) => {
      if (descriptor.closed) return
      wait.end()
      signal.removeEventListener('abort', onAbort)
      descriptor.close()
      resolve(result)
    }
    const wait = waitForAnswer(target.connectTimeout, patience, (failure) => settle(fail(failure)))
    const onAbort = () => settle(fail(cancelled))
    const take = () => {
      for (let left = BATCH; left > 0; left--) {
        const size = sys.recvmsg(descriptor.fd, buffer, undefined, undefined, 0, lengths)
        if (size < 0) return isWouldBlock(size) ? undefined : settle(fail(failureOf('receive', codeOf(size))))
        if (size === 0) return settle(ok(undefined))
        wait.heard(size)
        if (onBytes(buffer.subarray(0, size)) === 'enough') return settle(ok(undefined))
      }
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    const watching = descriptor.whenReadable(take)
    if (watching < 0) throw new Error(`a socket cannot be polled (${codeOf(watching)})`)
    const sent = sys.sendmsg(descriptor.fd, request, undefined, undefined, 0)
    if (sent < 0) settle(fail(failureOf('send', codeOf(sent))))
  })
}
