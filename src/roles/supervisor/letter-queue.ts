import { after, type Instant, type Micros, seconds } from '../../base/index.ts'
import type { Letter } from '../../sys/mail/index.ts'

/** A letter and what became of it so far. */
export type QueuedLetter = {
  readonly letter: Letter
  /** The object that it is about: letters about one object keep their order. */
  readonly about: string
  /** Those that failed. */
  readonly attempts: number
  /** Not before this; undefined: at once. */
  readonly dueAt?: Instant
}

/** Letters that wait, and those under way, of which there is at most one about each object. */
export type LetterQueue = {
  /** All of them, those under way included. */
  size(): number
  /** Behind all others about its object. */
  add(letter: Letter, about: string): void
  /** Takes the letter to send next: one that was never tried before one that is due again; undefined: none now. */
  begin(now: Instant): QueuedLetter | undefined
  /** It is under way no more, and gone. */
  end(one: QueuedLetter): void
  /**
   * It is under way no more, and waits for another attempt before all others about its object.
   * @param letter  what of it is left to send
   * @returns false when it has been tried often enough: it is gone
   */
  putBack(one: QueuedLetter, letter: Letter, now: Instant): boolean
  /** It is under way no more, and waits before all others about its object as if it had never been tried. */
  renew(one: QueuedLetter, letter: Letter): void
  /** When the next that waits for its time is due; undefined: none waits for it. */
  nextDue(now: Instant): Instant | undefined
  /** All that wait do so as if they had never been tried. */
  renewAll(): void
  /** Removes one that is not under way, of those that have waited longest; undefined: there is none. */
  dropOldest(): QueuedLetter | undefined
  /** Those under way first. */
  all(): readonly QueuedLetter[]
  /** Removes all that are not under way. */
  dropAll(): readonly QueuedLetter[]
}

/** From one attempt to the next; after the last, most of an hour later, the letter is given up. */
const RETRY_AFTER: readonly Micros[] = [5, 30, 120, 600, 600, 600, 600].map((pause) => seconds(pause))

export function createLetterQueue(): LetterQueue {
  /** Of each object those that wait, none of them empty. */
  const lines = new Map<string, QueuedLetter[]>()
  const busy = new Set<QueuedLetter>()
  const busyWith = new Set<string>()
  /** Objects whose first letter was never tried, and those whose first was; none of them busy. */
  const fresh = new Set<string>()
  const tried = new Set<string>()
  let waiting = 0

  /** Where an object belongs after its line or what is under way has changed. */
  function sort(about: string): void {
    const first = busyWith.has(about) ? undefined : lines.get(about)?.[0]
    if (first?.attempts !== 0) fresh.delete(about)
    else fresh.add(about)
    if (first === undefined || first.attempts === 0) tried.delete(about)
    else tried.add(about)
  }

  function shift(about: string): QueuedLetter | undefined {
    const line = lines.get(about)
    const one = line?.shift()
    if (one !== undefined) waiting--
    if (line?.length === 0) lines.delete(about)
    return one
  }

  function firstDue(now: Instant): string | undefined {
    for (const about of tried) {
      const dueAt = lines.get(about)?.[0]?.dueAt
      if (dueAt === undefined || dueAt <= now) return about
    }
    return undefined
  }

  /** It is under way no more; `next` waits in its place. */
  function leave(one: QueuedLetter, next?: QueuedLetter): void {
    busy.delete(one)
    busyWith.delete(one.about)
    if (next !== undefined) {
      lines.set(one.about, [next, ...(lines.get(one.about) ?? [])])
      waiting++
    }
    sort(one.about)
  }

  return {
    size: () => waiting + busy.size,
    add(letter, about) {
      const line = lines.get(about)
      const one: QueuedLetter = { letter, about, attempts: 0 }
      if (line === undefined) lines.set(about, [one])
      else line.push(one)
      waiting++
      sort(about)
    },
    begin(now) {
      const [about = firstDue(now)] = fresh
      const one = about === undefined ? undefined : shift(about)
      if (one === undefined) return undefined
      busy.add(one)
      busyWith.add(one.about)
      sort(one.about)
      return one
    },
    end: (one) => leave(one),
    putBack(one, letter, now) {
      const pause = RETRY_AFTER[one.attempts]
      if (pause === undefined) leave(one)
      else leave(one, { ...one, letter, attempts: one.attempts + 1, dueAt: after(now, pause) })
      return pause !== undefined
    },
    renew: (one, letter) => leave(one, { letter, about: one.about, attempts: 0 }),
    nextDue(now) {
      let next: Instant | undefined
      for (const about of tried) {
        const dueAt = lines.get(about)?.[0]?.dueAt
        if (dueAt !== undefined && dueAt > now && (next === undefined || dueAt < next)) next = dueAt
      }
      return next
    },
    renewAll() {
      for (const [about, line] of lines) {
        const renewed = line.map(({ letter }) => ({ letter, about, attempts: 0 }))
        lines.set(about, renewed)
        sort(about)
      }
    },
    dropOldest() {
      const [about] = lines.keys()
      const one = about === undefined ? undefined : shift(about)
      if (one !== undefined) sort(one.about)
      return one
    },
    all: () => [...busy, ...[...lines.values()].flat()],
    dropAll() {
      const all = [...lines.values()].flat()
      lines.clear()
      fresh.clear()
      tried.clear()
      waiting = 0
      return all
    },
  }
}
