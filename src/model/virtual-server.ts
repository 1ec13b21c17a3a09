import { type Family, familyOf, type IpAddress, type Micros } from '../base/index.ts'
import type { Checker } from './checker.ts'
import type { Command } from './command.ts'
import type { KeptLine } from './kept-line.ts'
import type { ServerSource } from './server-source.ts'

export type Protocol = 'tcp' | 'udp' | 'sctp'

/** Names as in lb_algo and ipvsadm. */
export const schedulers = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'sh',
  'mh',
  'dh',
  'fo',
  'ovf',
  'sed',
  'nq',
  'twos',
] as const
export type SchedulerName = (typeof schedulers)[number]

/** NAT, DR, TUN and FNAT of lb_kind. */
export type ForwardingMethod = 'nat' | 'dr' | 'tun' | 'fullnat'

/** flag-1, flag-2, flag-3 of lb_algo and ipvsadm: for sh and mh the first is `-fallback`, the second `-port`. */
export const schedulerFlags = ['flag-1', 'flag-2', 'flag-3'] as const
export type SchedulerFlag = (typeof schedulerFlags)[number]

/** The outer headers of TUN (ipvsadm --tun-type); absent: ipip. */
export type Tunnel = {
  readonly type: 'ipip' | 'gue' | 'gre'
  /** GUE: where the server listens, 1–65535. Otherwise 0. */
  readonly port: number
  /** Of the outer header; ipip has none. */
  readonly checksum: 'none' | 'checksum' | 'remote-checksum'
}

export type ServiceAddress =
  | {
      readonly kind: 'address'
      readonly protocol: Protocol
      readonly address: IpAddress
      /** 0: any port. */
      readonly port: number
    }
  | { readonly kind: 'fwmark'; readonly family: Family; readonly mark: number }

/** `tcp/192.0.2.1:80`, `udp/[2001:db8::1]:53` or `fwmark/4/7`; the key of a service in every message and map. */
export function serviceKey(of: ServiceAddress): string {
  if (of.kind === 'fwmark') return `fwmark/${of.family}/${of.mark}`
  return `${of.protocol}/${endpoint(of)}`
}

/** `192.0.2.1:80` or `[2001:db8::1]:80`. */
export const endpoint = (of: { readonly address: IpAddress; readonly port: number }): string =>
  of.address.includes(':') ? `[${of.address}]:${of.port}` : `${of.address}:${of.port}`

/** One real_server: what the user wrote, everything inherited and defaulted. */
export type RealServer = {
  readonly address: IpAddress
  readonly port: number
  /** 0 takes no new connections. */
  readonly weight: number
  readonly method: ForwardingMethod
  readonly tunnel?: Tunnel
  /** Weight 0 instead of removal while down. */
  readonly inhibitOnFailure: boolean
  /** Connection limits; 0: none. */
  readonly upperThreshold: number
  readonly lowerThreshold: number
  /** Up when all of them are; none: always up. */
  readonly checkers: readonly Checker[]
  readonly notifyUp?: Command
  readonly notifyDown?: Command
  /** Mail is sent of its changes. */
  readonly smtpAlert?: true
  /** So long until it has its whole weight when it comes up; absent: at once. */
  readonly slowStart?: Micros
  /** Its name in SNMP. */
  readonly snmpName?: string
  /** Of whom the DNS says that this is an address; absent: the address was given. */
  readonly hostName?: string
}

export type SorryServer = {
  readonly address: IpAddress
  readonly port: number
  readonly method: ForwardingMethod
  readonly tunnel?: Tunnel
  /** Kept in the table with weight 0 while it is not needed. */
  readonly inhibit: boolean
}

export type Persistence = {
  /** Whole seconds, 1–2678400. */
  readonly timeout: number
  /** Client addresses are grouped by this many leading bits: 32 and 128 are one client. */
  readonly prefixLength: number
}

export type VirtualServer = {
  /** Unique in the model; its `virtualServerKey`. */
  readonly key: string
  readonly service: ServiceAddress
  /**
   * virtual_server group: `service` is the first of the group, these are the others, of the same family. They share servers,
   * checks and quorum; a server with port 0 has the port of each, and so has one that is not behind NAT, whatever its own is.
   */
  readonly group?: { readonly name: string; readonly others: readonly ServiceAddress[] }
  readonly scheduler: SchedulerName
  readonly schedulerFlags?: readonly SchedulerFlag[]
  readonly persistence?: Persistence
  readonly persistenceEngine?: string
  readonly onePacket: boolean
  /** FULLNAT: source addresses towards the servers (local_address_group); none: no destination may use fullnat. */
  readonly localAddresses?: readonly IpAddress[]
  /** FULLNAT: tell servers the client's address in a TCP option (TOA). */
  readonly tcpOptionAddress?: boolean
  readonly realServers: readonly RealServer[]
  /** Where more of them come from; the quorum is then as written. Roles see the servers, not where they come from. */
  readonly serverSources?: readonly ServerSource[]
  readonly sorryServer?: SorryServer
  /** Weight sum of living real servers needed, at least 1. */
  readonly quorum: number
  readonly hysteresis: number
  /** Real servers start as down until their first success. */
  readonly alpha: boolean
  /** Down notifications are run at the daemon's stop. */
  readonly omega: boolean
  readonly quorumUp?: Command
  readonly quorumDown?: Command
  /** Mail is sent when the quorum is gained or lost. */
  readonly smtpAlert?: true
  /** Servers are checked only while an address of it is on this host. */
  readonly haSuspend?: true
  /** Lines that have no effect; absent: none. */
  readonly kept?: readonly KeptLine[]
  /** Checks never take the last so many percent of its servers, 1–100; absent: they may take all. */
  readonly panicThreshold?: number
  /** Its name in SNMP. */
  readonly snmpName?: string
}

/** A real server's identity inside its virtual server: address and port, not weight or checkers. */
export const realServerKey = (of: Pick<RealServer, 'address' | 'port'>): string => endpoint(of)

/** The port at which a service reaches a server: NAT may map it to the server's own; direct routing and tunnels keep that of the packet. */
export function portInService({ method, port }: Pick<RealServer, 'method' | 'port'>, service: ServiceAddress): number {
  const own = service.kind === 'fwmark' ? 0 : service.port
  return port !== 0 && (method === 'nat' || method === 'fullnat') ? port : own
}

/**
 * The key of a virtual server: of a single service the `serviceKey`; of a group `group/NAME/tcp/4`, or `group/NAME/fwmark/4` where it
 * has marks alone, so that it is the same one whatever is added to the group or leaves it.
 */
export function virtualServerKey(of: Pick<VirtualServer, 'service' | 'group'>): string {
  if (of.group === undefined) return serviceKey(of.service)
  const addressed = servicesOf(of).find((one) => one.kind === 'address')
  const kind = addressed?.kind === 'address' ? addressed.protocol : 'fwmark'
  return `group/${of.group.name}/${kind}/${familyOfService(of.service)}`
}

const familyOfService = (of: ServiceAddress): Family => (of.kind === 'fwmark' ? of.family : familyOf(of.address))

/** Everything it listens to: one service, or those of its group. */
export const servicesOf = ({ service, group }: Pick<VirtualServer, 'service' | 'group'>): readonly ServiceAddress[] =>
  group === undefined ? [service] : [service, ...group.others]
