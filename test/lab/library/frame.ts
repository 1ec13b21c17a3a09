/**
 * What the witness on the wire reads in a frame, written apart from src/wire on purpose: a mistake there must not hide
 * itself here. Reads only what the lab's tests ask about; all else is `other`.
 */

export type Frame = {
  /** Wall time of the capture in milliseconds. */
  readonly at: number
  readonly sourceMac: string
  readonly destinationMac: string
  /** The whole frame. */
  readonly bytes: Uint8Array
} & (
  | {
      readonly kind: 'vrrp'
      readonly source: string
      readonly destination: string
      readonly ttl: number
      readonly version: number
      readonly virtualRouterId: number
      readonly priority: number
      /** Milliseconds. */
      readonly interval: number
      readonly addresses: readonly string[]
    }
  | {
      readonly kind: 'arp'
      readonly operation: 'request' | 'reply'
      readonly senderMac: string
      readonly senderAddress: string
      readonly targetAddress: string
    }
  | {
      readonly kind: 'neighbour-advertisement'
      readonly source: string
      readonly target: string
      readonly router: boolean
      readonly solicited: boolean
      readonly override: boolean
    }
  | { readonly kind: 'other'; readonly etherType: number }
)

const colons = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
const dotted = (bytes: Uint8Array): string => bytes.join('.')

/** RFC 5952 text, by the platform's own URL parser. */
function ipv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

/** Reads one captured Ethernet frame; a frame that is too short for what it claims to be is `other`. */
export function readFrame(at: number, bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const etherType = bytes.length >= 14 ? view.getUint16(12) : 0
  const ends = { at, sourceMac: colons(bytes.subarray(6, 12)), destinationMac: colons(bytes.subarray(0, 6)), bytes }
  const other: Frame = { ...ends, kind: 'other', etherType }
  if (etherType === 0x0806 && bytes.length >= 42)
    return {
      ...ends,
      kind: 'arp',
      operation: view.getUint16(20) === 1 ? 'request' : 'reply',
      senderMac: colons(bytes.subarray(22, 28)),
      senderAddress: dotted(bytes.subarray(28, 32)),
      targetAddress: dotted(bytes.subarray(38, 42)),
    }
  // Behind an authentication header of 24 bytes as well.
  if (etherType === 0x0800 && bytes.length >= 34 && (bytes[23] === 112 || bytes[23] === 51)) {
    const start = 14 + 4 * (view.getUint8(14) & 15) + (bytes[23] === 51 ? 24 : 0)
    const payload = bytes.subarray(start, 14 + view.getUint16(16))
    const hop = {
      source: dotted(bytes.subarray(26, 30)),
      destination: dotted(bytes.subarray(30, 34)),
      ttl: bytes[22] ?? 0,
    }
    return payload.length >= 8 ? { ...ends, ...hop, ...vrrp(payload, 4) } : other
  }
  if (etherType === 0x86dd && bytes.length >= 54) {
    const payload = bytes.subarray(54)
    const hop = { source: ipv6(bytes.subarray(22, 38)), destination: ipv6(bytes.subarray(38, 54)), ttl: bytes[21] ?? 0 }
    if (bytes[20] === 112 && payload.length >= 8) return { ...ends, ...hop, ...vrrp(payload, 16) }
    if (bytes[20] === 58 && payload[0] === 136 && payload.length >= 24) {
      const flags = payload[4] ?? 0
      return {
        ...ends,
        kind: 'neighbour-advertisement',
        source: hop.source,
        target: ipv6(payload.subarray(8, 24)),
        router: (flags & 0x80) !== 0,
        solicited: (flags & 0x40) !== 0,
        override: (flags & 0x20) !== 0,
      }
    }
  }
  return other
}

function vrrp(payload: Uint8Array, size: 4 | 16) {
  const version = (payload[0] ?? 0) >> 4
  const count = payload[3] ?? 0
  const interval = version === 2 ? 1000 * (payload[5] ?? 0) : 10 * ((((payload[4] ?? 0) & 15) << 8) | (payload[5] ?? 0))
  const addresses = Array.from({ length: count }, (_, i) => payload.subarray(8 + size * i, 8 + size * (i + 1)))
  return {
    kind: 'vrrp' as const,
    version,
    virtualRouterId: payload[1] ?? 0,
    priority: payload[2] ?? 0,
    interval,
    addresses: addresses.map(size === 4 ? dotted : ipv6),
  }
}
