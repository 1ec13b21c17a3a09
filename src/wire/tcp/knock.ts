/**
 * A TCP segment without data over IPv4 in a whole frame of 54 bytes (RFC 9293 §3.1, RFC 791 §3.1).
 *
 *    0 destination MAC | 6 MAC | 12 0x0800 | 14 IPv4 header of 20 bytes: 22 TTL 64, protocol 6, checksum; 26 source; 30 destination
 *    34 source port | 36 port | 38 sequence number | 42 acknowledged | 46 length 5, flags, window | 50 checksum, urgent pointer
 */
import { addressBytes, addressFromBytes, type IpAddress, internetChecksum, pseudoHeader } from '../../base/index.ts'

export type Knock = {
  /** 6 bytes, as all MACs here. */
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly sourcePort: number
  readonly port: number
  /** `reset` takes back what a SYN has begun. */
  readonly kind: 'syn' | 'reset'
  readonly sequence: number
}

export type KnockAnswer = {
  /** Who sent the frame. */
  readonly from: Uint8Array
  readonly source: IpAddress
  readonly destination: IpAddress
  /** Of who answers. */
  readonly port: number
  readonly sourcePort: number
  readonly kind: 'accepted' | 'refused'
}

const IP = 14
const TCP = 34
const FRAME = 54
const IPPROTO_TCP = 6
const [SYN, RST, ACK] = [0x02, 0x04, 0x10]

export function encodeKnock({ from, to, source, destination, sourcePort, port, kind, sequence }: Knock): Uint8Array {
  const frame = new Uint8Array(FRAME)
  const view = new DataView(frame.buffer)
  frame.set(to, 0)
  frame.set(from, 6)
  view.setUint16(12, 0x0800)
  view.setUint16(IP, 0x4500)
  view.setUint16(IP + 2, FRAME - IP)
  view.setUint16(IP + 6, 0x4000)
  frame[IP + 8] = 64
  frame[IP + 9] = IPPROTO_TCP
  frame.set(addressBytes(source), IP + 12)
  frame.set(addressBytes(destination), IP + 16)
  view.setUint16(IP + 10, internetChecksum(frame.subarray(IP, TCP)))
  view.setUint16(TCP, sourcePort)
  view.setUint16(TCP + 2, port)
  view.setUint32(TCP + 4, sequence)
  frame[TCP + 12] = 5 << 4
  frame[TCP + 13] = kind === 'syn' ? SYN : RST
  view.setUint16(TCP + 14, kind === 'syn' ? 1024 : 0)
  const pseudo = pseudoHeader(source, destination, IPPROTO_TCP, FRAME - TCP)
  view.setUint16(TCP + 16, internetChecksum(pseudo, frame.subarray(TCP)))
  return frame
}

/** Undefined for whatever is no answer to a SYN; IPv4 options are passed over. */
export function readKnockAnswer(frame: Uint8Array): KnockAnswer | undefined {
  if (frame.length < FRAME || frame[12] !== 0x08 || frame[13] !== 0x00) return undefined
  const first = frame[IP] as number
  const header = 4 * (first & 0x0f)
  if (first >> 4 !== 4 || header < 20 || frame[IP + 9] !== IPPROTO_TCP || frame.length < IP + header + 20)
    return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  const at = IP + header
  const flags = frame[at + 13] as number
  if ((flags & ACK) === 0 || (flags & (SYN | RST)) === 0) return undefined
  return {
    from: frame.slice(6, 12),
    source: addressFromBytes(frame.subarray(IP + 12, IP + 16)),
    destination: addressFromBytes(frame.subarray(IP + 16, IP + 20)),
    port: view.getUint16(at),
    sourcePort: view.getUint16(at + 2),
    kind: (flags & RST) === 0 ? 'accepted' : 'refused',
  }
}
