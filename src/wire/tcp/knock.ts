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
  /** In an ipip tunnel to this address (RFC 2003); absent: in none. */
  readonly tunnel?: { readonly source: IpAddress; readonly destination: IpAddress }
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
const IP_HEADER = 20
const SEGMENT = 20
const FRAME = 54
const IPPROTO_TCP = 6
const IPPROTO_IPIP = 4
const [SYN, RST, ACK] = [0x02, 0x04, 0x10]

export function encodeKnock(knock: Knock): Uint8Array {
  const { from, to, tunnel } = knock
  const inner = packetOf(knock)
  const outer = tunnel === undefined ? undefined : ipHeader(tunnel, IPPROTO_IPIP, inner.length)
  const frame = new Uint8Array(IP + (outer?.length ?? 0) + inner.length)
  frame.set(to, 0)
  frame.set(from, 6)
  new DataView(frame.buffer).setUint16(12, 0x0800)
  if (outer !== undefined) frame.set(outer, IP)
  frame.set(inner, IP + (outer?.length ?? 0))
  return frame
}

function packetOf({ source, destination, sourcePort, port, kind, sequence }: Knock): Uint8Array {
  const segment = new Uint8Array(SEGMENT)
  const view = new DataView(segment.buffer)
  view.setUint16(0, sourcePort)
  view.setUint16(2, port)
  view.setUint32(4, sequence)
  segment[12] = 5 << 4
  segment[13] = kind === 'syn' ? SYN : RST
  view.setUint16(14, kind === 'syn' ? 1024 : 0)
  view.setUint16(16, internetChecksum(pseudoHeader(source, destination, IPPROTO_TCP, SEGMENT), segment))
  return new Uint8Array([...ipHeader({ source, destination }, IPPROTO_TCP, SEGMENT), ...segment])
}

type Ends = { readonly source: IpAddress; readonly destination: IpAddress }

/** Without options, not to be fragmented. */
function ipHeader({ source, destination }: Ends, protocol: number, length: number): Uint8Array {
  const header = new Uint8Array(IP_HEADER)
  const view = new DataView(header.buffer)
  view.setUint16(0, 0x4500)
  view.setUint16(2, IP_HEADER + length)
  view.setUint16(6, 0x4000)
  header[8] = 64
  header[9] = protocol
  header.set(addressBytes(source), 12)
  header.set(addressBytes(destination), 16)
  view.setUint16(10, internetChecksum(header))
  return header
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
