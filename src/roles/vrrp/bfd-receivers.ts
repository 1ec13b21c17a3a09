import { after, type Family, type Instant, type IpAddress, type Log, seconds } from '../../base/index.ts'
import type { BfdSession } from '../../model/index.ts'
import type { UdpDatagram, UdpReceiver } from '../../sys/socket/index.ts'
import type { VrrpPorts } from './ports.ts'

/** RFC 5881 §4, RFC 5883 §5. */
export const BFD_PORT = { single: 3784, multihop: 4784 } as const

const RETRY = seconds(1)

/** The sockets on which neighbours speak to us: one for each family and port that has sessions. Who is no neighbour is not heard. */
export type BfdReceivers = {
  synchronize(sessions: Iterable<BfdSession>): void
  /** Takes what has come in by now. */
  drain(): void
  /** How many packets came to this session's port that were for nobody's session, or found no room. */
  unclaimed(session: BfdSession): number
  /** Why packets of this session cannot come in. */
  failure(session: BfdSession): string | undefined
  /** When to try again what failed. */
  deadline(): Instant | undefined
  close(): void
}

export function openBfdReceivers(
  ports: Pick<VrrpPorts, 'openUdpReceiver' | 'clock'>,
  log: Log,
  onDatagram: (datagram: UdpDatagram, multihop: boolean) => void,
): BfdReceivers {
  const opened = new Map<string, UdpReceiver>()
  const failures = new Map<string, string>()
  let retryAt: Instant | undefined

  function open(key: string, family: Family, multihop: boolean): void {
    const port = multihop ? BFD_PORT.multihop : BFD_PORT.single
    const receiver = ports.openUdpReceiver({ family, port, onDatagram: (datagram) => onDatagram(datagram, multihop) })
    if (receiver.ok) {
      failures.delete(key)
      opened.set(key, receiver.value)
      return
    }
    const { code, message } = receiver.error
    const reason = code === 'EADDRINUSE' ? `${message}; another program speaks BFD on this host` : message
    if (failures.get(key) !== reason) log.error('BFD packets cannot be received', { reason })
    failures.set(key, reason)
    retryAt = after(ports.clock.now(), RETRY)
  }

  return {
    synchronize(sessions) {
      retryAt = undefined
      const needed = new Map<string, BfdSession>()
      const neighbours = new Map<string, Set<IpAddress>>()
      for (const session of sessions) {
        const key = keyOf(session)
        needed.set(key, session)
        neighbours.set(key, (neighbours.get(key) ?? new Set()).add(session.neighbour))
      }
      for (const [key, receiver] of opened)
        if (!needed.has(key)) {
          receiver.close()
          opened.delete(key)
        }
      for (const key of failures.keys()) if (!needed.has(key)) failures.delete(key)
      for (const [key, { family, multihop }] of needed) {
        if (!opened.has(key)) open(key, family, multihop)
        const listening = opened.get(key)?.listen([...(neighbours.get(key) ?? [])])
        // All is heard then, and refused one by one.
        if (listening?.ok === false)
          log.warn('BFD packets of strangers are not kept back', { reason: listening.error.message })
      }
    },
    drain() {
      for (const receiver of opened.values()) receiver.drain()
    },
    unclaimed: (session) => opened.get(keyOf(session))?.keptBack() ?? 0,
    failure: (session) => failures.get(keyOf(session)),
    deadline: () => retryAt,
    close() {
      for (const receiver of opened.values()) receiver.close()
      opened.clear()
      retryAt = undefined
    },
  }
}

const keyOf = ({ family, multihop }: BfdSession): string => `ipv${family}${multihop ? ' multihop' : ''}`
