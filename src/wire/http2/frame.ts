import { joinedBytes } from '../../base/index.ts'

/**
 * ```
 *  |                 Length (24)                   |
 *  |   Type (8)    |   Flags (8)   |
 *  |R|                 Stream Identifier (31)                      |
 * ```
 * RFC 9113 §4.1.
 */
const HEADER = 9
/** SETTINGS_MAX_FRAME_SIZE where nobody has spoken about it. */
export const LONGEST_FRAME = 16_384

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const frameFlags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const

export type Frame = {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Uint8Array
}

export function encodeFrame({ type, flags, stream, payload }: Frame): Uint8Array {
  const bytes = new Uint8Array(HEADER + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, payload.length * 256 + type)
  view.setUint8(4, flags)
  view.setUint32(5, stream)
  bytes.set(payload, HEADER)
  return bytes
}

/** Cuts a stream of bytes into frames; holds less than one of them, whatever comes. */
export class FrameReader {
  #held = new Uint8Array(0)

  /**
   * The frames that are whole by now; their payloads are valid until more is taken. `too-long`: one that nobody may send us,
   * after which nothing can be read.
   */
  take(chunk: Uint8Array): readonly (Frame | 'too-long')[] {
    const frames: (Frame | 'too-long')[] = []
    const bytes = this.#held.length === 0 ? chunk : joinedBytes([this.#held, chunk])
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = 0
    while (at + HEADER <= bytes.length) {
      const length = view.getUint32(at) >>> 8
      if (length > LONGEST_FRAME) {
        frames.push('too-long')
        break
      }
      const end = at + HEADER + length
      if (end > bytes.length) break
      const payload = bytes.subarray(at + HEADER, end)
      const [type, flags] = [view.getUint8(at + 3), view.getUint8(at + 4)]
      frames.push({ type, flags, stream: view.getUint32(at + 5) & 0x7fff_ffff, payload })
      at = end
    }
    this.#held = bytes.slice(at)
    return frames
  }
}
