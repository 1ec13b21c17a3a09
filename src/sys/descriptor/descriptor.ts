import { constants } from 'node:os'
import { hfsys, type Outcome, type Watch } from '../../native/index.ts'

const READABLE = 1

/** Nothing to read, or a signal came first: try again when the descriptor is ready. */
export const isWouldBlock = (outcome: Outcome): boolean =>
  outcome === -constants.errno.EAGAIN || outcome === -constants.errno.EINTR

/** An open descriptor and, once `whenReadable` is called, its watch. Closed once, both together, also from the callback. */
export class Descriptor {
  readonly fd: number
  #watch: Watch | undefined
  #closed = false

  constructor(fd: number) {
    this.fd = fd
  }

  /** True from the first `close` on: a loop that drains must look, for its own handler may have closed it. */
  get closed(): boolean {
    return this.#closed
  }

  /** Keeps the event loop alive. Called again as long as something is left to read. */
  whenReadable(onReadable: () => void): Outcome {
    const watch = hfsys().watch(this.fd, READABLE, onReadable)
    if (typeof watch === 'number') return watch
    this.#watch = watch
    return 0
  }

  /** Nobody is called until `whenReadable` is called again. */
  pause(): void {
    if (this.#watch !== undefined) hfsys().unwatch(this.#watch)
    this.#watch = undefined
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#watch !== undefined) hfsys().unwatch(this.#watch)
    hfsys().close(this.fd)
  }
}
