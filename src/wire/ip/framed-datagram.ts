import { addressFromBytes, type IpAddress } from '../../base/index.ts'

/** An IP datagram in an Ethernet frame, as far as its headers tell. */
export type FramedDatagram = {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly hopLimit: number
  readonly protocol: number
  /** Behind the IP header, without padding; of UDP behind that header too. */
  readonly payload: Uint8Array
  /** As the IPv4 header says, which padding may exceed. */
  readonly declaredLength: number
  /** Of UDP. */
  readonly port?: number
}

const ETHERNET = 14
const UDP = 17
const UDP_HEADER = 8

/** Undefined for other frames, for fragments, for IPv6 with extension headers, and for what is cut short. */
export function readDatagram(frame: Uint8Array): FramedDatagram | undefined {
  if (frame.length < ETHERNET) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  const ip = frame.subarray(ETHERNET)
  switch (view.getUint16(12)) {
    case 0x0800:
      return readIpv4(ip)
    case 0x86dd:
      return readIpv6(ip)
    default:
      return undefined
  }
}

function readIpv4(ip: Uint8Array): FramedDatagram | undefined {
  if (ip.length < 20) return undefined
  const view = new DataView(ip.buffer, ip.byteOffset, ip.length)
  const header = 4 * (view.getUint8(0) & 0x0f)
  const length = view.getUint16(2)
  // More fragments, or not the first.
  if (header < 20 || length < header || ip.length < length || (view.getUint16(6) & 0x3fff) !== 0) return undefined
  return withPort({
    source: addressFromBytes(ip.subarray(12, 16)),
    destination: addressFromBytes(ip.subarray(16, 20)),
    hopLimit: view.getUint8(8),
    protocol: view.getUint8(9),
    payload: ip.subarray(header, length),
    declaredLength: length - header,
  })
}

function readIpv6(ip: Uint8Array): FramedDatagram | undefined {
  if (ip.length < 40) return undefined
  const view = new DataView(ip.buffer, ip.byteOffset, ip.length)
  const length = view.getUint16(4)
  if (ip.length < 40 + length) return undefined
  return withPort({
    source: addressFromBytes(ip.subarray(8, 24)),
    destination: addressFromBytes(ip.subarray(24, 40)),
    hopLimit: view.getUint8(7),
    protocol: view.getUint8(6),
    payload: ip.subarray(40, 40 + length),
    declaredLength: length,
  })
}

function withPort(packet: FramedDatagram): FramedDatagram | undefined {
  if (packet.protocol !== UDP) return packet
  const { payload } = packet
  if (payload.length < UDP_HEADER) return undefined
  const port = 256 * (payload[2] as number) + (payload[3] as number)
  return { ...packet, port, payload: payload.subarray(UDP_HEADER) }
}
