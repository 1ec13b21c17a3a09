import { fail, ok, type Result } from '../../base/index.ts'
import type { CancelSignal } from './cancellation.ts'
import { dial } from './dial.ts'
import { cancelled } from './failure.ts'
import { connectMarked } from './marked-socket.ts'
import { settledWithin } from './settled-within.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

/**
 * Makes a TCP connection and closes it at once, as TCP_CHECK does. It is a plain close(2), so the server sees an orderly
 * end; only if it greets faster than we close does the kernel answer the unread bytes with a reset, as keepalived's
 * close does. SO_LINGER is left alone: a reset as a rule would spare us TIME_WAIT but fill every server's log.
 */
export function tryConnect(target: ConnectTarget, signal: CancelSignal): Promise<Result<void, NetFailure>> {
  if (signal.aborted) return Promise.resolve(fail(cancelled))
  const begun = connectMarked(target)
  if (!begun.ok) return begun.error.reason === 'not-supported' ? tryDial(target, signal) : Promise.resolve(begun)
  const connecting = begun.value
  return settledWithin<void>(target, signal, (settle) => {
    connecting.whenDone((end) => {
      if (!end.ok) return settle(end)
      end.value.close()
      settle(connected)
    })
    return () => connecting.cancel()
  })
}

const connected = ok(undefined)

async function tryDial(target: ConnectTarget, signal: CancelSignal): Promise<Result<void, NetFailure>> {
  const socket = await dial(target, signal)
  if (!socket.ok) return socket
  socket.value.on('error', () => {})
  socket.value.destroy()
  return ok(undefined)
}
