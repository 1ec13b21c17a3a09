/** Ethernet frames with IPv4 inside, built and read; every checksum right unless a test says otherwise. */

import { addressBytes, addressFromBytes, type IpAddress, internetChecksum } from '../../src/base/index.ts'

export const TCP = 6
export const UDP = 17
export const ICMP = 1
export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const ACK = 0x10

export type FramePlan = {
  readonly source: string
  readonly target: string
  readonly sourcePort?: number
  readonly targetPort?: number
  readonly protocol?: number
  readonly flags?: number
  readonly ttl?: number
  /** Flags and offset: 0x4000 is DF, 0x2000 MF. */
  readonly fragment?: number
  readonly payload?: Uint8Array
  /** UDP without a checksum. */
  readonly noChecksum?: boolean
  readonly etherType?: number
  /** Destination MAC other than the loopback's zeros: a frame for somebody else. */
  readonly forAnother?: boolean
  /** Extra IPv4 header words. */
  readonly options?: number
}

const bytesOf = (text: string): Uint8Array => addressBytes(text as IpAddress)

export function frame(plan: FramePlan): Uint8Array {
  const { protocol = TCP, flags = 0, payload = new Uint8Array(0), sourcePort = 0, targetPort = 0 } = plan
  const transport = new Uint8Array((protocol === TCP ? 20 : protocol === UDP ? 8 : 0) + payload.length)
  const view = new DataView(transport.buffer)
  transport.set(payload, transport.length - payload.length)
  if (protocol === TCP || protocol === UDP) {
    view.setUint16(0, sourcePort)
    view.setUint16(2, targetPort)
    if (protocol === TCP) {
      view.setUint32(4, 1000)
      view.setUint8(12, 0x50)
      view.setUint8(13, flags)
      view.setUint16(14, 65535)
    } else view.setUint16(4, transport.length)
    const at = protocol === TCP ? 16 : 6
    if (!plan.noChecksum) {
      const sum = internetChecksum(pseudoHeader(plan.source, plan.target, protocol, transport.length), transport)
      view.setUint16(at, protocol === UDP && sum === 0 ? 0xffff : sum)
    }
  }
  const headerLength = 20 + 4 * (plan.options ?? 0)
  const header = new Uint8Array(headerLength)
  const ip = new DataView(header.buffer)
  ip.setUint8(0, 0x40 | (headerLength / 4))
  ip.setUint16(2, headerLength + transport.length)
  ip.setUint16(4, 0x1234)
  ip.setUint16(6, plan.fragment ?? 0x4000)
  ip.setUint8(8, plan.ttl ?? 64)
  ip.setUint8(9, protocol)
  header.set(bytesOf(plan.source), 12)
  header.set(bytesOf(plan.target), 16)
  if (headerLength > 20) header.fill(1, 20)
  ip.setUint16(10, internetChecksum(header))
  const whole = new Uint8Array(14 + headerLength + transport.length)
  if (plan.forAnother) whole[5] = 0x77
  whole.set([2, 0, 0, 0, 0, 9], 6)
  new DataView(whole.buffer).setUint16(12, plan.etherType ?? 0x0800)
  whole.set(header, 14)
  whole.set(transport, 14 + headerLength)
  return whole
}

/** An ICMP error that quotes the IPv4 packet of `quoted` (28 bytes of it). */
export function icmpError(
  source: string,
  target: string,
  type: number,
  code: number,
  quoted: Uint8Array,
  mtu = 0,
): Uint8Array {
  const payload = new Uint8Array(8 + 28)
  payload[0] = type
  payload[1] = code
  new DataView(payload.buffer).setUint16(6, mtu)
  payload.set(quoted.subarray(14, 14 + 28), 8)
  new DataView(payload.buffer).setUint16(2, internetChecksum(payload))
  return frame({ source, target, protocol: ICMP, payload, fragment: 0 })
}

export type ReadFrame = {
  readonly source: string
  readonly target: string
  readonly protocol: number
  readonly ttl: number
  readonly length: number
  readonly sourcePort: number
  readonly targetPort: number
  readonly payload: Uint8Array
  /** After the IPv4 header. */
  readonly transport: Uint8Array
  readonly headerChecksumRight: boolean
  /** Of TCP, UDP or ICMP; a UDP checksum of zero is right. */
  readonly checksumRight: boolean
}

/** Reads the IPv4 packet of a frame; `offset` for one that is quoted. */
export function readFrame(bytes: Uint8Array, offset = 14): ReadFrame {
  const ip = bytes.subarray(offset)
  const view = new DataView(ip.buffer, ip.byteOffset, ip.length)
  const length = view.getUint16(2)
  const transport = ip.subarray(20, Math.min(ip.length, length))
  const protocol = view.getUint8(9)
  const source = addressFromBytes(ip.subarray(12, 16))
  const target = addressFromBytes(ip.subarray(16, 20))
  const ports = protocol === TCP || protocol === UDP
  const headLength = protocol === TCP ? 20 : 8
  const checksumRight =
    protocol !== TCP && protocol !== UDP
      ? internetChecksum(transport) === 0
      : (protocol === UDP && view.getUint16(26) === 0) ||
        internetChecksum(pseudoHeader(source, target, protocol, length - 20), transport) === 0
  return {
    source,
    target,
    protocol,
    ttl: view.getUint8(8),
    length,
    sourcePort: ports ? view.getUint16(20) : 0,
    targetPort: ports ? view.getUint16(22) : 0,
    payload: transport.subarray(headLength),
    transport,
    headerChecksumRight: internetChecksum(ip.subarray(0, 20)) === 0,
    checksumRight,
  }
}

function pseudoHeader(source: string, target: string, protocol: number, length: number): Uint8Array {
  const bytes = new Uint8Array(12)
  bytes.set(bytesOf(source), 0)
  bytes.set(bytesOf(target), 4)
  bytes[9] = protocol
  new DataView(bytes.buffer).setUint16(10, length)
  return bytes
}
