/** A destination's place in the maps: the record that user space writes there, and what is kept in memory of it. */

import { type Family, familyOf, type IpAddress } from '../../base/index.ts'
import type { ForwardingMethod, Protocol, Tunnel } from '../../model/index.ts'
import { foldAddress, type Permutation, permutation } from '../../proto/scheduler/index.ts'
import { type Destination, endpoint, serviceKey } from '../index.ts'
import * as layout from './layout.ts'
import { addressOf } from './struct.ts'

/** The way to a destination: an interface and a neighbour there, or this host, or not known (interface 0). */
export type Hop = {
  readonly interfaceIndex: number
  readonly nextHop: IpAddress
  readonly mtu: number
  readonly local: boolean
  /** The source address that the routing table chooses for what this host sends there. */
  readonly source?: IpAddress
}

/** What clients talk to, which a removed destination must remember by itself. */
export type Virtual = {
  readonly protocol: number
  readonly address: IpAddress
  readonly port: number
  /** Not 0: that of a service by firewall mark, and the rest is as in `Accepted`. */
  readonly mark: number
}

export type Slot = {
  readonly index: number
  readonly virtual: Virtual
  /** The service's and the destination's keys; both together are what a returning destination is known by. */
  readonly serviceKey: string
  readonly destinationKey: string
  serviceId: number
  destination: Destination
  /** The latest weight that was not 0, since it was added: mh goes by it. */
  lastWeight: number
  hop: Hop
  available: boolean
  /** Removed and waiting: since when, in seconds of CLOCK_MONOTONIC. */
  removedAt: number
}

export const NO_HOP: Hop = { interfaceIndex: 0, nextHop: '0.0.0.0' as IpAddress, mtu: 0, local: false }

export const sameHop = (a: Hop, b: Hop): boolean =>
  a.interfaceIndex === b.interfaceIndex &&
  a.nextHop === b.nextHop &&
  a.mtu === b.mtu &&
  a.local === b.local &&
  a.source === b.source

const nameOf = <N extends string>(numbers: Readonly<Record<N, number>>, number: number, otherwise: N): N =>
  (Object.keys(numbers) as N[]).find((name) => numbers[name] === number) ?? otherwise

export const protocolName = (number: number): Protocol =>
  (Object.keys(layout.protocolNumbers) as Protocol[]).find((name) => layout.protocolNumbers[name] === number) ?? 'tcp'

export const methodName = (number: number): ForwardingMethod => nameOf(layout.methodNumbers, number, 'nat')

const family = (number: number): 4 | 6 => (number === layout.AF_INET6 ? 6 : 4)
const familyNumber = (address: IpAddress): number => (familyOf(address) === 6 ? layout.AF_INET6 : layout.AF_INET)

const permutations = new WeakMap<Slot, Permutation>()

/**
 * In which order mh gives a destination its slots; worked out once.
 * @param family  of its service
 */
export function permutationOf(slot: Slot, family: Family): Permutation {
  const { address, port } = slot.destination
  const known = permutations.get(slot) ?? permutation({ address: foldAddress(address, family), port })
  permutations.set(slot, known)
  return known
}

export function slotBytes({ virtual, serviceId, destination, lastWeight, hop, available }: Slot): Uint8Array {
  return layout.destination.encode({
    address: destination.address,
    port: destination.port,
    protocol: virtual.protocol,
    method: layout.methodNumbers[destination.method],
    family: familyNumber(destination.address),
    next_hop_family: familyNumber(hop.nextHop),
    weight: destination.weight,
    virtual_family: familyNumber(virtual.address),
    flags:
      layout.DESTINATION_USED |
      (available ? layout.DESTINATION_AVAILABLE : 0) |
      (hop.local ? layout.DESTINATION_LOCAL : 0),
    service: serviceId,
    virtual_address: virtual.address,
    virtual_port: virtual.port,
    mark: virtual.mark,
    ifindex: hop.interfaceIndex,
    next_hop: hop.nextHop,
    mtu: hop.mtu,
    ...tunnelFields(destination.tunnel),
    ...(hop.source !== undefined && { tunnel_source: hop.source }),
    upper: destination.upperThreshold,
    lower: destination.lowerThreshold,
    last_weight: lastWeight,
  })
}

const TUNNEL_FLAGS = {
  none: 0,
  checksum: layout.TUNNEL_CSUM,
  'remote-checksum': layout.TUNNEL_REMCSUM,
} as const satisfies Record<Tunnel['checksum'], number>

function tunnelFields(tunnel: Tunnel | undefined) {
  if (tunnel === undefined) return {}
  return {
    tunnel_type: layout.tunnelNumbers[tunnel.type],
    tunnel_flags: TUNNEL_FLAGS[tunnel.checksum],
    tunnel_port: tunnel.port,
  }
}

function tunnelOf(record: Readonly<Record<'method' | 'tunnel_type' | 'tunnel_flags' | 'tunnel_port', number>>) {
  if (record.method !== layout.methodNumbers.tun) return {}
  const tunnel: Tunnel = {
    type: nameOf(layout.tunnelNumbers, record.tunnel_type, 'ipip'),
    port: record.tunnel_port,
    checksum: nameOf(TUNNEL_FLAGS, record.tunnel_flags, 'none'),
  }
  return { tunnel }
}

/** The inverse. Undefined: the slot is free. */
export function slotOf(index: number, bytes: Uint8Array, at: number, now: number): Slot | undefined {
  const record = layout.destination.decode(bytes, at)
  if ((record.flags & layout.DESTINATION_USED) === 0) return undefined
  const virtual = {
    protocol: record.protocol,
    address: addressOf(record.virtual_address, family(record.virtual_family)),
    port: record.virtual_port,
    mark: record.mark,
  }
  const address = addressOf(record.address, family(record.family))
  return {
    index,
    virtual,
    serviceKey: serviceKey(
      record.mark === 0
        ? { ...virtual, kind: 'address', protocol: protocolName(record.protocol) }
        : { kind: 'fwmark', mark: record.mark, family: family(record.virtual_family) },
    ),
    destinationKey: endpoint({ address, port: record.port }),
    serviceId: record.service,
    destination: {
      address,
      port: record.port,
      weight: record.weight,
      method: methodName(record.method),
      ...tunnelOf(record),
      upperThreshold: record.upper,
      lowerThreshold: record.lower,
    },
    lastWeight: record.last_weight,
    hop: {
      interfaceIndex: record.ifindex,
      nextHop: addressOf(record.next_hop, family(record.next_hop_family)),
      mtu: record.mtu,
      local: (record.flags & layout.DESTINATION_LOCAL) !== 0,
      ...(record.tunnel_source.some((byte) => byte !== 0) && {
        source: addressOf(record.tunnel_source, family(record.family)),
      }),
    },
    available: (record.flags & layout.DESTINATION_AVAILABLE) !== 0,
    removedAt: now,
  }
}
