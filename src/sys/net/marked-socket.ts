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

const { EINPROGRESS } = constants.errno

/** A connection under way on a descriptor of our own. */
export class Connecting {
  readonly #descriptor: PolledDescriptor
  #open = true

  constructor(descriptor: PolledDescriptor) {
    this.#descriptor = descriptor
  }

  /** Calls back once, when the connection is made or has failed; the descriptor then belongs to the callback. */
  whenDone(onDone: (result: Result<PolledDescriptor, NetFailure>) => void): void {
    const watching = this.#descriptor.whenWritable((failed) => onDone(this.#end(failed)))
    if (watching < 0) throw new Error(`a socket cannot be polled (${codeOf(watching)})`)
  }

  /** Closes the descriptor, unless the callback has taken it. */
  cancel(): void {
    if (this.#open) this.#descriptor.close()
    this.#open = false
  }

  #end(failed: boolean): Result<PolledDescriptor, NetFailure> {
    const descriptor = this.#descriptor
    this.#open = false
    if (!failed) return ok(descriptor)
    const error = errorOf(descriptor.fd)
    descriptor.close()
    return fail(failureOf('connect', codeOf(-error)))
  }
}

/** Connects a socket that is bound to a device or carries a mark. */
export function connectMarked(target: ConnectTarget): Result<Connecting, NetFailure> {
  const bound = openBoundSocket(target, SOCK_STREAM)
  if (!bound.ok) return bound
  const { fd, remote } = bound.value
  const descriptor = new PolledDescriptor(fd)
  const connecting = hfsys().connect(fd, remote)
  if (connecting >= 0 || connecting === -EINPROGRESS) return ok(new Connecting(descriptor))
  descriptor.close()
  return fail(failureOf('connect', codeOf(connecting)))
}

function errorOf(fd: number): number {
  const error = new Int32Array(1)
  hfsys().getsockopt(fd, SOL_SOCKET, SO_ERROR, error)
  return error[0] as number
}
