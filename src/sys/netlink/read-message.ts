import { addressFromBytes, hostIsLittleEndian as host, type IpAddress } from '../../base/index.ts'
import * as wire from '../../wire/netlink/index.ts'
import type { Link, LinkAddress, Neighbour, Route } from './ports.ts'

export const AF_UNSPEC = 0
export const AF_INET = 2
export const AF_INET6 = 10

/** An address of the message's own family; undefined for another family or length. */
function addressIn(value: Uint8Array | undefined, family: number): IpAddress | undefined {
  const length = family === AF_INET ? 4 : family === AF_INET6 ? 16 : undefined
  return value !== undefined && value.length === length ? addressFromBytes(value) : undefined
}

/** Undefined for what is not a link of its own: a bridge tells of its ports in the same group, by another family. */
export function readLink(payload: Uint8Array): Link | undefined {
  const decoded = wire.decodeLinkMessage(payload, host)
  if (!decoded.ok || decoded.value.family !== AF_UNSPEC) return undefined
  const { index, flags, linkType, attributes } = decoded.value
  const masterIndex = wire.findUint32(attributes, wire.IFLA_MASTER, host)
  const info = wire.findNested(attributes, wire.IFLA_LINKINFO, host)
  const kind = wire.findString(info, wire.IFLA_INFO_KIND)
  const table =
    kind === 'vrf'
      ? wire.findUint32(wire.findNested(info, wire.IFLA_INFO_DATA, host), wire.IFLA_VRF_TABLE, host)
      : undefined
  const over = kind === 'macvlan' || kind === 'ipvlan' ? overOf(attributes, info) : undefined
  const alias = wire.findString(attributes, wire.IFLA_IFALIAS)
  const group = wire.findUint32(attributes, wire.IFLA_GROUP, host) ?? 0
  return {
    index,
    name: wire.findString(attributes, wire.IFLA_IFNAME) ?? '',
    up: (flags & wire.IFF_UP) !== 0,
    running: (flags & wire.IFF_RUNNING) !== 0,
    loopback: (flags & wire.IFF_LOOPBACK) !== 0,
    multicast: (flags & wire.IFF_MULTICAST) !== 0,
    noArp: (flags & wire.IFF_NOARP) !== 0,
    mtu: wire.findUint32(attributes, wire.IFLA_MTU, host) ?? 0,
    mac: wire.findAttribute(attributes, wire.IFLA_ADDRESS)?.slice() ?? new Uint8Array(),
    type: linkType,
    ...(masterIndex === undefined ? {} : { masterIndex }),
    ...(kind === undefined ? {} : { kind }),
    ...(table === undefined ? {} : { table }),
    ...(over === undefined ? {} : { over }),
    ...(alias === undefined ? {} : { alias }),
    ...(group === 0 ? {} : { group }),
  }
}

/** The modes of both are the first attribute: 32 bits of a macvlan, 16 of an ipvlan. */
function overOf(attributes: readonly wire.Attribute[], info: readonly wire.Attribute[]): Link['over'] {
  const index = wire.findUint32(attributes, wire.IFLA_LINK, host)
  const data = wire.findNested(info, wire.IFLA_INFO_DATA, host)
  const mode = wire.findUint32(data, wire.IFLA_MACVLAN_MODE, host) ?? wire.findUint16(data, wire.IFLA_IPVLAN_MODE, host)
  return index === undefined || mode === undefined ? undefined : { index, mode }
}

/** Undefined for families other than IPv4 and IPv6. */
export function readAddress(payload: Uint8Array): LinkAddress | undefined {
  const decoded = wire.decodeAddressMessage(payload, host)
  if (!decoded.ok) return undefined
  const { family, prefixLength, flags, scope, index, attributes } = decoded.value
  const find = (type: number): IpAddress | undefined => addressIn(wire.findAttribute(attributes, type), family)
  const address = find(wire.IFA_LOCAL) ?? find(wire.IFA_ADDRESS)
  if (address === undefined) return undefined
  const label = wire.findString(attributes, wire.IFA_LABEL)
  const broadcast = find(wire.IFA_BROADCAST)
  return {
    interfaceIndex: index,
    address,
    prefixLength,
    scope,
    ...(label === undefined ? {} : { label }),
    ...(broadcast === undefined ? {} : { broadcast }),
    flags: wire.findUint32(attributes, wire.IFA_FLAGS, host) ?? flags,
    protocol: wire.findAttribute(attributes, wire.IFA_PROTO, 1)?.[0] ?? 0,
  }
}

/** Undefined for families other than IPv4 and IPv6, so for a bridge's forwarding entries. */
export function readNeighbour(payload: Uint8Array): Neighbour | undefined {
  const decoded = wire.decodeNeighbourMessage(payload, host)
  if (!decoded.ok) return undefined
  const { family, index, state, attributes } = decoded.value
  const address = addressIn(wire.findAttribute(attributes, wire.NDA_DST), family)
  if (address === undefined) return undefined
  return {
    interfaceIndex: index,
    address,
    mac: wire.findAttribute(attributes, wire.NDA_LLADDR)?.slice() ?? new Uint8Array(),
    state,
  }
}

/** Undefined for a route that names no interface: one with several next hops, as dumps have them. */
export function readRoute(payload: Uint8Array): Route | undefined {
  const decoded = wire.decodeRouteMessage(payload, host)
  if (!decoded.ok) return undefined
  const { family, type, attributes } = decoded.value
  const interfaceIndex = wire.findUint32(attributes, wire.RTA_OIF, host)
  if (interfaceIndex === undefined) return undefined
  const gateway =
    addressIn(wire.findAttribute(attributes, wire.RTA_GATEWAY), family) ?? gatewayOfOtherFamily(attributes)
  const preferredSource = addressIn(wire.findAttribute(attributes, wire.RTA_PREFSRC), family)
  return {
    interfaceIndex,
    ...(gateway === undefined ? {} : { gateway }),
    ...(preferredSource === undefined ? {} : { preferredSource }),
    type,
  }
}

/** RTA_VIA (`struct rtvia`): an IPv4 route by an IPv6 neighbour. */
function gatewayOfOtherFamily(attributes: readonly wire.Attribute[]): IpAddress | undefined {
  const via = wire.findAttribute(attributes, wire.RTA_VIA, 2)
  if (via === undefined) return undefined
  return addressIn(via.subarray(2), new DataView(via.buffer, via.byteOffset).getUint16(0, host))
}
