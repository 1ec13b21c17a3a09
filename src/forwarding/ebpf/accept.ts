/** What this backend takes: the limits of IPVS (ip_vs_ctl.c), and those of what is built. */

import {
  addressFromBytes,
  type Family,
  fail,
  familyOf,
  type IpAddress,
  isLinkLocal6,
  isMulticast,
  ok,
  type Result,
} from '../../base/index.ts'
import type { SchedulerName } from '../../model/index.ts'
import { type Destination, endpoint, type OpError, type Service, serviceKey } from '../index.ts'
import { protocolNumbers, schedulerNumbers } from './layout.ts'

/** A service in the numbers of the maps. */
export type Accepted = {
  readonly family: Family
  /** Of a firewall mark's service the mark in the place of an address, port and protocol 0. */
  readonly address: IpAddress
  readonly port: number
  readonly protocol: number
  /** 0: by address. */
  readonly mark: number
  readonly scheduler: number
  readonly persistenceBits: number
}

export const schedulersBuilt = Object.keys(schedulerNumbers) as SchedulerName[]

const MAX_THRESHOLD = 2 ** 31 - 1
const MAX_WEIGHT = 2 ** 31 - 1

export function acceptService(service: Service): Result<Accepted, OpError> {
  const { address, scheduler, persistence, persistenceEngine } = service
  const key = serviceKey(address)
  if (persistenceEngine !== undefined)
    return fail({
      reason: 'not-supported',
      code: 'ENOENT',
      message: `${key}: there are no persistence engines; persistence_timeout goes by the client's address`,
    })
  const family = serviceFamily(service)
  if (address.kind === 'address' && isLinkLocal6(address.address))
    return notSupported(`${key}: a link-local address cannot be a virtual address`)
  // A name may come from outside.
  const number = (schedulerNumbers as Readonly<Record<string, number>>)[scheduler]
  if (number === undefined)
    return notSupported(`${key}: there is no lb_algo ${scheduler}; there are ${schedulersBuilt.join(', ')}`)
  return ok({
    family,
    ...(address.kind === 'address'
      ? { address: address.address, port: address.port, protocol: protocolNumbers[address.protocol], mark: 0 }
      : { address: markAddress(address.mark, family), port: 0, protocol: 0, mark: address.mark }),
    scheduler: number,
    persistenceBits: persistence?.prefixLength ?? (family === 6 ? 128 : 32),
  })
}

/** As mark_as_address() of the program. */
function markAddress(mark: number, family: Family): IpAddress {
  const bytes = new Uint8Array(family === 6 ? 16 : 4)
  new DataView(bytes.buffer).setUint32(0, mark)
  return addressFromBytes(bytes)
}

const serviceFamily = ({ address }: Service): Family =>
  address.kind === 'fwmark' ? address.family : familyOf(address.address)

/** Why a destination cannot be held, with the code of IPVS where that refuses it too; undefined: it can. */
export function acceptDestination(service: Service, destination: Destination, local: boolean): OpError | undefined {
  const name = endpoint(destination)
  const refuse = (message: string): OpError => ({ reason: 'not-supported', message: `${name}: ${message}` })
  const invalid = (code: 'EINVAL' | 'ERANGE', message: string): OpError => ({
    reason: 'invalid',
    code,
    message: `${name}: ${message}`,
  })
  const method = destination.method === 'fullnat' ? 'FNAT' : destination.method.toUpperCase()
  if (method !== 'TUN' && familyOf(destination.address) !== serviceFamily(service))
    return refuse(`lb_kind ${method} needs a server of the service's own address family; lb_kind TUN does not`)
  const { tunnel } = destination
  if (tunnel?.type === 'gue' && (tunnel.port < 1 || tunnel.port > 65535))
    return invalid('EINVAL', 'a GUE tunnel needs the port that the server listens on')
  if (!isUnicast(destination.address)) return invalid('EINVAL', 'a destination has an address of one host')
  const unfit = method === 'FNAT' ? unfitForFullnat(service) : undefined
  if (unfit !== undefined) return refuse(`lb_kind FNAT ${unfit}`)
  if (isLinkLocal6(destination.address) && !local)
    return invalid('EINVAL', 'a link-local address cannot be a destination')
  if ((method === 'NAT' || method === 'FNAT') && local)
    return refuse(
      `${method} to an address of this host is not supported; use lb_kind DR, which hands packets to the local port`,
    )
  if (!Number.isInteger(destination.weight) || destination.weight < 0 || destination.weight > MAX_WEIGHT)
    return invalid('ERANGE', `weight ${destination.weight} is not within 0 to ${MAX_WEIGHT}`)
  if (destination.upperThreshold > MAX_THRESHOLD) return invalid('ERANGE', 'uthreshold is too large')
  if (destination.lowerThreshold > destination.upperThreshold)
    return invalid('ERANGE', 'lthreshold is above uthreshold')
  if (service.address.kind === 'address' && service.address.port === 0 && service.persistence === undefined)
    return refuse('a service for any port needs persistence; without it nothing is scheduled')
  return undefined
}

/** Not multicast, not broadcast to all, not unspecified (IPv4: not of network 0 either). */
function isUnicast(address: IpAddress): boolean {
  return !isMulticast(address) && !/^(0\.|255\.255\.255\.255$|::$)/.test(address)
}

/** Why a service cannot have destinations by FULLNAT. */
function unfitForFullnat(service: Service): string | undefined {
  const { address, localAddresses = [], onePacket } = service
  if (localAddresses.length === 0)
    return 'needs local addresses: name a local_address_group in the virtual_server (ipvsadm: --laddr)'
  if (localAddresses.some((one) => familyOf(one) !== serviceFamily(service)))
    return "needs local addresses of the service's own address family"
  if (address.kind === 'address' && address.protocol === 'sctp') return 'carries TCP and UDP, not SCTP'
  if (onePacket) return 'does not go with one-packet scheduling: answers would find no way back'
  return undefined
}

const notSupported = (message: string) => fail({ reason: 'not-supported', message } as const)
