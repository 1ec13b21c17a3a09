/**
 * One story told in both families: addresses are written as IPv4, and IPv6 has them in its network part, so that what is
 * one network there is one here.
 */
import { address, addressBytes, type Family, type IpAddress } from '../../src/base/index.ts'
import { type Destination, endpoint, type Service, serviceKey } from '../../src/forwarding/index.ts'
import { destination, service, VIP } from './cluster.ts'

type ServicePlan = NonNullable<Parameters<typeof service>[1]>

export type World = {
  readonly family: Family
  readonly vip: IpAddress
  /** The address that has this IPv4 one's place: 192.0.2.1 is 2001:db8:c000:201::1 in IPv6. */
  ip(text: string): IpAddress
  /** The same, of a network whose host part is zero. */
  network(text: string): IpAddress
  /** As many leading bits as tell what `bits` tell in IPv4; all are all. */
  prefix(bits: number): number
  service(port: number, more?: ServicePlan): Service
  serviceKey(port: number, protocol?: 'tcp' | 'udp'): string
  destination(to: string, port: number, method: 'nat' | 'dr', more?: Partial<Destination>): Destination
  destinationKey(to: string, port: number): string
}

const inIpv6 = (text: string): IpAddress => {
  const words = [...addressBytes(address(text))].map((byte) => byte.toString(16).padStart(2, '0'))
  return address(`2001:db8:${words[0]}${words[1]}:${words[2]}${words[3]}::1`)
}

function worldOf(family: Family): World {
  const ip = (text: string): IpAddress => (family === 4 ? address(text) : inIpv6(text))
  const network = (text: string): IpAddress =>
    family === 4 ? address(text) : address(inIpv6(text).replace(/::1$/, '::'))
  const vip = ip(VIP)
  const prefix = (bits: number): number => (family === 4 ? bits : bits === 32 ? 128 : 32 + bits)
  return {
    family,
    vip,
    ip,
    network,
    prefix,
    service(port, more = {}) {
      const made = service(port, more)
      return { ...made, address: { ...made.address, address: vip } as Service['address'] }
    },
    serviceKey: (port, protocol = 'tcp') => serviceKey({ kind: 'address', protocol, address: vip, port }),
    destination: (to, port, method, more = {}) => destination(ip(to), port, method, more),
    destinationKey: (to, port) => endpoint({ address: ip(to), port }),
  }
}

export const IPV4 = worldOf(4)
export const IPV6 = worldOf(6)
export const worlds: readonly (readonly [name: string, World])[] = [
  ['IPv4', IPV4],
  ['IPv6', IPV6],
]
