import { hfsys, type Outcome, type Watch } from '../../native/index.ts'
import { systemError } from './system-error.ts'

const EPOLLIN = 0x1
const EPOLLOUT = 0x4
const EPOLLERR = 0x8
const EPOLL_CTL_ADD = 1
const EPOLL_CTL_DEL = 2
const EPOLL_CTL_MOD = 3
/** Told of at one look, */
const BATCH = 256
/** and at so many looks of one wake-up; who waits for longer is told of at the next. */
const LOOKS = 64
const MOST_IDS = 0x7fff_ffff

/** `failed`: there is an error on the descriptor. */
type OnReady = (failed: boolean) => void

/** All that this environment waits for behind one descriptor, which alone the event loop knows. */
class Poller {
  readonly #epoll: number
  readonly #watch: Watch
  /** An id is not given twice, so that what is told late of a descriptor that was closed is nobody's. */
  readonly #waiting = new Map<number, OnReady>()
  readonly #ready = new Int32Array(2 * BATCH)
  #last = 0

  /** Only a process without descriptors can be refused one, so failure throws. */
  constructor() {
    const { epollCreate, watch, keepAlive } = hfsys()
    this.#epoll = epollCreate()
    if (this.#epoll < 0) throw new Error(systemError('epoll_create', this.#epoll).message)
    const watching = watch(this.#epoll, 1, () => this.#tell())
    if (typeof watching === 'number') throw new Error(systemError('epoll_ctl', watching).message)
    this.#watch = watching
    keepAlive(watching, 0)
  }

  /** The id under which the descriptor waits, or what the kernel has against it. */
  add(fd: number, events: number, onReady: OnReady): Outcome {
    this.#last = this.#last === MOST_IDS ? 1 : this.#last + 1
    const id = this.#last
    const added = hfsys().epollControl(this.#epoll, EPOLL_CTL_ADD, fd, events, id)
    if (added < 0) return added
    if (this.#waiting.size === 0) hfsys().keepAlive(this.#watch, 1)
    this.#waiting.set(id, onReady)
    return id
  }

  change(id: number, fd: number, events: number, onReady: OnReady): Outcome {
    this.#waiting.set(id, onReady)
    return hfsys().epollControl(this.#epoll, EPOLL_CTL_MOD, fd, events, id)
  }

  remove(id: number, fd: number): void {
    hfsys().epollControl(this.#epoll, EPOLL_CTL_DEL, fd, 0, id)
    this.forget(id)
  }

  /** The kernel does so itself when a descriptor is closed. */
  forget(id: number): void {
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) hfsys().keepAlive(this.#watch, 0)
  }

  #tell(): void {
    for (let left = LOOKS; left > 0 && this.#look() === BATCH; left--);
  }

  /** How many were ready. */
  #look(): number {
    const count = hfsys().epollWait(this.#epoll, this.#ready)
    for (let i = 0; i < count; i++) {
      const [id, events] = [this.#ready[2 * i] as number, this.#ready[2 * i + 1] as number]
      this.#waiting.get(id)?.((events & EPOLLERR) !== 0)
    }
    return count
  }
}

let poller: Poller | undefined

/**
 * An open descriptor of which there are thousands, and for moments: waiting for it costs one system call, where a `Descriptor`
 * costs libuv four, and all that are ready share a wake-up.
 */
export class PolledDescriptor {
  readonly fd: number
  #id = 0
  #closed = false

  constructor(fd: number) {
    this.fd = fd
  }

  /** True from the first `close` on: a loop that drains must look, for its own handler may have closed it. */
  get closed(): boolean {
    return this.#closed
  }

  /** Calls back as long as something is left to read, and not for what was waited for before. Keeps the event loop alive. */
  whenReadable(onReady: OnReady): Outcome {
    return this.#when(EPOLLIN, onReady)
  }

  whenWritable(onReady: OnReady): Outcome {
    return this.#when(EPOLLOUT, onReady)
  }

  #when(events: number, onReady: OnReady): Outcome {
    poller ??= new Poller()
    if (this.#id > 0) return poller.change(this.#id, this.fd, events, onReady)
    const id = poller.add(this.fd, events, onReady)
    if (id < 0) return id
    this.#id = id
    return 0
  }

  /** Not waited for any more; the descriptor is the caller's. */
  release(): number {
    if (this.#id > 0) poller?.remove(this.#id, this.fd)
    this.#id = 0
    this.#closed = true
    return this.fd
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#id > 0) poller?.forget(this.#id)
    hfsys().close(this.fd)
  }
}
