import { connect, type OnReadOpts, Socket } from 'node:net'
import { fail, ok, type Result } from '../../base/index.ts'
import type { CancelSignal } from './cancellation.ts'
import { cancelled, errorCode, failureOf, ownTrouble } from './failure.ts'
import { connectMarked } from './marked-socket.ts'
import { type Settle, settledWithin } from './settled-within.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

/** Takes what a socket receives without a stream in between; `buffer` is used again for the next bytes. */
export type Receiver = OnReadOpts

/**
 * Connects within `connectTimeout`. The socket then belongs to the caller; one that fails, is late or called off is
 * closed here. Abort is answered at once.
 */
export function dial(
  target: ConnectTarget,
  signal: CancelSignal,
  receiver?: Receiver,
): Promise<Result<Socket, NetFailure>> {
  if (signal.aborted) return Promise.resolve(fail(cancelled))
  const special = target.bindInterface !== undefined || target.fwmark !== undefined
  return settledWithin<Socket>(target, signal, (settle) =>
    special ? dialMarked(target, receiver, settle) : dialPlain(target, receiver, settle),
  )
}

function dialPlain(target: ConnectTarget, receiver: Receiver | undefined, settle: Settle<Socket>): () => void {
  const socket = connect({
    host: target.address,
    port: target.port,
    noDelay: true,
    ...(target.bindAddress === undefined ? {} : { localAddress: target.bindAddress }),
    ...(target.bindPort === undefined ? {} : { localPort: target.bindPort }),
    ...(receiver === undefined ? {} : { onread: receiver }),
  })
  const onError = (error: NodeJS.ErrnoException) => {
    const failed = error.syscall === 'bind' ? ownTrouble : failureOf
    settle(fail(failed('connect', errorCode(error))))
  }
  socket.once('error', onError)
  socket.once('connect', () => {
    socket.off('error', onError)
    settle(ok(socket))
  })
  return () => {
    socket.on('error', () => {})
    socket.destroy()
  }
}

function dialMarked(target: ConnectTarget, receiver: Receiver | undefined, settle: Settle<Socket>): () => void {
  const connecting = connectMarked(target)
  if (!connecting.ok) {
    queueMicrotask(() => settle(fail(connecting.error)))
    return () => {}
  }
  connecting.value.whenDone((result) => {
    if (!result.ok) return settle(result)
    settle(ok(new Socket({ fd: result.value.release(), ...(receiver === undefined ? {} : { onread: receiver }) })))
  })
  return () => connecting.value.cancel()
}
