import { isIP, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { fail, type Micros, ok, type Result } from '../../base/index.ts'
import type { CancelSignal } from './cancellation.ts'
import { cancelled, streamFailure, timeoutOf } from './failure.ts'
import type { NetFailure } from './target.ts'
import { objection, secureContextFor, type TlsOptions } from './tls.ts'
import { WaitLimit } from './wait-limit.ts'

/**
 * TLS over a connected socket, within `limit`. Takes the socket over: what fails here is closed here.
 */
export function handshake(
  socket: Socket,
  options: TlsOptions,
  limit: Micros,
  signal: CancelSignal,
): Promise<Result<TLSSocket, NetFailure>> {
  const context = secureContextFor(options)
  if (!context.ok) {
    socket.destroy()
    return Promise.resolve(context)
  }
  const { serverName, alpn } = options
  return new Promise((resolve) => {
    const secure = connect({
      socket,
      secureContext: context.value,
      // What is wrong with the certificate is told by `objection`, and only where somebody asks.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    })
    const settle = (result: Result<TLSSocket, NetFailure>) => {
      wait.end()
      signal.removeEventListener('abort', onAbort)
      secure.off('error', onError)
      secure.off('close', onClose)
      if (!result.ok) {
        secure.on('error', () => {})
        secure.destroy()
        socket.destroy()
      }
      resolve(result)
    }
    const onAbort = () => settle(fail(cancelled))
    const onError = (error: Error) => settle(fail(streamFailure('handshake', error)))
    const onClose = () => settle(fail(streamFailure('handshake', new Error('closed'))))
    const wait = new WaitLimit(limit, () => settle(fail(timeoutOf('handshake', limit))))
    secure.once('error', onError)
    secure.once('close', onClose)
    secure.once('secureConnect', () => {
      const failure = objection(secure, options)
      settle(failure === undefined ? ok(secure) : fail(failure))
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
  })
}
