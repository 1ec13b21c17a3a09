/** What the panic threshold has to know of a real server. */
export type PanicCandidate = {
  readonly alive: boolean
  /** An operator has taken it out: it neither counts nor is kept. */
  readonly ordered: boolean
  /** Under alpha it has not been found up yet: it neither counts nor is kept. */
  readonly neverUp: boolean
  /** When it was found down, on any one clock. */
  readonly since: number
}

/**
 * Which of the servers that were found down are kept in service, so that checks never take the last `threshold` percent: those
 * that went down last, as many as are missing. A threshold of 0 keeps nobody.
 */
export function keptInPanic(threshold: number, servers: readonly PanicCandidate[]): ReadonlySet<number> {
  const taking = servers.flatMap((server, i) => (server.ordered || server.neverUp ? [] : [{ ...server, i }]))
  const living = taking.filter(({ alive }) => alive).length
  const missing = Math.ceil((taking.length * threshold) / 100) - living
  if (missing <= 0) return new Set()
  const down = taking.filter(({ alive }) => !alive).toSorted((a, b) => b.since - a.since || a.i - b.i)
  return new Set(down.slice(0, missing).map(({ i }) => i))
}
