import type { Attribute } from './attribute.ts'
import type { Decoded, LittleEndian } from './decoded.ts'
import { decodeHeaded, encodeHeaded } from './headed-message.ts'

/**
 * The payload of RTM_{NEW,DEL,GET}ROUTE (`struct rtmsg`, linux/rtnetlink.h):
 *
 *     0        1                 2             3     4       5          6       7      8       12
 *     | family | dst prefix len  | src pfx len | tos | table | protocol | scope | type | flags | attributes RTA_*
 */
export type RouteMessage = {
  readonly family: number
  readonly destinationLength: number
  readonly sourceLength: number
  readonly tos: number
  /** RT_TABLE_*, where it fits; RTA_TABLE has it in full. */
  readonly table: number
  /** RTPROT_*. */
  readonly protocol: number
  readonly scope: number
  /** RTN_*. */
  readonly type: number
  readonly flags: number
  readonly attributes: readonly Attribute[]
}

const HEADER = 12

export const RTA_DST = 1
export const RTA_SRC = 2
export const RTA_OIF = 4
export const RTA_GATEWAY = 5
export const RTA_PRIORITY = 6
export const RTA_PREFSRC = 7
/** Nested RTAX_*. */
export const RTA_METRICS = 8
/** Next hops: next-hop.ts. */
export const RTA_MULTIPATH = 9
export const RTA_FLOW = 11
/** What the kernel tells and nobody sets. */
export const RTA_CACHEINFO = 12
export const RTA_TABLE = 15
/** A gateway of the other family: two bytes of family, then the address. */
export const RTA_VIA = 18
export const RTA_PREF = 20
/** LWTUNNEL_ENCAP_*, and what RTA_ENCAP then holds. */
export const RTA_ENCAP_TYPE = 21
export const RTA_ENCAP = 22
export const RTA_EXPIRES = 23
export const RTA_TTL_PROPAGATE = 26

/** Which metrics the kernel may not change: bit N for RTAX_N. */
export const RTAX_LOCK = 1
export const RTAX_MTU = 2
export const RTAX_WINDOW = 3
export const RTAX_RTT = 4
export const RTAX_RTTVAR = 5
export const RTAX_SSTHRESH = 6
export const RTAX_CWND = 7
export const RTAX_ADVMSS = 8
export const RTAX_REORDERING = 9
export const RTAX_HOPLIMIT = 10
export const RTAX_INITCWND = 11
export const RTAX_FEATURES = 12
export const RTAX_RTO_MIN = 13
export const RTAX_INITRWND = 14
export const RTAX_QUICKACK = 15
/** A name. */
export const RTAX_CC_ALGO = 16
export const RTAX_FASTOPEN_NO_COOKIE = 17

export const LWTUNNEL_ENCAP_MPLS = 1
export const LWTUNNEL_ENCAP_IP = 2
export const LWTUNNEL_ENCAP_ILA = 3
export const LWTUNNEL_ENCAP_IP6 = 4

/** LWTUNNEL_IP_* and LWTUNNEL_IP6_*: the same numbers, but for the two in the middle. */
export const LWTUNNEL_IP_ID = 1
export const LWTUNNEL_IP_DST = 2
export const LWTUNNEL_IP_SRC = 3
export const LWTUNNEL_IP_TTL = 4
export const LWTUNNEL_IP_TOS = 5
export const LWTUNNEL_IP_FLAGS = 6
export const LWTUNNEL_IP6_HOPLIMIT = 4
export const LWTUNNEL_IP6_TC = 5
export const MPLS_IPTUNNEL_DST = 1
export const ILA_ATTR_LOCATOR = 1

export function decodeRouteMessage(payload: Uint8Array, little: LittleEndian): Decoded<RouteMessage> {
  return decodeHeaded(payload, HEADER, little, (view) => ({
    family: view.getUint8(0),
    destinationLength: view.getUint8(1),
    sourceLength: view.getUint8(2),
    tos: view.getUint8(3),
    table: view.getUint8(4),
    protocol: view.getUint8(5),
    scope: view.getUint8(6),
    type: view.getUint8(7),
    flags: view.getUint32(8, little),
  }))
}

export function encodeRouteMessage(message: RouteMessage, little: LittleEndian): Uint8Array {
  return encodeHeaded(HEADER, message, little, (view) => {
    view.setUint8(0, message.family)
    view.setUint8(1, message.destinationLength)
    view.setUint8(2, message.sourceLength)
    view.setUint8(3, message.tos)
    view.setUint8(4, message.table)
    view.setUint8(5, message.protocol)
    view.setUint8(6, message.scope)
    view.setUint8(7, message.type)
    view.setUint32(8, message.flags, little)
  })
}
