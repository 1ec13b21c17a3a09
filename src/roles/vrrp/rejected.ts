import type { IpAddress } from '../../base/index.ts'
import type { RejectedSnapshot } from '../../observe/index.ts'

/** Whose advertisements were refused, the latest last; its size is bounded, whatever addresses a stranger makes up. */
export type RejectedSenders = Map<IpAddress, { reason: string; count: number; wall: number }>

const MOST = 16

export function noteRejected(senders: RejectedSenders, source: IpAddress, reason: string, wall: number): void {
  const known = senders.get(source)
  senders.delete(source)
  senders.set(source, { reason, count: (known?.count ?? 0) + 1, wall })
  if (senders.size <= MOST) return
  const [oldest] = senders.keys()
  if (oldest !== undefined) senders.delete(oldest)
}

export const rejectedSnapshot = (senders: RejectedSenders): readonly RejectedSnapshot[] =>
  [...senders].map(([source, { reason, count, wall }]) => ({
    source,
    reason,
    count,
    last: new Date(wall).toISOString(),
  }))
