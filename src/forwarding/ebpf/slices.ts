/** Work on thousands of things in slices: who carries it out may answer others between them. */

/** Yields where a pause may be, or what others need not wait for; between two yields nothing else runs. */
export type Sliced<T> = Generator<Long | undefined, T, void>

/** One thing that takes long, to be done one way or the other before the next slice. */
export type Long = { now(): void; meanwhile(): Promise<void> }

/** Things between two pauses: with some tens of microseconds each, a few milliseconds. */
export const SLICE = 128

export function* inSlices<T>(things: Iterable<T>, work: (thing: T) => void): Sliced<void> {
  let done = 0
  for (const thing of things) {
    if (done > 0 && done % SLICE === 0) yield
    work(thing)
    done++
  }
}

/** Without pauses. */
export function atOnce<T>(sliced: Sliced<T>): T {
  for (;;) {
    const step = sliced.next()
    if (step.done === true) return step.value
    step.value?.now()
  }
}

/** @param pause  awaited between slices */
export async function withPauses<T>(sliced: Sliced<T>, pause: () => Promise<unknown>): Promise<T> {
  for (;;) {
    const step = sliced.next()
    if (step.done === true) return step.value
    await step.value?.meanwhile()
    await pause()
  }
}

/** Carries out one work after another, in the order in which they were asked for; one that fails ends only itself. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work)
    last = done.then(
      () => undefined,
      () => undefined,
    )
    return done
  }
}

/** Work of which one run at a time is under way: whoever asks for it meanwhile has it run once more afterwards. */
export class OneAtATime {
  readonly #work: () => Promise<void>
  #running: Promise<void> | undefined
  #again = false

  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  ask(): void {
    this.#again = this.#running !== undefined
    this.#running ??= this.#run()
  }

  /** Resolves when nothing is under way any more. */
  idle(): Promise<void> {
    return this.#running ?? Promise.resolve()
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#again = false
        await this.#work()
      } while (this.#again)
    } finally {
      this.#running = undefined
    }
  }
}
