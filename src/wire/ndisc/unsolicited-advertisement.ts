/**
 * Unsolicited neighbour advertisement to all nodes (RFC 4861 §4.4, §7.2.6; RFC 9568 §6.4.1), as a whole Ethernet frame
 * of 86 bytes.
 *
 *    0 33:33:00:00:00:01 | 6 MAC | 12 0x86dd | 14 IPv6: payload 32, next header 58, hop limit 255
 *    22 source = address | 38 ff02::1 | 54 type 136, code 0, checksum | 58 flags R S O | 62 target = address
 *    78 option 2 (target link-layer address), length 1 | 80 MAC
 */
import {
  addressBytes,
  address as addressConstant,
  addressFromBytes,
  fail,
  type IpAddress,
  internetChecksum,
  ok,
  pseudoHeader,
  type Result,
} from '../../base/index.ts'

export type UnsolicitedAdvertisement = {
  /** 6 bytes: the Ethernet source and the target link-layer address option. */
  readonly mac: Uint8Array
  readonly address: IpAddress
  /** The R flag. */
  readonly router: boolean
  /** The O flag: caches replace what they hold. */
  readonly override: boolean
}

const FRAME = 86
const IPV6 = 14
const ICMP = 54
const ICMPV6 = 58
const NEIGHBOUR_ADVERTISEMENT = 136
const TARGET_LINK_LAYER_ADDRESS = 2
const ROUTER = 0x80
const SOLICITED = 0x40
const OVERRIDE = 0x20
const allNodes = addressConstant('ff02::1')

export function encodeUnsolicitedAdvertisement(message: UnsolicitedAdvertisement): Uint8Array {
  const frame = new Uint8Array(FRAME)
  const view = new DataView(frame.buffer)
  const target = addressBytes(message.address)
  frame.set([0x33, 0x33, 0, 0, 0, 1], 0)
  frame.set(message.mac, 6)
  view.setUint16(12, 0x86dd)
  view.setUint32(IPV6, 0x60000000)
  view.setUint16(IPV6 + 4, FRAME - ICMP)
  frame[IPV6 + 6] = ICMPV6
  frame[IPV6 + 7] = 255
  frame.set(target, 22)
  frame.set(addressBytes(allNodes), 38)
  frame[ICMP] = NEIGHBOUR_ADVERTISEMENT
  frame[58] = (message.router ? ROUTER : 0) | (message.override ? OVERRIDE : 0)
  frame.set(target, 62)
  frame[78] = TARGET_LINK_LAYER_ADDRESS
  frame[79] = 1
  frame.set(message.mac, 80)
  const pseudo = pseudoHeader(message.address, allNodes, ICMPV6, FRAME - ICMP)
  view.setUint16(ICMP + 2, internetChecksum(pseudo, frame.subarray(ICMP)))
  return frame
}

/** Reads what `encodeUnsolicitedAdvertisement` makes, from anyone who announces an address of its own. */
export function decodeUnsolicitedAdvertisement(
  frame: Uint8Array,
): Result<
  UnsolicitedAdvertisement,
  { readonly field: 'length' | 'type' | 'hop-limit' | 'checksum' | 'solicited' | 'target' | 'option' }
> {
  if (frame.length < FRAME) return fail({ field: 'length' })
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  if (view.getUint16(12) !== 0x86dd || frame[IPV6 + 6] !== ICMPV6) return fail({ field: 'type' })
  if (view.getUint16(IPV6 + 4) !== FRAME - ICMP) return fail({ field: 'length' })
  if (frame[IPV6 + 7] !== 255) return fail({ field: 'hop-limit' })
  if (frame[ICMP] !== NEIGHBOUR_ADVERTISEMENT || frame[ICMP + 1] !== 0) return fail({ field: 'type' })
  const source = addressFromBytes(frame.subarray(22, 38))
  const destination = addressFromBytes(frame.subarray(38, 54))
  const pseudo = pseudoHeader(source, destination, ICMPV6, FRAME - ICMP)
  if (internetChecksum(pseudo, frame.subarray(ICMP, FRAME)) !== 0) return fail({ field: 'checksum' })
  const flags = view.getUint8(58)
  if ((flags & SOLICITED) !== 0 || destination !== allNodes) return fail({ field: 'solicited' })
  const target = addressFromBytes(frame.subarray(62, 78))
  if (target !== source) return fail({ field: 'target' })
  if (frame[78] !== TARGET_LINK_LAYER_ADDRESS || frame[79] !== 1) return fail({ field: 'option' })
  return ok({
    mac: frame.slice(80, 86),
    address: target,
    router: (flags & ROUTER) !== 0,
    override: (flags & OVERRIDE) !== 0,
  })
}
