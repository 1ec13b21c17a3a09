/** What this backend takes: the limits of IPVS (ip_vs_ctl.c), and those of what is built. */

import { addressFromBytes, fail, familyOf, type IpAddress, ok, type Result } from '../../base/index.ts'
import { type Destination, endpoint, type OpError, type Service, serviceKey } from '../index.ts'
import { protocolNumbers, schedulerNames } from './layout.ts'

/** A service in the numbers of the maps. */
export type Accepted = {
  readonly address: IpAddress
  readonly port: number
  readonly protocol: number
  readonly scheduler: number
  readonly persistenceMask: IpAddress
}

const MAX_THRESHOLD = 2 ** 31 - 1

export function acceptService(service: Service): Result<Accepted, OpError> {
  const { address, scheduler, persistence } = service
  const key = serviceKey(address)
  if (address.kind === 'fwmark')
    return notSupported(`${key}: services by firewall mark are not supported; name an address and a port`)
  if (familyOf(address.address) === 6) return notSupported(`${key}: IPv6 is not supported for forwarding`)
  if (address.protocol === 'sctp') return notSupported(`${key}: SCTP is not supported; there are tcp and udp`)
  const number = (schedulerNames as readonly string[]).indexOf(scheduler)
  if (number < 0)
    return notSupported(`${key}: lb_algo ${scheduler} is not supported; there are ${schedulerNames.join(', ')}`)
  return ok({
    address: address.address,
    port: address.port,
    protocol: protocolNumbers[address.protocol],
    scheduler: number,
    persistenceMask: maskOf(persistence?.prefixLength ?? 32),
  })
}

/** Why a destination cannot be held; undefined: it can. */
export function acceptDestination(service: Service, destination: Destination, local: boolean): OpError | undefined {
  const name = endpoint(destination)
  const refuse = (message: string): OpError => ({ reason: 'not-supported', message: `${name}: ${message}` })
  if (familyOf(destination.address) === 6) return refuse('IPv6 is not supported for forwarding')
  if (destination.method === 'tun') return refuse('lb_kind TUN is not supported; there are NAT and DR')
  if (destination.method === 'nat' && local)
    return refuse(
      'NAT to an address of this host is not supported; use lb_kind DR, which hands packets to the local port',
    )
  if (!Number.isInteger(destination.weight) || destination.weight < 0 || destination.weight > 65535)
    return refuse(`weight ${destination.weight} is not within 0 to 65535`)
  if (destination.upperThreshold > MAX_THRESHOLD) return refuse('uthreshold is too large')
  if (destination.upperThreshold > 0 && destination.lowerThreshold > destination.upperThreshold)
    return refuse('lthreshold is above uthreshold')
  if (service.address.kind === 'address' && service.address.port === 0 && service.persistence === undefined)
    return refuse('a service for any port needs persistence; without it nothing is scheduled')
  return undefined
}

/** 255.255.255.0 for 24. */
export function maskOf(bits: number): IpAddress {
  const mask = new Uint8Array(4)
  for (let bit = 0; bit < bits && bit < 32; bit++) mask[bit >> 3] = (mask[bit >> 3] as number) | (0x80 >> (bit & 7))
  return addressFromBytes(mask)
}

const notSupported = (message: string) => fail({ reason: 'not-supported', message } as const)
