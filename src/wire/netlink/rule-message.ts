import type { Attribute } from './attribute.ts'
import type { Decoded, LittleEndian } from './decoded.ts'
import { decodeHeaded, encodeHeaded } from './headed-message.ts'

/**
 * The payload of RTM_{NEW,DEL,GET}RULE (`struct fib_rule_hdr`, linux/fib_rules.h):
 *
 *     0        1                2                3     4       5          7        8       12
 *     | family | dst prefix len | src prefix len | tos | table | reserved | action | flags | attributes FRA_*
 */
export type RuleMessage = {
  readonly family: number
  readonly destinationLength: number
  readonly sourceLength: number
  readonly tos: number
  /** RT_TABLE_*, where it fits; FRA_TABLE has it in full. */
  readonly table: number
  /** FR_ACT_*. */
  readonly action: number
  /** FIB_RULE_*. */
  readonly flags: number
  readonly attributes: readonly Attribute[]
}

const HEADER = 12

export const FRA_DST = 1
export const FRA_SRC = 2
export const FRA_IIFNAME = 3
export const FRA_GOTO = 4
export const FRA_PRIORITY = 6
export const FRA_FWMARK = 10
export const FRA_FLOW = 11
/** In network order. */
export const FRA_TUN_ID = 12
export const FRA_SUPPRESS_IFGROUP = 13
export const FRA_SUPPRESS_PREFIXLEN = 14
export const FRA_TABLE = 15
export const FRA_FWMASK = 16
export const FRA_OIFNAME = 17
export const FRA_L3MDEV = 19
/** `struct fib_rule_uid_range`: first and last. */
export const FRA_UID_RANGE = 20
export const FRA_PROTOCOL = 21
export const FRA_IP_PROTO = 22
/** `struct fib_rule_port_range`: first and last, in host order. */
export const FRA_SPORT_RANGE = 23
export const FRA_DPORT_RANGE = 24

export const FR_ACT_TO_TBL = 1
export const FR_ACT_GOTO = 2
export const FR_ACT_NOP = 3
export const FR_ACT_BLACKHOLE = 6
export const FR_ACT_UNREACHABLE = 7
export const FR_ACT_PROHIBIT = 8

export const FIB_RULE_INVERT = 2

export function decodeRuleMessage(payload: Uint8Array, little: LittleEndian): Decoded<RuleMessage> {
  return decodeHeaded(payload, HEADER, little, (view) => ({
    family: view.getUint8(0),
    destinationLength: view.getUint8(1),
    sourceLength: view.getUint8(2),
    tos: view.getUint8(3),
    table: view.getUint8(4),
    action: view.getUint8(7),
    flags: view.getUint32(8, little),
  }))
}

export function encodeRuleMessage(message: RuleMessage, little: LittleEndian): Uint8Array {
  return encodeHeaded(HEADER, message, little, (view) => {
    view.setUint8(0, message.family)
    view.setUint8(1, message.destinationLength)
    view.setUint8(2, message.sourceLength)
    view.setUint8(3, message.tos)
    view.setUint8(4, message.table)
    view.setUint8(7, message.action)
    view.setUint32(8, message.flags, little)
  })
}
