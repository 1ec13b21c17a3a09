/** RFC 1035 §2.3.4. */
const LONGEST_LABEL = 63
/** With the lengths and the root. */
const LONGEST_NAME = 255

/**
 * A name as it travels: each label behind its length, and the empty one at the end. Undefined for what is no name: an empty
 * label, one of more than 63 bytes, or more than 255 in all. The empty text and `.` are the root; a dot at the end is allowed.
 */
export function encodeName(text: string): Uint8Array | undefined {
  const labels = text === '' || text === '.' ? [] : text.replace(/\.$/, '').split('.')
  const bytes: number[] = []
  for (const label of labels) {
    const encoded = new TextEncoder().encode(label)
    if (encoded.length === 0 || encoded.length > LONGEST_LABEL) return undefined
    bytes.push(encoded.length, ...encoded)
    if (bytes.length >= LONGEST_NAME) return undefined
  }
  return Uint8Array.of(...bytes, 0)
}

/** Where a name that begins at `from` ends, undefined where it does not: no pointers, no more than 255 bytes. */
export function endOfName(bytes: Uint8Array, from: number): number | undefined {
  let at = from
  for (;;) {
    const length = bytes[at]
    if (length === undefined || length > LONGEST_LABEL) return undefined
    at += 1 + length
    if (at > bytes.length || at - from > LONGEST_NAME) return undefined
    if (length === 0) return at
  }
}
