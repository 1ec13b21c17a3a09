import { after, type Instant, type Micros, seconds } from '../../base/index.ts'

/** What was put back AT_ONCE times is put back once a PAUSE from then on, until it is left alone for a WINDOW. */
const AT_ONCE = 5
const WINDOW: Micros = seconds(10)
const PAUSE: Micros = seconds(1)

/** How often what others remove is put back: at once, but nobody wins a fight by being quick. */
export type Restorations = {
  /** Whether this may be put back now. If not, it is among `due` when its time has come. */
  may(subject: string, now: Instant): boolean
  /** It was put back. `first`: after a time of peace; `fight`: so often that from here on it takes its time. */
  done(subject: string, now: Instant): 'first' | 'again' | 'fight'
  /** Those that were refused and may be put back now. */
  due(now: Instant): readonly string[]
  deadline(): Instant | undefined
}

type Account = { times: number; last: Instant; waits: boolean }

export function openRestorations(): Restorations {
  const accounts = new Map<string, Account>()
  const freeAt = ({ times, last }: Account): Instant => (times >= AT_ONCE ? after(last, PAUSE) : last)
  return {
    may(subject, now) {
      const account = accounts.get(subject)
      if (account === undefined) return true
      account.waits = now < freeAt(account)
      return !account.waits
    },
    done(subject, now) {
      const before = accounts.get(subject)
      const goesOn = before !== undefined && now <= after(before.last, WINDOW)
      const times = goesOn ? before.times + 1 : 1
      accounts.set(subject, { times, last: now, waits: false })
      return times === 1 ? 'first' : times === AT_ONCE ? 'fight' : 'again'
    },
    due(now) {
      const ready: string[] = []
      for (const [subject, account] of accounts) {
        if (account.waits && freeAt(account) <= now) {
          account.waits = false
          ready.push(subject)
        } else if (now > after(account.last, WINDOW)) accounts.delete(subject)
      }
      return ready
    },
    deadline() {
      let earliest: Instant | undefined
      for (const account of accounts.values()) {
        const at = account.waits ? freeAt(account) : undefined
        if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at
      }
      return earliest
    },
  }
}
