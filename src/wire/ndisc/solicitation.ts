/**
 * Neighbour solicitation (RFC 4861 §4.3) as a whole frame of 86 bytes, 78 for duplicate address detection.
 *
 *    0 destination | 6 MAC | 12 0x86dd | 14 IPv6: payload, next header 58, hop limit 255
 *    22 source | 38 destination | 54 type 135, code 0, checksum | 58 reserved | 62 target
 *    78 option 1 (source link-layer address), length 1 | 80 MAC; left out where the source is unspecified (§4.3)
 */
import {
  addressBytes,
  address as addressConstant,
  addressFromBytes,
  type IpAddress,
  internetChecksum,
  pseudoHeader,
} from '../../base/index.ts'

export type Solicitation = {
  /** 6 bytes, as all MACs here. */
  readonly mac: Uint8Array
  /** Absent: unspecified, as in duplicate address detection (RFC 4862 §5.4.2). */
  readonly source?: IpAddress
  readonly target: IpAddress
  /** Who is asked alone; absent: the target's solicited-node group. */
  readonly to?: Uint8Array
}

const ICMP = 54
const OPTION = 78
const ICMPV6 = 58
const NEIGHBOUR_SOLICITATION = 135
const SOURCE_LINK_LAYER_ADDRESS = 1
const unspecified = addressConstant('::')

/** ff02::1:ffXX:XXXX, of the last three bytes (RFC 4291 §2.7.1). */
export function solicitedNodeGroup(target: IpAddress): IpAddress {
  const group = addressBytes(addressConstant('ff02::1:ff00:0')).slice()
  group.set(addressBytes(target).subarray(13), 13)
  return addressFromBytes(group)
}

export function encodeSolicitation({ mac, source, target, to }: Solicitation): Uint8Array {
  const frame = new Uint8Array(source === undefined ? OPTION : OPTION + 8)
  const view = new DataView(frame.buffer)
  const group = solicitedNodeGroup(target)
  const destination = to === undefined ? group : target
  const groupMac = [0x33, 0x33, ...addressBytes(group).subarray(12)]
  frame.set(to ?? groupMac, 0)
  frame.set(mac, 6)
  view.setUint16(12, 0x86dd)
  view.setUint32(14, 0x60000000)
  view.setUint16(18, frame.length - ICMP)
  frame[20] = ICMPV6
  frame[21] = 255
  frame.set(addressBytes(source ?? unspecified), 22)
  frame.set(addressBytes(destination), 38)
  frame[ICMP] = NEIGHBOUR_SOLICITATION
  frame.set(addressBytes(target), 62)
  if (source !== undefined) {
    frame[OPTION] = SOURCE_LINK_LAYER_ADDRESS
    frame[OPTION + 1] = 1
    frame.set(mac, OPTION + 2)
  }
  const pseudo = pseudoHeader(source ?? unspecified, destination, ICMPV6, frame.length - ICMP)
  view.setUint16(ICMP + 2, internetChecksum(pseudo, frame.subarray(ICMP)))
  return frame
}
