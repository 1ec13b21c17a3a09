import { after, type Family, type Instant, type IpAddress, type Log, seconds } from '../../base/index.ts'
import { type ReceiveRoom, type VirtualRouter, virtualRouterKey } from '../../model/index.ts'
import { VRRP_RECEIVE_BUFFER, type VrrpDatagram, type VrrpSocket } from '../../sys/socket/index.ts'
import { advertisingInterface } from './link-names.ts'
import type { NetworkView } from './network-view.ts'
import type { VrrpPorts } from './ports.ts'

/** Names a socket: `eth0/ipv4`, or with an authentication header `eth0/ipv4/ah`. */
export const socketKey = (of: Pick<VirtualRouter, 'interface' | 'virtualLink' | 'family' | 'authentication'>): string =>
  `${advertisingInterface(of)}/ipv${of.family}${of.authentication?.type === 'ah' ? '/ah' : ''}`

/** Where a datagram came in. */
export type Arrival = {
  /** Its key. */
  readonly socket: string
  readonly interface: string
  /** The interface below a virtual link, else the same. */
  readonly base: string
  readonly family: Family
}

type Opened = {
  readonly socket: VrrpSocket
  readonly interfaceIndex: number
  readonly groups: ReadonlySet<IpAddress>
}

/** The raw sockets: one for each interface and family that has virtual routers, and one more for authentication headers. */
export type VrrpSockets = {
  /** Opens what these virtual routers need and the host has interfaces for, closes the rest. */
  synchronize(routers: Iterable<VirtualRouter>, view: NetworkView): void
  get(key: string): VrrpSocket | undefined
  /** Hands on what waits in any of them. */
  takeWaiting(): void
  /** Why there is no socket where there could be one. */
  failure(key: string): { readonly code: string; readonly message: string } | undefined
  /** When to try again what failed. */
  deadline(): Instant | undefined
  close(): void
}

const RETRY = seconds(1)
/** Of virtual routers without an interface. */
const NO_INTERFACE = 0

export function openVrrpSockets(
  ports: Pick<VrrpPorts, 'openVrrpSocket' | 'clock'>,
  log: Log,
  onDatagram: (at: Arrival, datagram: VrrpDatagram, arrivedAt: Instant) => void,
  /** A socket was lost; synchronize is to be called. */
  onLost: () => void,
  room: () => ReceiveRoom | undefined = () => undefined,
): VrrpSockets {
  const opened = new Map<string, Opened>()
  const failures = new Map<string, { readonly code: string; readonly message: string }>()
  let retryAt: Instant | undefined

  const discard = (key: string) => {
    opened.get(key)?.socket.close()
    opened.delete(key)
  }
  const noteFailure = (key: string, error: { readonly code: string; readonly message: string }) => {
    if (failures.get(key)?.message !== error.message) log.error('socket cannot be used', { socket: key, ...error })
    failures.set(key, error)
    retryAt ??= after(ports.clock.now(), RETRY)
  }

  return {
    synchronize(routers, view) {
      retryAt = undefined
      const needs = needsOf(routers, room(), view)
      const indexOf = (name: string) => (name === '' ? NO_INTERFACE : view.link(name)?.index)
      for (const [key, { interfaceIndex, groups }] of opened) {
        const need = needs.get(key)
        const usable = need !== undefined && indexOf(need.interface) === interfaceIndex
        if (!usable || [...need.groups].some((group) => !groups.has(group))) discard(key)
      }
      for (const key of failures.keys()) if (!needs.has(key)) failures.delete(key)
      for (const [key, need] of needs) {
        const index = indexOf(need.interface)
        if (opened.has(key)) continue
        if (index === undefined) {
          failures.delete(key)
          continue
        }
        const result = ports.openVrrpSocket({
          family: need.family,
          authenticated: need.authenticated,
          interface: need.interface,
          ...(need.anyInterface ? { anyInterface: true } : {}),
          groups: [...need.groups],
          ...(need.receiveBuffer === 0 ? {} : { receiveBuffer: need.receiveBuffer }),
          onDatagram: (datagram, arrivedAt) => onDatagram(need, datagram, arrivedAt),
          onError(error) {
            // What hurts a socket for a moment is told by the same call (recvmsg: ENETDOWN); only what lasts loses it.
            if (error.code === 'ENETDOWN') return
            noteFailure(key, error)
            discard(key)
            onLost()
          },
        })
        if (result.ok) {
          failures.delete(key)
          opened.set(key, { socket: result.value, interfaceIndex: index, groups: need.groups })
        } else noteFailure(key, result.error)
      }
    },
    get: (key) => opened.get(key)?.socket,
    takeWaiting() {
      for (const { socket } of opened.values()) socket.takeWaiting()
    },
    failure: (key) => failures.get(key),
    deadline: () => retryAt,
    close() {
      for (const key of [...opened.keys()]) discard(key)
      retryAt = undefined
    },
  }
}

type Need = Arrival & {
  readonly authenticated: boolean
  readonly anyInterface: boolean
  readonly groups: Set<IpAddress>
  /** The most that one asks for, or what all need together; 0: nobody asks. */
  receiveBuffer: number
  /** Bytes that all need together. */
  readonly rooms: Map<string, number>
}

function needsOf(
  routers: Iterable<VirtualRouter>,
  room: ReceiveRoom | undefined,
  view: NetworkView,
): Map<string, Need> {
  const needs = new Map<string, Need>()
  const add = (key: string, router: VirtualRouter, authenticated: boolean) => {
    const { family } = router
    const name = advertisingInterface(router)
    const need = needs.get(key) ?? {
      socket: key,
      interface: name,
      base: router.interface,
      family,
      authenticated,
      anyInterface: router.anyInterface === true,
      groups: new Set<IpAddress>(),
      receiveBuffer: 0,
      rooms: new Map<string, number>(),
    }
    if (router.receiveBuffer !== undefined) need.receiveBuffer = Math.max(need.receiveBuffer, router.receiveBuffer)
    else if (room !== undefined) {
      const size = room.size === 'MTU' ? (view.link(name)?.mtu ?? 0) : messageSize(router)
      // One that a reload changes is here twice.
      need.rooms.set(virtualRouterKey(router), room.messages * size)
    }
    if (router.unicastPeers.length === 0) need.groups.add(router.multicastGroup)
    needs.set(key, need)
  }
  for (const router of routers) {
    const { interface: base, virtualLink, family } = router
    const key = socketKey(router)
    const plain = socketKey({ interface: base, family, ...(virtualLink && { virtualLink }) })
    // Those with an authentication header are also told of what comes without one, to refuse it by name.
    add(plain, router, false)
    if (key !== plain) add(key, router, true)
  }
  for (const need of needs.values()) {
    const sum = [...need.rooms.values()].reduce((all, one) => all + one, 0)
    if (sum > VRRP_RECEIVE_BUFFER) need.receiveBuffer = Math.max(need.receiveBuffer, sum)
  }
  return needs
}

/** Bytes of its advertisements with all headers at their longest (RFC 9568 §5.2, RFC 2338 §5.3.10, RFC 4302 §2). */
function messageSize({ family, addresses, authentication }: VirtualRouter): number {
  const headers = family === 6 ? 40 : 20 + (authentication?.type === 'ah' ? 24 : 0)
  return headers + 8 + addresses.length * (family === 6 ? 16 : 4) + (family === 6 ? 0 : 8)
}
