/** Over TCP each message stands behind its length in two bytes (RFC 1035 §4.2.2). */
const PREFIX = 2

/** A query as it is sent over TCP. */
export function framed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PREFIX + message.length)
  new DataView(bytes.buffer).setUint16(0, message.length)
  bytes.set(message, PREFIX)
  return bytes
}

/** Puts together the first message of a stream; holds 64 KiB at most, whatever comes. */
export function openMessageReader(): {
  /** @returns the whole message, once it is there; what comes behind it is not looked at */
  take(chunk: Uint8Array): Uint8Array | undefined
} {
  const prefix = new Uint8Array(PREFIX)
  let prefixHeld = 0
  let message: Uint8Array | undefined
  let held = 0
  return {
    take(chunk) {
      let at = 0
      while (prefixHeld < PREFIX && at < chunk.length) prefix[prefixHeld++] = chunk[at++] as number
      if (prefixHeld < PREFIX) return undefined
      message ??= new Uint8Array(new DataView(prefix.buffer).getUint16(0))
      const part = chunk.subarray(at, at + message.length - held)
      message.set(part, held)
      held += part.length
      return held === message.length ? message : undefined
    },
  }
}
