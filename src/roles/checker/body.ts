import { fail, ok, type Result } from '../../base/index.ts'
import type { BodyPattern, HttpRequestCheck } from '../../model/index.ts'
import { type BodyFindings, MAX_JSON } from '../../proto/probe/index.ts'
import { type Digest, openMd5 } from '../../sys/net/index.ts'
import { compilePattern, type Matcher, openMatcher, type Pattern } from '../../sys/pattern/index.ts'

/** What looks at a body while it comes, in as much as the url asks for. */
export type BodyInspection = {
  /** The bytes are good until it returns. */
  take(bytes: Uint8Array): void
  findings(): BodyFindings
}

const nothing: BodyInspection = { take: () => {}, findings: () => ({}) }

/** The error says why this host cannot look at it so. */
export function inspectBody(check: HttpRequestCheck): Result<BodyInspection, string> {
  if (check.digest === undefined && check.pattern === undefined && check.json === undefined) return ok(nothing)
  const digest = check.digest === undefined ? undefined : openMd5()
  const matcher = check.pattern === undefined ? undefined : matcherOf(check.pattern)
  if (matcher?.ok === false) return matcher
  const keeper = check.json === undefined ? undefined : openKeeper()
  return ok({
    take(bytes) {
      digest?.update(bytes)
      matcher?.value.feed(bytes)
      keeper?.take(bytes)
    },
    findings: () => findingsOf(digest, matcher?.value, keeper?.all()),
  })
}

const findingsOf = (digest?: Digest, matcher?: Matcher, body?: Uint8Array): BodyFindings => ({
  ...(digest === undefined ? {} : { digest: digest.hex() }),
  ...(matcher === undefined ? {} : { pattern: matcher.end() }),
  ...(body === undefined ? {} : { body }),
})

/** Compiled once for all probes of a url, and given up with its configuration. */
const compiled = new WeakMap<BodyPattern, Result<Pattern, string>>()

function matcherOf(pattern: BodyPattern): Result<Matcher, string> {
  const { source, options, minOffset, maxOffset } = pattern
  const known =
    compiled.get(pattern) ??
    compilePattern(source, maxOffset === undefined ? options : [...options, 'use_offset_limit'])
  compiled.set(pattern, known)
  if (!known.ok) return fail(known.error)
  return ok(
    openMatcher(known.value, {
      ...(minOffset === undefined ? {} : { min: minOffset }),
      ...(maxOffset === undefined ? {} : { max: maxOffset }),
    }),
  )
}

function openKeeper(): { take(bytes: Uint8Array): void; all(): Uint8Array | undefined } {
  let pieces: Uint8Array[] | undefined = []
  let length = 0
  return {
    take(bytes) {
      length += bytes.length
      if (length > MAX_JSON) pieces = undefined
      else pieces?.push(bytes.slice())
    },
    all() {
      if (pieces === undefined) return undefined
      const all = new Uint8Array(length)
      let at = 0
      for (const piece of pieces) {
        all.set(piece, at)
        at += piece.length
      }
      return all
    },
  }
}
