import { after, type Instant, seconds } from './units.ts'

/** There and back is told at once; what goes on is told once a pause. */
const AT_ONCE = 2
const PAUSE = seconds(10)

/**
 * Keeps what changes hundreds of times a second from filling the log: of each cause two lines at once, then one every ten
 * seconds, until ten seconds had none. No clock of its own.
 */
export type RareLines = {
  /**
   * @param write  writes the line, now or later, of how it is by then
   */
  say(cause: string, now: Instant, write: WriteLine): void
  /** Writes the lines whose time has come. */
  run(now: Instant): void
  /** When to run next; undefined: nothing is left out. */
  deadline(): Instant | undefined
  /** Writes what has not been told yet, and forgets all. */
  flush(): void
}

/** @param more  field with how many lines were left out before this one; empty: none */
export type WriteLine = (more: { readonly leftOut?: number }) => void

type Account = { said: number; until: Instant; leftOut: number; write: WriteLine }

export function openRareLines(): RareLines {
  const accounts = new Map<string, Account>()

  function tell(account: Account): void {
    const { leftOut, write } = account
    account.leftOut = 0
    // The line itself was left out until now.
    write(leftOut > 1 ? { leftOut: leftOut - 1 } : {})
  }

  return {
    say(cause, now, write) {
      const known = accounts.get(cause)
      const account = known ?? { said: 0, until: after(now, PAUSE), leftOut: 0, write }
      if (known === undefined) accounts.set(cause, account)
      else if (known.until <= now && known.leftOut === 0) {
        known.said = 0
        known.until = after(now, PAUSE)
      }
      account.write = write
      account.said += 1
      if (account.said <= AT_ONCE) write({})
      else account.leftOut += 1
    },
    run(now) {
      for (const [cause, account] of accounts) {
        if (account.until > now) continue
        if (account.leftOut === 0) {
          accounts.delete(cause)
          continue
        }
        tell(account)
        account.until = after(now, PAUSE)
      }
    },
    deadline() {
      let earliest: Instant | undefined
      for (const { until, leftOut } of accounts.values())
        if (leftOut > 0 && (earliest === undefined || until < earliest)) earliest = until
      return earliest
    },
    flush() {
      for (const account of accounts.values()) if (account.leftOut > 0) tell(account)
      accounts.clear()
    },
  }
}
