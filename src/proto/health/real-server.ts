import { type CheckerHealth, countsAsUp } from './state.ts'

/** A real server lives when all of its checkers say so; without checkers it always does (keepalived.conf(5)). */
export const isAlive = (checkers: readonly CheckerHealth[]): boolean => checkers.every(countsAsUp)

/** Down if one checker found it down; unknown while one has no result yet; else up. */
export function realServerState(checkers: readonly CheckerHealth[]): 'up' | 'down' | 'unknown' {
  if (checkers.some((checker) => checker.verdict === 'down')) return 'down'
  return checkers.some((checker) => checker.verdict === 'unknown') ? 'unknown' : 'up'
}
