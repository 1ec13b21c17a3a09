import type { Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { fail, type Micros, ok, type Result } from '../../base/index.ts'
import { cancelled, timeoutOf, timerMillis, tlsFailure } from './failure.ts'
import type { NetFailure } from './target.ts'

/**
 * TLS over a connected socket, within `limit`. Any version that this build of OpenSSL speaks, no ALPN, and no word about the
 * certificate, as keepalived's SSL_GET: it asks whether the server answers, not who it is. Takes the socket over: what fails
 * here is closed here.
 */
export function handshake(
  socket: Socket,
  { serverName }: { readonly serverName?: string },
  limit: Micros,
  signal: AbortSignal,
): Promise<Result<TLSSocket, NetFailure>> {
  return new Promise((resolve) => {
    const secure = connect({
      socket,
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      ...(serverName === undefined ? {} : { servername: serverName }),
    })
    const settle = (result: Result<TLSSocket, NetFailure>) => {
      clearTimeout(timer)
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
    const onError = (error: Error) => settle(fail(tlsFailure(error)))
    const onClose = () => settle(fail(tlsFailure(new Error('closed'))))
    const timer = setTimeout(() => settle(fail(timeoutOf('handshake', limit))), timerMillis(limit))
    secure.once('error', onError)
    secure.once('close', onClose)
    secure.once('secureConnect', () => settle(ok(secure)))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
