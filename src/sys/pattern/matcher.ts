import type { Pattern } from './compile.ts'

/** Bytes of a match that is not at its end yet that are kept at most. */
const MAX_KEPT = 256 * 1024

/** `gave-up`: it took too many steps, or a match begins that does not end within what is kept. */
export type MatchEnd = 'matched' | 'unmatched' | 'gave-up'

/** Offsets in bytes, between which a match has to begin; absent: anywhere. */
export type PatternSpan = { readonly min?: number; readonly max?: number }

export type Matcher = {
  /** The next bytes, of which copies are kept as far as need be. */
  feed(chunk: Uint8Array): void
  /** That was all. */
  end(): MatchEnd
}

const begin = new Uint32Array(1)

/** One stream, of which nothing is known yet. With `max` the pattern needs its option use_offset_limit. */
export function openMatcher({ pcre, handle, lookbehind, utf }: Pattern, { min = 0, max }: PatternSpan): Matcher {
  /** The bytes that still matter, and where the first of them stands in the stream. */
  let kept: Uint8Array = new Uint8Array(0)
  let base = 0
  /** No match begins before this place of the stream. */
  let from = min
  let found: MatchEnd | undefined

  const attempt = (more: boolean): void => {
    const limit = max === undefined ? -1 : max - base
    const subject = more && utf ? wholeCharacters(kept) : kept
    if (more && base + subject.length <= from) return
    switch (pcre.match(handle, subject, from - base, limit, more, begin)) {
      case 1:
        found = 'matched'
        return
      case 2:
        from = base + (begin[0] as number)
        return
      case 0:
        from = base + subject.length
        return
      case -1:
        found = 'gave-up'
    }
  }
  const forget = (): void => {
    const unneeded = Math.min(kept.length, from - base) - lookbehind
    if (unneeded <= 0) return
    kept = kept.slice(unneeded)
    base += unneeded
  }

  return {
    feed(chunk) {
      if (found !== undefined) return
      const joined = new Uint8Array(kept.length + chunk.length)
      joined.set(kept)
      joined.set(chunk, kept.length)
      kept = joined
      attempt(true)
      if (found !== undefined) return
      forget()
      if (max !== undefined && from > max) found = 'unmatched'
      else if (kept.length > MAX_KEPT) found = 'gave-up'
    },
    end() {
      if (found === undefined && from <= base + kept.length) attempt(false)
      return found ?? 'unmatched'
    },
  }
}

/** Without the character of UTF-8 at its end that is not complete yet (RFC 3629 §3). */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? bytes.subarray(0, -back) : bytes
    if (byte < 0x80) return bytes
  }
  return bytes
}
