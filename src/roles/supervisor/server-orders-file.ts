import { type Instant, instant } from '../../base/index.ts'
import type { ServerOrder, ServerOrders } from '../../proto/server-orders/index.ts'
import { isRecord, parseJson } from './json-text.ts'

/** The text of the file of orders about real servers. */
export const encodeServerOrders = (orders: ServerOrders, bootId: string): string =>
  `${JSON.stringify({ bootId, orders })}\n`

/**
 * Those of this boot that have not ended; none when the text is not what we write. What was leaving has left: the daemon that
 * knew it is gone.
 */
export function decodeServerOrders(text: string, bootId: string, now: Instant): ServerOrders {
  const value = parseJson(text)
  if (!isRecord(value) || value['bootId'] !== bootId || !Array.isArray(value['orders'])) return []
  return value['orders'].flatMap(decodeOrder).filter(({ until }) => until === undefined || until > now)
}

function decodeOrder(value: unknown): readonly ServerOrder[] {
  if (!isRecord(value)) return []
  const { kind, realServer, service, by, reason, since, until, deadline, weight } = value
  if (typeof realServer !== 'string' || typeof by !== 'string' || typeof since !== 'string') return []
  const ordered = {
    realServer,
    by,
    since,
    ...(typeof service === 'string' ? { service } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof until === 'number' ? { until: instant(until) } : {}),
  }
  switch (kind) {
    case 'drain':
      return [{ ...ordered, kind, ...(typeof deadline === 'number' ? { deadline: instant(deadline) } : {}) }]
    case 'disable':
      return [{ ...ordered, kind }]
    case 'weight':
      return typeof weight === 'number' ? [{ ...ordered, kind, weight }] : []
    default:
      return []
  }
}
