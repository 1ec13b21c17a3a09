import { addressBytes, addressFromBytes, hostIsLittleEndian, type IpAddress } from '../../base/index.ts'
import { hfsys } from '../../native/index.ts'
import * as c from './constants.ts'
import { type ControlMessage, encodeControlMessages, findControlMessage } from './control-message.ts'
import { decodeIpSocketAddress, encodeIpSocketAddress } from './socket-address.ts'
import type { VrrpFamily } from './vrrp-family.ts'

/** Without options (RFC 791 §3.1). */
const IP_HEADER = 20

/** `struct ip_mreqn`, also the value of IP_MULTICAST_IF: group, address, index. */
function multicastRequest(group: Uint8Array | undefined, interfaceIndex: number): Uint8Array {
  const bytes = new Uint8Array(12)
  if (group !== undefined) bytes.set(group, 0)
  new DataView(bytes.buffer).setInt32(8, interfaceIndex, hostIsLittleEndian)
  return bytes
}

/** `struct in_pktinfo` to send with: index, source, nothing. */
function packetInfo(source: IpAddress, interfaceIndex: number): ControlMessage {
  const data = new Uint8Array(12)
  new DataView(data.buffer).setInt32(0, interfaceIndex, hostIsLittleEndian)
  data.set(addressBytes(source), 4)
  return { level: c.SOL_IP, type: c.IP_PKTINFO, data }
}

function timeToLive(hopLimit: number): ControlMessage {
  const data = new Uint8Array(4)
  new DataView(data.buffer).setInt32(0, hopLimit, hostIsLittleEndian)
  return { level: c.SOL_IP, type: c.IP_TTL, data }
}

/** VRRP over IPv4: a raw socket gives whole packets (raw(7)), so the header is parsed off here. */
export const vrrpIpv4: VrrpFamily = {
  domain: c.AF_INET,
  protocol: c.IPPROTO_VRRP,
  kind: 'ipv4',

  options: (interfaceIndex) => [
    { name: 'IP_PKTINFO', level: c.SOL_IP, option: c.IP_PKTINFO, value: 1 },
    // Only the groups this socket joined, not those any socket of the host joined.
    { name: 'IP_MULTICAST_ALL', level: c.SOL_IP, option: c.IP_MULTICAST_ALL, value: 0 },
    { name: 'IP_MULTICAST_LOOP', level: c.SOL_IP, option: c.IP_MULTICAST_LOOP, value: 0 },
    {
      name: 'IP_MULTICAST_IF',
      level: c.SOL_IP,
      option: c.IP_MULTICAST_IF,
      value: multicastRequest(undefined, interfaceIndex),
    },
    { name: 'IP_TOS', level: c.SOL_IP, option: c.IP_TOS, value: c.TOS_INTERNETWORK_CONTROL },
    // keepalived sends no Don't Fragment bit.
    { name: 'IP_MTU_DISCOVER', level: c.SOL_IP, option: c.IP_MTU_DISCOVER, value: c.IP_PMTUDISC_DONT },
    // mcast_src_ip and unicast_src_ip may name an address that is not on this host.
    { name: 'IP_TRANSPARENT', level: c.SOL_IP, option: c.IP_TRANSPARENT, value: 1, optional: true },
  ],

  join: (group, interfaceIndex) => ({
    name: 'IP_ADD_MEMBERSHIP',
    level: c.SOL_IP,
    option: c.IP_ADD_MEMBERSHIP,
    value: multicastRequest(addressBytes(group), interfaceIndex),
  }),

  sendHeader: (source, destination, hopLimit, interfaceIndex) => ({
    address: encodeIpSocketAddress(destination),
    control: encodeControlMessages([packetInfo(source, interfaceIndex), timeToLive(hopLimit)], hfsys().wordSize),
  }),

  receive(data, address, control) {
    if (data.length < IP_HEADER || (data[0] as number) >> 4 !== 4) return undefined
    const headerLength = ((data[0] as number) & 0x0f) * 4
    const totalLength = ((data[2] as number) << 8) | (data[3] as number)
    if (headerLength < IP_HEADER || headerLength > data.length || totalLength < headerLength) return undefined
    const info = findControlMessage(control, hfsys().wordSize, c.SOL_IP, c.IP_PKTINFO)
    if (info === undefined || info.length < 12) return undefined
    return {
      payload: data.subarray(headerLength),
      source: decodeIpSocketAddress(address) ?? addressFromBytes(data.subarray(12, 16)),
      destination: addressFromBytes(data.subarray(16, 20)),
      hopLimit: data[8] as number,
      interfaceIndex: new DataView(info.buffer, info.byteOffset).getInt32(0, hostIsLittleEndian),
      declaredLength: totalLength - headerLength,
    }
  },
}

/** The same behind an authentication header (RFC 2402): we write the IP header, because that covers it. */
export const vrrpIpv4Authenticated: VrrpFamily = {
  ...vrrpIpv4,
  protocol: c.IPPROTO_AH,
  kind: 'authenticated',
  options: (interfaceIndex) => [
    ...vrrpIpv4.options(interfaceIndex),
    { name: 'IP_HDRINCL', level: c.SOL_IP, option: c.IP_HDRINCL, value: 1 },
  ],
  receive(data, address, control) {
    const datagram = vrrpIpv4.receive(data, address, control)
    return datagram && { ...datagram, header: data.subarray(0, data.length - datagram.payload.length) }
  },
}
