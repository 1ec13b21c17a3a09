import { addressBytes, addressFromBytes, hostIsLittleEndian, type IpAddress } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import * as c from './constants.ts'
import { encodeControlMessages, findControlMessage } from './control-message.ts'
import { decodeIpSocketAddress, encodeIpSocketAddress } from './socket-address.ts'
import type { VrrpFamily } from './vrrp-family.ts'

const HOP_LIMIT = 255

/** `struct in6_pktinfo` (RFC 3542 §6.1), and by the same layout `struct ipv6_mreq`: address, index. */
function addressAndIndex(address: IpAddress, interfaceIndex: number): Uint8Array {
  const data = new Uint8Array(20)
  data.set(addressBytes(address), 0)
  new DataView(data.buffer).setInt32(16, interfaceIndex, hostIsLittleEndian)
  return data
}

function integer(value: number): Uint8Array {
  const data = new Uint8Array(4)
  new DataView(data.buffer).setInt32(0, value, hostIsLittleEndian)
  return data
}

const readInteger = (data: Uint8Array, at: number): number =>
  new DataView(data.buffer, data.byteOffset, data.length).getInt32(at, hostIsLittleEndian)

/**
 * VRRP over IPv6: the kernel keeps the header, and tells of it by ancillary data (RFC 3542). IPV6_CHECKSUM is not set: the
 * kernel would then drop a wrong checksum unseen, and nobody could count it.
 */
export const vrrpIpv6: VrrpFamily = {
  domain: c.AF_INET6,
  protocol: c.IPPROTO_VRRP,
  kind: 'ipv6',

  options: (interfaceIndex) => [
    { name: 'IPV6_RECVPKTINFO', level: c.SOL_IPV6, option: c.IPV6_RECVPKTINFO, value: 1 },
    { name: 'IPV6_RECVHOPLIMIT', level: c.SOL_IPV6, option: c.IPV6_RECVHOPLIMIT, value: 1 },
    // Since Linux 4.20; without it the groups of other sockets arrive too, and are told apart by their destination.
    { name: 'IPV6_MULTICAST_ALL', level: c.SOL_IPV6, option: c.IPV6_MULTICAST_ALL, value: 0, optional: true },
    { name: 'IPV6_MULTICAST_LOOP', level: c.SOL_IPV6, option: c.IPV6_MULTICAST_LOOP, value: 0 },
    { name: 'IPV6_MULTICAST_IF', level: c.SOL_IPV6, option: c.IPV6_MULTICAST_IF, value: interfaceIndex },
    { name: 'IPV6_MULTICAST_HOPS', level: c.SOL_IPV6, option: c.IPV6_MULTICAST_HOPS, value: HOP_LIMIT },
    { name: 'IPV6_UNICAST_HOPS', level: c.SOL_IPV6, option: c.IPV6_UNICAST_HOPS, value: HOP_LIMIT },
    { name: 'IPV6_TCLASS', level: c.SOL_IPV6, option: c.IPV6_TCLASS, value: c.TOS_INTERNETWORK_CONTROL },
    { name: 'IPV6_TRANSPARENT', level: c.SOL_IPV6, option: c.IPV6_TRANSPARENT, value: 1, optional: true },
  ],

  join: (group, interfaceIndex) => ({
    name: 'IPV6_JOIN_GROUP',
    level: c.SOL_IPV6,
    option: c.IPV6_JOIN_GROUP,
    value: addressAndIndex(group, interfaceIndex),
  }),

  sendHeader: (source, destination, hopLimit, interfaceIndex) => ({
    // The scope matters for link-local and multicast destinations; the kernel ignores it for the others.
    address: encodeIpSocketAddress(destination, 0, interfaceIndex),
    control: encodeControlMessages(
      [
        { level: c.SOL_IPV6, type: c.IPV6_PKTINFO, data: addressAndIndex(source, interfaceIndex) },
        { level: c.SOL_IPV6, type: c.IPV6_HOPLIMIT, data: integer(hopLimit) },
      ],
      hfsys().wordSize,
    ),
  }),

  receive(data, address, control) {
    const source = decodeIpSocketAddress(address)
    const { wordSize } = hfsys()
    const info = findControlMessage(control, wordSize, c.SOL_IPV6, c.IPV6_PKTINFO)
    const hopLimit = findControlMessage(control, wordSize, c.SOL_IPV6, c.IPV6_HOPLIMIT)
    if (source === undefined || info === undefined || info.length < 20) return undefined
    return {
      payload: data,
      source,
      destination: addressFromBytes(info.subarray(0, 16)),
      hopLimit: hopLimit === undefined || hopLimit.length < 4 ? -1 : readInteger(hopLimit, 0),
      interfaceIndex: readInteger(info, 16),
    }
  },
}
