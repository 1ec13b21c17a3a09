import { hostIsLittleEndian } from '../../base/index.ts'

/** Ancillary data of one kind (cmsg(3)). */
export type ControlMessage = { readonly level: number; readonly type: number; readonly data: Uint8Array }

/** `cmsg_len` is a size_t, and everything is aligned to one. */
const headerSize = (wordSize: number): number => wordSize + 8
const aligned = (size: number, wordSize: number): number => (size + wordSize - 1) & -wordSize

/** The control buffer of these messages. @param wordSize bytes in a C long */
export function encodeControlMessages(messages: readonly ControlMessage[], wordSize: number): Uint8Array {
  const header = headerSize(wordSize)
  const size = messages.reduce((sum, { data }) => sum + header + aligned(data.length, wordSize), 0)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { level, type, data } of messages) {
    // The upper half of a 64-bit length is zero: only its place depends on the byte order.
    view.setUint32(hostIsLittleEndian ? at : at + wordSize - 4, header + data.length, hostIsLittleEndian)
    view.setInt32(at + wordSize, level, hostIsLittleEndian)
    view.setInt32(at + wordSize + 4, type, hostIsLittleEndian)
    bytes.set(data, at + header)
    at += header + aligned(data.length, wordSize)
  }
  return bytes
}

/** The messages in a control buffer as far as it is well formed; `data` points into it. */
export function decodeControlMessages(bytes: Uint8Array, wordSize: number): ControlMessage[] {
  const header = headerSize(wordSize)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const messages: ControlMessage[] = []
  let at = 0
  while (at + header <= bytes.length) {
    const length = view.getUint32(hostIsLittleEndian ? at : at + wordSize - 4, hostIsLittleEndian)
    if (length < header || at + length > bytes.length) break
    messages.push({
      level: view.getInt32(at + wordSize, hostIsLittleEndian),
      type: view.getInt32(at + wordSize + 4, hostIsLittleEndian),
      data: bytes.subarray(at + header, at + length),
    })
    at += aligned(length, wordSize)
  }
  return messages
}

/** The data of the first message of this kind, found without making any of the others; undefined where there is none. */
export function findControlMessage(
  bytes: Uint8Array,
  wordSize: number,
  level: number,
  type: number,
): Uint8Array | undefined {
  const header = headerSize(wordSize)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at + header <= bytes.length; ) {
    const length = view.getUint32(hostIsLittleEndian ? at : at + wordSize - 4, hostIsLittleEndian)
    if (length < header || at + length > bytes.length) return undefined
    const isIt =
      view.getInt32(at + wordSize, hostIsLittleEndian) === level &&
      view.getInt32(at + wordSize + 4, hostIsLittleEndian) === type
    if (isIt) return bytes.subarray(at + header, at + length)
    at += aligned(length, wordSize)
  }
  return undefined
}
