import { count } from './amounts.ts'

/** `17 authentication, 2 ttl`, the most frequent first. */
export const reasonsText = (counted: Readonly<Record<string, number>>): string =>
  Object.entries(counted)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, number]) => `${count(number)} ${reason}`)
    .join(', ')
