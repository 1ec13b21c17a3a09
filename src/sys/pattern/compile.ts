import { fail, ok, type Result } from '../../base/index.ts'
import { type Hfpcre, openHfpcre, type PatternHandle } from '../../native/index.ts'

/**
 * Steps of backtracking that one attempt may take: some ten milliseconds of work. PCRE2's own limit is ten times that, and
 * keepalived sets none.
 */
const MATCH_LIMIT = 1_000_000
/** What one attempt may take of the heap. */
const HEAP_KIBIBYTES = 4096

export type Pattern = {
  readonly pcre: Hfpcre
  readonly handle: PatternHandle
  /** Bytes before a place that a match there may look at; at least one, so that no place but the first is a beginning. */
  readonly lookbehind: number
  /** Bytes are characters of UTF-8. */
  readonly utf: boolean
}

const encoder = new TextEncoder()

/**
 * @param options  names of compile options of keepalived.conf(5); others are passed over, as there
 * @returns the error is a sentence for the user
 */
export function compilePattern(source: string, options: readonly string[]): Result<Pattern, string> {
  const addon = openHfpcre()
  if (!addon.ok) return addon
  const made = compileWith(addon.value, source, options)
  if ('error' in made) return fail(`the pattern is wrong at offset ${made.offset}: ${made.error}`)
  // A character has at most four bytes in UTF-8, and none has fewer than one.
  const utf = options.includes('utf')
  const lookbehind = Math.max(1, made.lookbehind) * (utf ? 4 : 1)
  return ok({ pcre: addon.value, handle: made.pattern, lookbehind, utf })
}

/** What is wrong with a pattern; undefined: nothing, or this host has no PCRE2 to ask. */
export function patternFault(source: string, options: readonly string[]): string | undefined {
  const addon = openHfpcre()
  if (!addon.ok) return undefined
  const made = compileWith(addon.value, source, options)
  return 'error' in made ? `${made.error} at offset ${made.offset}` : undefined
}

const compileWith = (pcre: Hfpcre, source: string, options: readonly string[]): ReturnType<Hfpcre['compile']> =>
  pcre.compile(encoder.encode(source), encoder.encode(options.join(' ')), MATCH_LIMIT, HEAP_KIBIBYTES)
