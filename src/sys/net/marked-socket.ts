import { constants } from 'node:os'
import { fail, ok, type Result } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import { codeOf, openBoundSocket } from './bound-socket.ts'
import { failureOf } from './failure.ts'
import type { ConnectTarget, NetFailure } from './target.ts'

const SOCK_STREAM = 1
const SOL_SOCKET = 1
const SO_ERROR = 4
const WRITABLE = 2

/** A connection under way on a descriptor of our own. */
export type Connecting = {
  /** Calls back once, when the connection is made or has failed; the descriptor then belongs to the callback. */
  whenDone(onDone: (result: Result<number, NetFailure>) => void): void
  /** Closes the descriptor, unless the callback has taken it. */
  cancel(): void
}

/** Connects a socket that is bound to a device or carries a mark. */
export function connectMarked(target: ConnectTarget): Result<Connecting, NetFailure> {
  const bound = openBoundSocket(target, SOCK_STREAM)
  if (!bound.ok) return bound
  const sys = hfsys()
  const { fd, remote } = bound.value
  const connecting = sys.connect(fd, remote)
  if (connecting < 0 && connecting !== -constants.errno.EINPROGRESS) {
    sys.close(fd)
    return fail(failureOf('connect', codeOf(connecting)))
  }

  let open = true
  let unwatch = () => {}
  return ok({
    whenDone(onDone) {
      const watch = sys.watch(fd, WRITABLE, () => {
        unwatch()
        const error = new Int32Array(1)
        sys.getsockopt(fd, SOL_SOCKET, SO_ERROR, error)
        open = false
        if (error[0] === 0) return onDone(ok(fd))
        sys.close(fd)
        onDone(fail(failureOf('connect', codeOf(-(error[0] as number)))))
      })
      if (typeof watch === 'number') throw new Error(`a socket cannot be polled (${codeOf(watch)})`)
      unwatch = () => sys.unwatch(watch)
    },
    cancel() {
      if (!open) return
      open = false
      unwatch()
      sys.close(fd)
    },
  })
}
