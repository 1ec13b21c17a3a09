/**
 * A body in chunked coding (RFC 9112 §7.1), whole, without its coding; undefined where it is not so coded. Extensions are
 * passed over, and so is what stands after the last chunk.
 */
export function dechunk(bytes: Uint8Array): Uint8Array | undefined {
  const plain = new Uint8Array(bytes.length)
  let length = 0
  let at = 0
  for (;;) {
    const end = lineEnd(bytes, at)
    if (end === undefined) return undefined
    const size = chunkSize(bytes, at, end)
    if (size === undefined) return undefined
    if (size === 0) return plain.subarray(0, length)
    const begin = end + 2
    // The chunk, and the line end after it.
    if (begin + size + 2 > bytes.length || lineEnd(bytes, begin + size) !== begin + size) return undefined
    plain.set(bytes.subarray(begin, begin + size), length)
    length += size
    at = begin + size + 2
  }
}

/** Where the line that begins at `from` ends, before its CR LF. */
function lineEnd(bytes: Uint8Array, from: number): number | undefined {
  const end = bytes.indexOf(13, from)
  return end >= 0 && bytes[end + 1] === 10 ? end : undefined
}

function chunkSize(bytes: Uint8Array, from: number, end: number): number | undefined {
  let text = ''
  for (let at = from; at < Math.min(end, from + 20); at++) text += String.fromCharCode(bytes[at] as number)
  const digits = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(text)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 16)
}
