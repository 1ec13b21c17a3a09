/**
 * Runs at most `limit` jobs at a time, first come, first served, so that thousands of silent servers cannot take every
 * descriptor and a slow one cannot starve the rest: each probe ends within its own time limits.
 */
export class ProbeSlots {
  readonly #limit: number
  #running = 0
  readonly #waiting = new Set<() => Promise<void>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Starts the job when a slot is free; `cancel` before that forgets it. The job never rejects. */
  run(job: () => Promise<void>): { cancel(): void } {
    if (this.#running < this.#limit) this.#start(job)
    else this.#waiting.add(job)
    return { cancel: () => void this.#waiting.delete(job) }
  }

  #start(job: () => Promise<void>): void {
    this.#running++
    void job().then(() => {
      this.#running--
      for (const next of this.#waiting) {
        this.#waiting.delete(next)
        this.#start(next)
        break
      }
    })
  }
}
