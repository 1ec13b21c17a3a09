/**
 * What we put behind a message so that other directors can tell who made it; no kernel takes such a message.
 *
 *    0 "HFsy" | 4 sequence number | 12 HMAC-SHA256 over the message and the 12 bytes before it
 */
const MAGIC = [0x48, 0x46, 0x73, 0x79] as const
const SIGNED = 12
const MAC = 32

/** Bytes of a seal. */
export const SEAL = SIGNED + MAC

export type SealedMessage = {
  readonly message: Uint8Array
  /** Grows from message to message; microseconds since 1970. */
  readonly sequence: number
  /** What is signed: the message and the beginning of the seal. */
  readonly signed: Uint8Array
  readonly mac: Uint8Array
}

/** @param mac  32 bytes for what is given to it */
export function encodeSeal(message: Uint8Array, sequence: number, mac: (signed: Uint8Array) => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(message.length + SEAL)
  bytes.set(message, 0)
  bytes.set(MAGIC, message.length)
  new DataView(bytes.buffer).setBigUint64(message.length + MAGIC.length, BigInt(sequence))
  const end = message.length + SIGNED
  bytes.set(mac(bytes.subarray(0, end)), end)
  return bytes
}

/** Undefined: there is none. Parts of `bytes`, nothing of it copied. */
export function decodeSeal(bytes: Uint8Array): SealedMessage | undefined {
  const at = bytes.length - SEAL
  if (at < 0 || MAGIC.some((byte, i) => bytes[at + i] !== byte)) return undefined
  const sequence = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(at + MAGIC.length)
  if (sequence > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  return {
    message: bytes.subarray(0, at),
    sequence: Number(sequence),
    signed: bytes.subarray(0, at + SIGNED),
    mac: bytes.subarray(at + SIGNED),
  }
}
