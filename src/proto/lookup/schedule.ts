import { after, type Instant, micros, seconds } from '../../base/index.ts'
import type { ServerName } from '../../model/index.ts'

/**
 * When the name is asked for again.
 * @param ttl  seconds that the answer counts; undefined: there was none of use
 */
export const nextLookup = (
  { minTtl, maxTtl }: Pick<ServerName, 'minTtl' | 'maxTtl'>,
  ttl: number | undefined,
  now: Instant,
): Instant => after(now, ttl === undefined ? minTtl : micros(Math.min(maxTtl, Math.max(minTtl, seconds(ttl)))))
