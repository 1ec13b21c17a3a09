/**
 * A frame of the stream by which connections are handed over; the last one says how many they were.
 *
 *    0 bytes of the payload (4) | 4 type: 0 connections, 1 end | 5 0 (3) | 8 payload | with a key: HMAC-SHA256 (32)
 *
 * The payload of connections is a message of IPVS's connection synchronisation, version 1; that of the end a number of 4 bytes.
 * What is signed is made up by who signs: it is to hold the place of the frame in the stream.
 */
import { fail, ok, type Result } from '../../base/index.ts'

export const HEADER = 8
const MAC = 32
const MOST_PAYLOAD = 65_535
const END_PAYLOAD = 4

/** Bytes. */
export const LONGEST_FRAME = HEADER + MOST_PAYLOAD + MAC

export type Frame =
  | { readonly type: 'connections'; readonly message: Uint8Array }
  /** `told`: connections in all frames before it. */
  | { readonly type: 'end'; readonly told: number }

export type FrameFault = 'frame-length' | 'frame-type' | 'unauthenticated'

/** @param sign  for header and payload; absent: there is no key */
export function encodeFrame(frame: Frame, sign?: (signed: Uint8Array) => Uint8Array): Uint8Array {
  const payload = frame.type === 'connections' ? frame.message.length : END_PAYLOAD
  const bytes = new Uint8Array(HEADER + payload + (sign === undefined ? 0 : MAC))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, payload)
  view.setUint8(4, frame.type === 'connections' ? 0 : 1)
  if (frame.type === 'connections') bytes.set(frame.message, HEADER)
  else view.setUint32(HEADER, frame.told)
  const end = HEADER + payload
  if (sign !== undefined) bytes.set(sign(bytes.subarray(0, end)), end)
  return bytes
}

/** Cuts a stream into its frames. Holds less than one frame; after a fault nothing more can be read. */
export class FrameReader {
  readonly #verify: ((signed: Uint8Array, mac: Uint8Array) => boolean) | undefined
  #rest: Uint8Array = new Uint8Array(0)

  /** @param verify  absent: there is no key, and frames are not signed */
  constructor(verify?: (signed: Uint8Array, mac: Uint8Array) => boolean) {
    this.#verify = verify
  }

  /** The frames that are whole by now, until one is at fault; parts of `chunk`, or of what was kept. */
  *read(chunk: Uint8Array): Generator<Result<Frame, FrameFault>, void, void> {
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const trailer = this.#verify === undefined ? 0 : MAC
    let at = 0
    while (at + HEADER <= bytes.length) {
      const payload = view.getUint32(at)
      const type = view.getUint32(at + 4)
      if (type !== 0 && type !== END_TYPE) return yield fail('frame-type')
      if (payload > MOST_PAYLOAD || (type === END_TYPE && payload !== END_PAYLOAD)) return yield fail('frame-length')
      const end = at + HEADER + payload
      if (end + trailer > bytes.length) break
      if (this.#verify?.(bytes.subarray(at, end), bytes.subarray(end, end + MAC)) === false)
        return yield fail('unauthenticated')
      yield ok(
        type === END_TYPE
          ? { type: 'end', told: view.getUint32(at + HEADER) }
          : { type: 'connections', message: bytes.subarray(at + HEADER, end) },
      )
      at = end + trailer
    }
    this.#rest = bytes.slice(at)
  }
}

/** Type 1 with the three bytes behind it, which are 0. */
const END_TYPE = 0x0100_0000

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}
