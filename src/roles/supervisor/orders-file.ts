import { type Instant, instant } from '../../base/index.ts'
import type { StandingOrder, StandingOrders } from '../../proto/standing-orders/index.ts'
import { isRecord, parseJson } from './json-text.ts'

/** The text of the file of standing orders. */
export const encodeOrders = (orders: StandingOrders, bootId: string): string =>
  `${JSON.stringify({ bootId, orders })}\n`

/** Those of this boot that have not ended; none when the text is not what we write. */
export function decodeOrders(text: string, bootId: string, now: Instant): StandingOrders {
  const value = parseJson(text)
  if (!isRecord(value) || value['bootId'] !== bootId || !Array.isArray(value['orders'])) return []
  return value['orders'].flatMap(decodeOrder).filter(({ until }) => until === undefined || until > now)
}

function decodeOrder(value: unknown): readonly StandingOrder[] {
  if (!isRecord(value)) return []
  const { kind, key, by, reason, since, until } = value
  if (typeof by !== 'string' || typeof since !== 'string') return []
  const ordered = {
    by,
    since,
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof until === 'number' ? { until: instant(until) } : {}),
  }
  if (kind === 'maintenance') return [{ ...ordered, kind }]
  return (kind === 'failover' || kind === 'hold') && typeof key === 'string' ? [{ ...ordered, kind, key }] : []
}
