/**
 * BFD control packet, the mandatory section (RFC 5880 §4.1).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
 *    |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 *    +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
 *    |                       My Discriminator                        |
 *    |                      Your Discriminator                       |
 *    |                Desired Min TX Interval (µs)                   |
 *    |                Required Min RX Interval (µs)                  |
 *    |              Required Min Echo RX Interval (µs)               |
 *    +---------------------------------------------------------------+
 */
import { fail, type Micros, micros, ok, type Result } from '../../base/index.ts'

/** In the order of their numbers. */
const STATES = ['admin-down', 'down', 'init', 'up'] as const

export type BfdStateName = (typeof STATES)[number]

export type ControlPacket = {
  /** Why the sender's session was last not up: 0–8 (§4.1). */
  readonly diagnostic: number
  readonly state: BfdStateName
  /** Never both. */
  readonly poll: boolean
  readonly final: boolean
  readonly controlPlaneIndependent: boolean
  readonly demand: boolean
  /** 1–255. */
  readonly multiplier: number
  /** Not 0. */
  readonly myDiscriminator: number
  /** 0 only in down and admin-down: the sender has heard nobody. */
  readonly yourDiscriminator: number
  readonly desiredMinTransmit: Micros
  /** 0: the sender wants no periodic packets. */
  readonly requiredMinReceive: Micros
  readonly requiredMinEchoReceive: Micros
}

/** The first field that is wrong and what it held (`length`: bytes received, or the length it claims). */
export type WrongBfdField = {
  readonly field:
    | 'length'
    | 'version'
    | 'multiplier'
    | 'multipoint'
    | 'my-discriminator'
    | 'your-discriminator'
    | 'poll-and-final'
    | 'diagnostic'
    | 'authentication'
  readonly got: number
}

const SIZE = 24
const VERSION = 1
/** The last that has a meaning: reverse concatenated path down. */
const LAST_DIAGNOSTIC = 8

const POLL = 0x20
const FINAL = 0x10
const CONTROL_PLANE_INDEPENDENT = 0x08
const AUTHENTICATION = 0x04
const DEMAND = 0x02
const MULTIPOINT = 0x01

/**
 * Reads one control packet. Checked in this order (RFC 5880 §6.8.6): enough bytes, the length it claims (keepalived wants it
 * equal, the RFC only not longer), version, multiplier, multipoint, both discriminators; then what keepalived refuses besides:
 * poll together with final (§6.5 forbids it), diagnostics without a meaning; and last authentication, which nobody here has
 * agreed to.
 * @param bytes the UDP payload; not kept
 */
export function decodeControlPacket(bytes: Uint8Array): Result<ControlPacket, WrongBfdField> {
  if (bytes.length < SIZE) return fail({ field: 'length', got: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const length = view.getUint8(3)
  if (length !== bytes.length) return fail({ field: 'length', got: length })
  const version = view.getUint8(0) >> 5
  if (version !== VERSION) return fail({ field: 'version', got: version })
  const multiplier = view.getUint8(2)
  if (multiplier === 0) return fail({ field: 'multiplier', got: 0 })
  const flags = view.getUint8(1)
  if ((flags & MULTIPOINT) !== 0) return fail({ field: 'multipoint', got: 1 })
  const myDiscriminator = view.getUint32(4)
  if (myDiscriminator === 0) return fail({ field: 'my-discriminator', got: 0 })
  const yourDiscriminator = view.getUint32(8)
  const state = STATES[flags >> 6] as BfdStateName
  if (yourDiscriminator === 0 && (state === 'init' || state === 'up'))
    return fail({ field: 'your-discriminator', got: 0 })
  const poll = (flags & POLL) !== 0
  const final = (flags & FINAL) !== 0
  if (poll && final) return fail({ field: 'poll-and-final', got: flags })
  const diagnostic = view.getUint8(0) & 0x1f
  if (diagnostic > LAST_DIAGNOSTIC) return fail({ field: 'diagnostic', got: diagnostic })
  // What is longer than the mandatory section can only be that.
  if ((flags & AUTHENTICATION) !== 0) return fail({ field: 'authentication', got: 1 })
  if (length !== SIZE) return fail({ field: 'length', got: length })
  return ok({
    diagnostic,
    state,
    poll,
    final,
    controlPlaneIndependent: (flags & CONTROL_PLANE_INDEPENDENT) !== 0,
    demand: (flags & DEMAND) !== 0,
    multiplier,
    myDiscriminator,
    yourDiscriminator,
    desiredMinTransmit: micros(view.getUint32(12)),
    requiredMinReceive: micros(view.getUint32(16)),
    requiredMinEchoReceive: micros(view.getUint32(20)),
  })
}

export function encodeControlPacket(packet: ControlPacket): Uint8Array {
  const bytes = new Uint8Array(SIZE)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, (VERSION << 5) | packet.diagnostic)
  view.setUint8(
    1,
    (STATES.indexOf(packet.state) << 6) |
      (packet.poll ? POLL : 0) |
      (packet.final ? FINAL : 0) |
      (packet.controlPlaneIndependent ? CONTROL_PLANE_INDEPENDENT : 0) |
      (packet.demand ? DEMAND : 0),
  )
  view.setUint8(2, packet.multiplier)
  view.setUint8(3, SIZE)
  view.setUint32(4, packet.myDiscriminator)
  view.setUint32(8, packet.yourDiscriminator)
  view.setUint32(12, packet.desiredMinTransmit)
  view.setUint32(16, packet.requiredMinReceive)
  view.setUint32(20, packet.requiredMinEchoReceive)
  return bytes
}
