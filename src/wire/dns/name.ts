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

/** A name has no more labels, and so needs no more pointers. */
const MOST_POINTERS = 127
/** The first two bits of a length: what follows is where the name goes on (RFC 1035 §4.1.4). */
const POINTER = 0xc0

/**
 * The name that begins at `from`, which may be compressed, in lower case: labels with dots between them, bytes that are no letters,
 * digits, `-` or `_` as `\DDD`, and the root as `.`. `end` is behind it in the record. Undefined for what is no name: a label that
 * goes on behind the end, a pointer that does not lead backwards, more than 255 bytes in all.
 */
export function readName(bytes: Uint8Array, from: number): { readonly name: string; readonly end: number } | undefined {
  const labels: string[] = []
  let at = from
  /** Before the first pointer: where the record goes on. */
  let end: number | undefined
  /** A pointer leads before what has been read so far, and so it comes to an end. */
  let lowest = from
  let size = 0
  let pointers = 0
  for (;;) {
    const length = bytes[at]
    if (length === undefined) return undefined
    if ((length & POINTER) === POINTER) {
      const low = bytes[at + 1]
      if (low === undefined) return undefined
      end ??= at + 2
      at = ((length & ~POINTER) << 8) | low
      if (at >= lowest || ++pointers > MOST_POINTERS) return undefined
      lowest = at
      continue
    }
    if (length > LONGEST_LABEL || at + 1 + length > bytes.length) return undefined
    size += 1 + length
    if (size > LONGEST_NAME) return undefined
    if (length === 0) return { name: labels.length === 0 ? '.' : labels.join('.'), end: end ?? at + 1 }
    labels.push(labelText(bytes.subarray(at + 1, at + 1 + length)))
    at += 1 + length
  }
}

function labelText(label: Uint8Array): string {
  let text = ''
  for (const byte of label) {
    const letter = String.fromCharCode(byte)
    text += /[A-Za-z0-9_-]/.test(letter) ? letter.toLowerCase() : `\\${String(byte).padStart(3, '0')}`
  }
  return text
}
