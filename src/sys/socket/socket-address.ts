import { addressBytes, addressFromBytes, familyOf, hostIsLittleEndian, type IpAddress } from '../../base/index.ts'
import { AF_INET, AF_INET6, AF_PACKET } from './constants.ts'

const IN_SIZE = 16
const IN6_SIZE = 28
const LL_SIZE = 20

/** Room for any address that recvmsg gives. */
export const SOCKET_ADDRESS_SIZE = 128

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/**
 * `struct sockaddr_in` or `sockaddr_in6` (ip(7), ipv6(7)).
 * @param scope  interface index for a link-local or multicast IPv6 address; 0 for none
 */
export function encodeIpSocketAddress(address: IpAddress, port = 0, scope = 0): Uint8Array {
  const isIpv4 = familyOf(address) === 4
  const bytes = new Uint8Array(isIpv4 ? IN_SIZE : IN6_SIZE)
  const view = viewOf(bytes)
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, hostIsLittleEndian)
  view.setUint16(2, port)
  bytes.set(addressBytes(address), isIpv4 ? 4 : 8)
  if (!isIpv4) view.setUint32(24, scope, hostIsLittleEndian)
  return bytes
}

/** The address in a `sockaddr_in` or `sockaddr_in6`; undefined for any other family or a length that is too short. */
export function decodeIpSocketAddress(bytes: Uint8Array): IpAddress | undefined {
  if (bytes.length < 2) return undefined
  const family = viewOf(bytes).getUint16(0, hostIsLittleEndian)
  if (family === AF_INET && bytes.length >= IN_SIZE) return addressFromBytes(bytes.subarray(4, 8))
  if (family === AF_INET6 && bytes.length >= IN6_SIZE) return addressFromBytes(bytes.subarray(8, 24))
  return undefined
}

/** `struct sockaddr_ll` (packet(7)); `protocol` is the Ethernet type. */
export function encodeLinkSocketAddress(interfaceIndex: number, protocol: number): Uint8Array {
  const bytes = new Uint8Array(LL_SIZE)
  const view = viewOf(bytes)
  view.setUint16(0, AF_PACKET, hostIsLittleEndian)
  view.setUint16(2, protocol)
  view.setInt32(4, interfaceIndex, hostIsLittleEndian)
  return bytes
}
