import type { Family, Instant, IpAddress, Result } from '../../base/index.ts'
import type { SystemError } from '../descriptor/index.ts'
import type { FloodGuard, GuardedSocket } from '../flood-guard/index.ts'

export type { SystemError } from '../descriptor/index.ts'

/** One received IP datagram of protocol 112, or 51. */
export type VrrpDatagram = {
  /** The VRRP message, IP header removed; valid only until the handler returns. */
  readonly payload: Uint8Array
  readonly source: IpAddress
  readonly destination: IpAddress
  /** TTL or hop limit as received; -1 when the kernel did not say. */
  readonly hopLimit: number
  readonly interfaceIndex: number
  /** IPv4: total length of the header minus header length; undefined for IPv6. Differs from payload.length on trailing padding. */
  readonly declaredLength?: number
  /** IPv4 over the authentication header: the IP header as received, with the same validity as `payload`. */
  readonly header?: Uint8Array
}

/** A raw socket for VRRP on one interface and family, bound to the device if there is one, multicast loop off, TOS/class 0xC0. */
export type VrrpSocket = {
  /** Sends one message; the kernel makes the IP header, the payload is sent as it is. */
  send(message: {
    readonly payload: Uint8Array
    readonly source: IpAddress
    readonly destination: IpAddress
    readonly hopLimit: number
  }): Result<void, SystemError>
  /** Does all that `send` does, with a hop limit that the kernel refuses: nothing leaves, and the next `send` is quick. */
  rehearse: VrrpSocket['send']
  /** From here on this guard hears first; `close` releases it. */
  protect(guard: FloodGuard): Result<GuardedSocket, SystemError>
  /** Hands on what waits, now: a socket is read between two turns of the event loop, a busy one every few milliseconds. */
  takeWaiting(): void
  close(): void
}
export type OpenVrrpSocket = (options: {
  readonly family: Family
  /** Empty with `anyInterface`: the host's. */
  readonly interface: string
  /** For unicast by any interface, of the VRF that `interface` names if it names one. */
  readonly anyInterface?: boolean
  /**
   * IPv4 with an authentication header (protocol 51). What is sent then begins with its own IP header, in which the kernel
   * fills in the checksum; what is received has its IP header beside it.
   */
  readonly authenticated?: boolean
  /** Groups to join on the interface; empty for unicast. */
  readonly groups: readonly IpAddress[]
  /** Bytes; absent: room for some hundred advertisements. */
  readonly receiveBuffer?: number
  /** `arrivedAt`: when the kernel had it, not after now. */
  readonly onDatagram: (datagram: VrrpDatagram, arrivedAt: Instant) => void
  /** The socket is unusable (interface removed); the owner closes it and opens another one later. */
  readonly onError: (error: SystemError) => void
}) => Result<VrrpSocket, SystemError>

/** One received UDP datagram. */
export type UdpDatagram = Pick<VrrpDatagram, 'payload' | 'source' | 'destination' | 'hopLimit' | 'interfaceIndex'>

/** One port on every address of a family. */
export type UdpReceiver = {
  /** From here on only what comes from these is heard; before that all is. */
  listen(sources: readonly IpAddress[]): Result<void, SystemError>
  /** How many datagrams the kernel has kept back since it was opened: from others, or for want of room. */
  keptBack(): number
  /** Hands on what has arrived by now, without waiting for the event loop. */
  drain(): void
  close(): void
}
export type OpenUdpReceiver = (options: {
  readonly family: Family
  readonly port: number
  readonly onDatagram: (datagram: UdpDatagram) => void
}) => Result<UdpReceiver, SystemError>

/** From one port of ours to one port of another host, TOS/class 0xC0; what comes back is not read. */
export type UdpSender = {
  send(payload: Uint8Array): Result<void, SystemError>
  /** Whether what came by this interface came by the one it was given; true where it was given none. */
  isOn(interfaceIndex: number): boolean
  close(): void
}
export type OpenUdpSender = (options: {
  readonly destination: IpAddress
  readonly port: number
  /** Absent: the kernel's choice. EADDRNOTAVAIL where this host does not have it. */
  readonly source?: IpAddress
  /** EADDRINUSE where it is taken. */
  readonly sourcePort: number
  readonly hopLimit: number
  /** Of what is link-local; ENODEV where there is none. One that was removed may come back. */
  readonly interface?: string
}) => Result<UdpSender, SystemError>

/** AF_PACKET socket that sends whole Ethernet frames on one interface and receives nothing. */
export type FrameSocket = {
  send(frame: Uint8Array): Result<void, SystemError>
  /** Does all that `send` does, for an interface that is not there: nothing leaves, and the next `send` is quick. */
  rehearse: FrameSocket['send']
  close(): void
}
export type OpenFrameSocket = (interfaceIndex: number) => Result<FrameSocket, SystemError>

/** What may be another host's claim to an address: an ARP frame, or an ICMPv6 message. */
export type ClaimMessage = {
  /** Valid only until the handler returns. */
  readonly data: Uint8Array
  /** Of IPv6; -1 when the kernel did not say. */
  readonly hopLimit: number
  /** Of IPv6. */
  readonly source?: IpAddress
}

/** Hears ARP (IPv4) or neighbour advertisements (IPv6) of one interface, as far as they name certain addresses. */
export type ClaimSocket = {
  /** From here on only what names one of these is heard; none: nothing. */
  listen(addresses: readonly IpAddress[]): Result<void, SystemError>
  close(): void
}
export type OpenClaimSocket = (options: {
  readonly family: Family
  readonly interface: string
  readonly interfaceIndex: number
  readonly onMessage: (message: ClaimMessage) => void
}) => Result<ClaimSocket, SystemError>

/**
 * What a link socket hears of what arrives: ARP, solicitations and advertisements of IPv6, or one protocol of IPv4; `what directors say`:
 * ARP, VRRP, ICMPv6 and UDP, also what leaves.
 */
export type LinkLanguageName = 'arp' | 'what directors say' | 'neighbour-discovery' | 'tcp over IPv4' | 'vrrp over IPv4'

/** Sends whole frames on one interface, and hears one language of it. */
export type LinkSocket = {
  send(frame: Uint8Array): Result<void, SystemError>
  close(): void
}
export type OpenLinkSocket = (options: {
  readonly hears: LinkLanguageName
  readonly interfaceIndex: number
  /** From the Ethernet header on; valid only until the handler returns. */
  readonly onFrame: (frame: Uint8Array) => void
}) => Result<LinkSocket, SystemError>
