import type { Attribute } from './attribute.ts'
import type { Decoded, LittleEndian } from './decoded.ts'
import { decodeHeaded, encodeHeaded } from './headed-message.ts'

/**
 * The payload of RTM_{NEW,DEL,GET}LINK (`struct ifinfomsg`, linux/rtnetlink.h):
 *
 *     0        1     2             4       8       12      16
 *     | family | pad | ARPHRD type | index | flags | change | attributes IFLA_*
 */
export type LinkMessage = {
  /** 0; AF_BRIDGE for what concerns a bridge port only, though it is told to the same group. */
  readonly family: number
  /** ARPHRD_*. */
  readonly linkType: number
  readonly index: number
  /** IFF_*. */
  readonly flags: number
  readonly change: number
  readonly attributes: readonly Attribute[]
}

const HEADER = 16

export const IFLA_ADDRESS = 1
export const IFLA_IFNAME = 3
export const IFLA_MTU = 4
export const IFLA_LINK = 5
export const IFLA_MASTER = 10
export const IFLA_LINKINFO = 18
export const IFLA_IFALIAS = 20
export const IFLA_AF_SPEC = 26
export const IFLA_GROUP = 27
export const IFLA_EXT_MASK = 29
/** Within IFLA_LINKINFO. */
export const IFLA_INFO_KIND = 1
export const IFLA_INFO_DATA = 2
/** Within IFLA_INFO_DATA of a VRF: its routing table. */
export const IFLA_VRF_TABLE = 1
/** Within IFLA_INFO_DATA of a veth: the other end as a message of its own, header and attributes. */
export const VETH_INFO_PEER = 1
/** Within IFLA_INFO_DATA of a macvlan. */
export const IFLA_MACVLAN_MODE = 1
export const MACVLAN_MODE_PRIVATE = 1
/** Within IFLA_INFO_DATA of an ipvlan: 16 bits each. */
export const IFLA_IPVLAN_MODE = 1
export const IPVLAN_MODE_L2 = 0
export const IFLA_IPVLAN_FLAGS = 2
/** Within IFLA_AF_SPEC and AF_INET: the interface's IPv4 settings; read as an array, set as attributes IPV4_DEVCONF_*. */
export const IFLA_INET_CONF = 1
/** The settings, from 1 (linux/ip.h). */
export const IPV4_DEVCONF_RP_FILTER = 8
export const IPV4_DEVCONF_ARP_IGNORE = 19
export const IPV4_DEVCONF_PROMOTE_SECONDARIES = 20
export const IPV4_DEVCONF_ACCEPT_LOCAL = 23
/** Within IFLA_AF_SPEC and AF_INET6: how the link-local address is made; 1: not at all. */
export const IFLA_INET6_ADDR_GEN_MODE = 8
export const IN6_ADDR_GEN_MODE_NONE = 1
/** An IFLA_EXT_MASK: no counters, which are most of a dump. */
export const RTEXT_FILTER_SKIP_STATS = 8

export const IFF_UP = 0x1
export const IFF_LOOPBACK = 0x8
export const IFF_RUNNING = 0x40
export const IFF_NOARP = 0x80
export const IFF_MULTICAST = 0x1000

export function decodeLinkMessage(payload: Uint8Array, little: LittleEndian): Decoded<LinkMessage> {
  return decodeHeaded(payload, HEADER, little, (view) => ({
    family: view.getUint8(0),
    linkType: view.getUint16(2, little),
    index: view.getInt32(4, little),
    flags: view.getUint32(8, little),
    change: view.getUint32(12, little),
  }))
}

export function encodeLinkMessage(message: LinkMessage, little: LittleEndian): Uint8Array {
  return encodeHeaded(HEADER, message, little, (view) => {
    view.setUint8(0, message.family)
    view.setUint16(2, message.linkType, little)
    view.setInt32(4, message.index, little)
    view.setUint32(8, message.flags, little)
    view.setUint32(12, message.change, little)
  })
}
