import type { Micros } from '../../base/index.ts'
import { timerMillis } from './failure.ts'

/**
 * The end of a wait for something that a socket tells. Node runs its timers before it looks at descriptors, so when this
 * process stood still, what came in time would count as late: once the time is up, descriptors are looked at first.
 */
export class WaitLimit {
  readonly #timer: NodeJS.Timeout
  #verdict: NodeJS.Immediate | undefined

  /** @param onLate  called once at most for each time that it begins */
  constructor(limit: Micros, onLate: () => void) {
    this.#timer = setTimeout(() => {
      this.#verdict = setImmediate(onLate)
    }, timerMillis(limit))
  }

  /** Begins anew. */
  refresh(): void {
    clearImmediate(this.#verdict)
    this.#timer.refresh()
  }

  end(): void {
    clearImmediate(this.#verdict)
    clearTimeout(this.#timer)
  }
}
