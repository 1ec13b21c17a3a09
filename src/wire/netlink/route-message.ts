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
export const RTA_OIF = 4
export const RTA_GATEWAY = 5
export const RTA_PREFSRC = 7
/** A gateway of the other family: two bytes of family, then the address. */
export const RTA_VIA = 18

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
