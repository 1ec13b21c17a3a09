import type { Log } from '../../base/index.ts'
import type { Fifo } from '../../sys/fifo/index.ts'

/** Lines that wait while nobody reads, beyond those that are the last of their object. */
const MOST_WAITING = 1_000

type Waiting = { readonly about: string; readonly line: string }

/**
 * Writes lines into a pipe in their order and never waits for its reader. What finds the pipe full waits here; when that
 * gets too much, lines go of whose object a later one waits, oldest first: the last of each object is never lost.
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
  let waiting: Waiting[] = []
  let lost = 0
  let broken: string | undefined
  let onWritten: (() => void) | undefined

  function flush(): void {
    let written = 0
    for (const { line } of waiting) {
      const outcome = pipe.write(line)
      if (outcome === 'full') break
      written++
      if (outcome !== 'written') complain(outcome.failed)
    }
    waiting = waiting.slice(written)
    if (waiting.length > 0) return pipe.whenWritable(flush)
    if (written > 0 && lost > 0) log.info('FIFO is read again', { fifo: path, lost })
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
    if (waiting.length <= MOST_WAITING) return
    const last = new Map(waiting.map(({ about }, index) => [about, index]))
    const oldest = waiting.findIndex(({ about }, index) => last.get(about) !== index)
    if (oldest < 0) return
    waiting.splice(oldest, 1)
    lost++
    if (lost === 1) log.warn('nobody reads the FIFO; lines that later ones make void are lost', { fifo: path })
  }

  return {
    write(about, line) {
      waiting.push({ about, line })
      if (waiting.length > 1) return thinOut()
      flush()
    },
    waiting: () => waiting.length,
    lost: () => lost,
    whenWritten(action) {
      if (waiting.length === 0) action()
      else onWritten = action
    },
    close() {
      lost += waiting.length
      waiting = []
      pipe.close()
    },
  }
}
