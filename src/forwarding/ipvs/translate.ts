/** Services and destinations as the kernel has them, and back. */

import { type Family, familyOf } from '../../base/index.ts'
import type { SchedulerFlag, SchedulerName, ServiceAddress, Tunnel } from '../../model/index.ts'
import {
  IP_VS_SVC_F_ONEPACKET,
  IP_VS_SVC_F_PERSISTENT,
  IP_VS_SVC_F_SCHED1,
  type IpvsDestination,
  type IpvsService,
  type IpvsServiceIdentity,
} from '../../wire/ipvs/index.ts'
import type { Destination, Service } from '../index.ts'

export const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const
type Protocol = keyof typeof protocolNumbers

/** In the order of their bits in the kernel, from IP_VS_SVC_F_SCHED1. */
const flagNames = ['flag-1', 'flag-2', 'flag-3'] as const satisfies readonly SchedulerFlag[]
/** Local and bypass are the kernel's own; nobody can ask for them, and direct routing is what comes next to them. */
const methods = ['nat', 'dr', 'tun', 'dr', 'dr'] as const
const methodNumbers = { nat: 0, tun: 2, dr: 3 } as const
const tunnelTypes = ['ipip', 'gue', 'gre'] as const satisfies readonly Tunnel['type'][]
const tunnelChecksums = ['none', 'checksum', 'remote-checksum'] as const satisfies readonly Tunnel['checksum'][]

const ALL_FLAGS = 0xffffffff

export function identityOf(address: ServiceAddress): IpvsServiceIdentity {
  return address.kind === 'fwmark' ? address : { ...address, protocol: protocolNumbers[address.protocol] }
}

/** Undefined for a protocol that services do not have. */
export function addressOf(identity: IpvsServiceIdentity): ServiceAddress | undefined {
  if (identity.kind === 'fwmark') return identity
  const protocol = protocolName(identity.protocol)
  return protocol === undefined ? undefined : { ...identity, protocol }
}

export function toKernelService(service: Service): IpvsService {
  const { address, scheduler, schedulerFlags = [], persistence, persistenceEngine, onePacket } = service
  const family = familyOfService(address)
  const ofScheduler = flagNames.reduce(
    (flags, name, index) => flags | (schedulerFlags.includes(name) ? IP_VS_SVC_F_SCHED1 << index : 0),
    0,
  )
  return {
    identity: identityOf(address),
    scheduler,
    flags:
      (persistence === undefined ? 0 : IP_VS_SVC_F_PERSISTENT) | (onePacket ? IP_VS_SVC_F_ONEPACKET : 0) | ofScheduler,
    flagMask: ALL_FLAGS,
    timeout: persistence?.timeout ?? 0,
    netmask: netmaskOf(persistence?.prefixLength ?? (family === 4 ? 32 : 128), family),
    ...(persistenceEngine === undefined ? {} : { persistenceEngine }),
  }
}

/** Undefined for a service that nothing here can name. */
export function fromKernelService(kernel: IpvsService): Service | undefined {
  const { identity, flags, timeout, netmask, persistenceEngine } = kernel
  const address = addressOf(identity)
  if (address === undefined) return undefined
  const schedulerFlags = flagNames.filter((_, index) => (flags & (IP_VS_SVC_F_SCHED1 << index)) !== 0)
  const isPersistent = (flags & IP_VS_SVC_F_PERSISTENT) !== 0
  return {
    address,
    // Somebody may have loaded a scheduler, or none, that we have no name for; it is told as it is.
    scheduler: kernel.scheduler as SchedulerName,
    onePacket: (flags & IP_VS_SVC_F_ONEPACKET) !== 0,
    ...(schedulerFlags.length === 0 ? {} : { schedulerFlags }),
    ...(isPersistent
      ? { persistence: { timeout, prefixLength: prefixLengthOf(netmask, familyOfService(address)) } }
      : {}),
    ...(persistenceEngine === undefined ? {} : { persistenceEngine }),
  }
}

/** @param destination  of any method but fullnat */
export function toKernelDestination(destination: Destination): IpvsDestination {
  const { address, port, weight, method, upperThreshold, lowerThreshold } = destination
  const tunnel = method === 'tun' ? destination.tunnel : undefined
  return {
    address,
    port,
    method: method === 'fullnat' ? methodNumbers.nat : methodNumbers[method],
    weight,
    upperThreshold,
    lowerThreshold,
    tunnelType: tunnelTypes.indexOf(tunnel?.type ?? 'ipip'),
    tunnelPort: tunnel?.port ?? 0,
    tunnelFlags: tunnelChecksums.indexOf(tunnel?.checksum ?? 'none'),
  }
}

export function fromKernelDestination(kernel: IpvsDestination): Destination {
  const { address, port, weight, upperThreshold, lowerThreshold, tunnelPort } = kernel
  const method = methods[kernel.method] ?? 'dr'
  const type = tunnelTypes[kernel.tunnelType] ?? 'ipip'
  const checksum = tunnelChecksums[kernel.tunnelFlags] ?? 'none'
  return {
    address,
    port,
    weight,
    method,
    upperThreshold,
    lowerThreshold,
    ...(method === 'tun' && type !== 'ipip' ? { tunnel: { type, port: tunnelPort, checksum } } : {}),
  }
}

const familyOfService = (address: ServiceAddress): Family =>
  address.kind === 'fwmark' ? address.family : familyOf(address.address)

function protocolName(number: number): Protocol | undefined {
  const names: readonly Protocol[] = ['tcp', 'udp', 'sctp']
  return names.find((name) => protocolNumbers[name] === number)
}

const netmaskOf = (prefixLength: number, family: Family): number =>
  family === 6 ? prefixLength : prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0

/** Of a mask with gaps, which only ipvsadm makes: the number of its bits. */
function prefixLengthOf(netmask: number, family: Family): number {
  if (family === 6) return netmask
  let bits = 0
  for (let rest = netmask; rest !== 0; rest = (rest & (rest - 1)) >>> 0) bits++
  return bits
}
