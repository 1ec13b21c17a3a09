import type { Log } from '../../base/index.ts'
import type { Fifo } from '../../sys/fifo/index.ts'

/** Lines that wait while nobody reads, beyond those that are the last of their object. */
const MOST_WAITING = 1_000

type Waiting = { readonly about: string; readonly line: string }

/**
 * Writes lines into a pipe in their order and never waits for its reader. What finds the pipe full waits here; when that
 * gets too much, lines go of whose object a later one waits, first those that have been void for longest: the last of each
 * object is never lost.
 */
export type FifoWriter = {
  write(about: string, line: string): void
  readonly waiting: () => number
  /** Lines that were given up. */
  readonly lost: () => number
  /** Calls back at once, or as soon as nothing waits any more. */
  whenWritten(onWritten: () => void): void
  /** What waits is lost. */
  close(): void
}

export function createFifoWriter(path: string, pipe: Fifo, log: Log): FifoWriter {
  /** By number, in their order. */
  const waiting = new Map<number, Waiting>()
  /** The number of the last line of each object that has one here. */
  const last = new Map<string, number>()
  /** Numbers of those that later ones make void. */
  const superseded = new Set<number>()
  let count = 0
  let lost = 0
  let thinned = false
  let broken: string | undefined
  let onWritten: (() => void) | undefined

  function flush(): void {
    for (const [number, { about, line }] of waiting) {
      const outcome = pipe.write(line)
      if (outcome === 'full') return pipe.whenWritable(flush)
      if (outcome !== 'written') complain(outcome.failed)
      waiting.delete(number)
      superseded.delete(number)
      if (last.get(about) === number) last.delete(about)
    }
    if (thinned) log.info('FIFO is read again', { fifo: path, lost })
    thinned = false
    onWritten?.()
    onWritten = undefined
  }

  /** Once for each reason. */
  function complain(reason: string): void {
    lost++
    if (broken !== reason) log.error('line cannot be written to the FIFO', { fifo: path, reason })
    broken = reason
  }

  function thinOut(): void {
    if (waiting.size <= MOST_WAITING) return
    const [first] = superseded
    if (first === undefined) return
    superseded.delete(first)
    waiting.delete(first)
    lost++
    if (!thinned) log.warn('nobody reads the FIFO; lines that later ones make void are lost', { fifo: path })
    thinned = true
  }

  return {
    write(about, line) {
      const before = last.get(about)
      if (before !== undefined) superseded.add(before)
      last.set(about, ++count)
      waiting.set(count, { about, line })
      if (waiting.size > 1) return thinOut()
      flush()
    },
    waiting: () => waiting.size,
    lost: () => lost,
    whenWritten(action) {
      if (waiting.size === 0) action()
      else onWritten = action
    },
    close() {
      lost += waiting.size
      waiting.clear()
      last.clear()
      superseded.clear()
      pipe.close()
    },
  }
}
