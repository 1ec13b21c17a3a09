import { constants } from 'node:os'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { PolledDescriptor } from '../descriptor/index.ts'
import { codeOf, openBoundSocket } from './bound-socket.ts'
import { failureOf } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

const SOCK_STREAM = 1
const SOL_SOCKET = 1
const SO_ERROR = 4

/** A connection under way on a descriptor of our own. */
export type Connecting = {
  /** Calls back once, when the connection is made or has failed; the descriptor then belongs to the callback. */
  whenDone(onDone: (result: Result<PolledDescriptor, NetFailure>) => void): void
  /** Closes the descriptor, unless the callback has taken it. */
  cancel(): void
}

/** Connects a socket that is bound to a device or carries a mark. */
export function connectMarked(target: ConnectTarget): Result<Connecting, NetFailure> {
  const bound = openBoundSocket(target, SOCK_STREAM)
  if (!bound.ok) return bound
  const { fd, remote } = bound.value
  const descriptor = new PolledDescriptor(fd)
  const connecting = hfsys().connect(fd, remote)
  if (connecting < 0 && connecting !== -constants.errno.EINPROGRESS) {
    descriptor.close()
    return fail(failureOf('connect', codeOf(connecting)))
  }

  let open = true
  return ok({
    whenDone(onDone) {
      const watching = descriptor.whenWritable((failed) => {
        open = false
        if (!failed) return onDone(ok(descriptor))
        const error = errorOf(fd)
        descriptor.close()
        onDone(fail(failureOf('connect', codeOf(-error))))
      })
      if (watching < 0) throw new Error(`a socket cannot be polled (${codeOf(watching)})`)
    },
    cancel() {
      if (open) descriptor.close()
      open = false
    },
  })
}

function errorOf(fd: number): number {
  const error = new Int32Array(1)
  hfsys().getsockopt(fd, SOL_SOCKET, SO_ERROR, error)
  return error[0] as number
}
