/** The typed face of hfpcre (src/native/hfpcre/hfpcre.c): PCRE2. Loaded only where a pattern is to be matched. */

import type { Result } from '../base/index.ts'
import { fail, ok } from '../base/index.ts'
import { loadAddon } from './load-addon.ts'

export type PatternHandle = object & { readonly kind: 'hfpcre-pattern' }

/** An argument of the wrong type throws; nothing else does. */
export type Hfpcre = {
  /** `options`: names of keepalived.conf(5) parted by blanks; others are passed over. `offset` is in bytes. */
  compile(
    source: Uint8Array,
    options: Uint8Array,
    matchLimit: number,
    heapKibibytes: number,
  ):
    | { readonly pattern: PatternHandle; readonly lookbehind: number }
    | { readonly error: string; readonly offset: number }
  /**
   * 1: it matches; 2: it may, with more bytes; 0: it does not; -1: a limit was reached. `limit` is the last offset a match
   * may begin at, for patterns with use_offset_limit, -1: none. `begin[0]` is where a match of 1 or 2 begins.
   */
  match(
    pattern: PatternHandle,
    subject: Uint8Array,
    start: number,
    limit: number,
    more: boolean,
    begin: Uint32Array,
  ): 1 | 2 | 0 | -1
}

let loaded: Hfpcre | undefined

/** The addon, or the sentence that says why it does not load: not built, or no PCRE2 on this host. */
export function openHfpcre(): Result<Hfpcre, string> {
  if (loaded !== undefined) return ok(loaded)
  const result = loadAddon<Hfpcre>('hfpcre')
  if (!result.ok)
    return fail(
      result.error.includes('libpcre2') ? `PCRE2 is missing: install libpcre2-8-0 (${result.error})` : result.error,
    )
  loaded = result.value
  return result
}
