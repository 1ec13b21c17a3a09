/** Tells work under way that nobody wants what it comes to any more; an AbortSignal is one. */
export type CancelSignal = {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/**
 * An AbortController for work that begins thousands of times a second, where Node's own costs as much as a system call. Nearly
 * all of it has one listener at a time.
 */
export class Cancellation implements CancelSignal {
  #aborted = false
  #first: (() => void) | undefined
  #others: readonly (() => void)[] | undefined

  get aborted(): boolean {
    return this.#aborted
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === undefined && this.#others === undefined) this.#first = listener
    else this.#others = [...(this.#others ?? []), listener]
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === listener) this.#first = undefined
    else this.#others = this.#others?.filter((one) => one !== listener)
  }

  /** Once; again does nothing. */
  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const first = this.#first
    const others = this.#others
    this.#first = undefined
    this.#others = undefined
    first?.()
    for (const listener of others ?? []) listener()
  }
}
