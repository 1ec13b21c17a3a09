import { hfsys, type Outcome } from '../../native/index.ts'
import type { Descriptor } from '../descriptor/index.ts'

/** Milliseconds from one reading of a busy socket to the next. */
const EVERY = 4
/** Microseconds in which so many datagrams make it busy: a thousand a second. */
const WINDOW = 32_000
const MANY = 32
/** Readings that are looked at together, longer than most advertise, and in how few datagrams it is not busy any more: half of that. */
const TURNS = 32
const FEW = 64

/** When a socket is read: at once, and a busy one every few milliseconds, because waking up costs more than reading. */
export type Pace = {
  /** From here on `read` is called. */
  begin(): Outcome
  /** One datagram has been read. */
  count(): void
  end(): void
}

/** Those that are read in turns; together, for each by itself would wake the process. */
const busy = new Set<() => void>()
let ticker: NodeJS.Timeout | undefined

function readInTurns(inTurn: () => void): void {
  busy.add(inTurn)
  ticker ??= setInterval(() => {
    for (const one of [...busy]) one()
  }, EVERY)
}

function readNoMore(inTurn: () => void): void {
  busy.delete(inTurn)
  if (busy.size > 0) return
  clearInterval(ticker)
  ticker = undefined
}

/** @param onError it cannot be watched any more */
export function openPace(
  descriptor: Pick<Descriptor, 'closed' | 'whenReadable' | 'pause'>,
  read: () => void,
  onError: (error: Outcome) => void,
): Pace {
  let [began, counted, turns] = [0, 0, 0]

  const begin = (): Outcome => descriptor.whenReadable(whenReadable)

  function whenReadable(): void {
    const now = hfsys().clock()
    if (now - began > WINDOW) [began, counted] = [now, 0]
    read()
    if (descriptor.closed || counted < MANY) return
    descriptor.pause()
    ;[counted, turns] = [0, 0]
    readInTurns(inTurn)
  }

  function inTurn(): void {
    read()
    if (descriptor.closed || ++turns < TURNS) return
    const staysBusy = counted >= FEW
    ;[counted, turns] = [0, 0]
    if (staysBusy) return
    readNoMore(inTurn)
    const watching = begin()
    if (watching < 0) onError(watching)
  }

  return {
    begin,
    count() {
      counted++
    },
    end: () => readNoMore(inTurn),
  }
}
