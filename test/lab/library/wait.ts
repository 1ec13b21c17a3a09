/** Waiting in the lab: always for something observable, always with a bound. */

export const millis = (length: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, length))

/** Wall time in milliseconds with microsecond digits, comparable between processes of one machine and with captures. */
export const nowMillis = (): number => performance.timeOrigin + performance.now()

/** Milliseconds that the slowest machine may take for what takes a moment elsewhere: only what fails waits so long. */
export const PATIENCE = 45_000

export type UntilOptions = {
  /** Milliseconds before giving up. */
  readonly within?: number
  /** Milliseconds between two looks. */
  readonly every?: number
  /** What to add to the complaint: the log of a daemon, say. */
  readonly detail?: () => string
}

/**
 * Looks until `look` gives something that is not undefined or false, and returns it. Throws with `claim` when that does not
 * come about in time.
 */
export async function until<T>(
  claim: string,
  look: () => T | Promise<T>,
  { within = PATIENCE, every = 25, detail }: UntilOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = nowMillis() + within
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen as Exclude<T, undefined | false>
    if (nowMillis() >= deadline)
      throw new Error(`not seen within ${within} ms: ${claim}${detail ? `\n${detail()}` : ''}`)
    await millis(every)
  }
}
