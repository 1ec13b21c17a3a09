import { hfsys, type Outcome } from '../../native/index.ts'
import type { Descriptor } from '../descriptor/index.ts'

/** Milliseconds between two readings of a socket that is flooded. */
const PAUSE = 4
/** Microseconds in which so many datagrams are a flood: two thousand a second. */
const WINDOW = 32_000
const MANY = 64

/** How often a socket is read: at once, and in a flood every few milliseconds, because waking up costs more than reading. */
export type Pace = {
  /** From here on `read` is called. */
  begin(): Outcome
  /** One datagram has been read. */
  count(): void
  end(): void
}

/** @param onError it cannot be watched any more */
export function openPace(descriptor: Descriptor, read: () => void, onError: (error: Outcome) => void): Pace {
  let timer: NodeJS.Timeout | undefined
  let [began, counted] = [0, 0]

  const begin = (): Outcome => descriptor.whenReadable(turn)

  function turn(): void {
    const now = hfsys().clock()
    if (now - began > WINDOW) [began, counted] = [now, 0]
    read()
    if (descriptor.closed || counted < MANY) return
    descriptor.pause()
    timer = setTimeout(resume, PAUSE)
  }

  function resume(): void {
    timer = undefined
    if (descriptor.closed) return
    const watching = begin()
    if (watching < 0) onError(watching)
  }

  return {
    begin,
    count() {
      counted++
    },
    end() {
      clearTimeout(timer)
    },
  }
}
