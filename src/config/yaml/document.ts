import { type Document, Lexer, type LineCounter, parseDocument } from 'yaml'
import { fail, ok, type Result } from '../../base/index.ts'
import { isUtf16 } from '../source/index.ts'

const MOST_BYTES = 4 * 1024 * 1024
/** Words, signs, blanks and line ends: a tree takes half a KiB of memory for each. */
const MOST_TOKENS = 600_000

/** Why nothing is read of a file, as a clause, and what to do about it. */
export type Refusal = { readonly reason: string; readonly remedy: string }

/** Bytes to a tree, with its errors in it; of what would take long, or much memory, nothing is read. Never throws. */
export function boundedDocument(
  bytes: Uint8Array,
  lineCounter: LineCounter,
): Result<{ readonly text: string; readonly document: Document }, Refusal> {
  const remedy = 'write it as keepalived.conf, which may be larger'
  if (bytes.length > MOST_BYTES) return fail({ reason: `YAML of more than ${MOST_BYTES / 1_048_576} MiB`, remedy })
  if (isUtf16(bytes)) return fail({ reason: 'the file is UTF-16', remedy: 'save it as UTF-8' })
  const text = new TextDecoder().decode(bytes)
  if (hasMoreTokens(text, MOST_TOKENS)) return fail({ reason: `YAML of more than ${MOST_TOKENS} tokens`, remedy })
  const document = withoutStacks(() =>
    parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      // The library compares each key with each: half a million of them would take minutes.
      uniqueKeys: false,
      stringKeys: true,
    }),
  )
  return ok({ text, document })
}

function hasMoreTokens(text: string, most: number): boolean {
  let count = 0
  for (const _ of new Lexer().lex(text)) if (++count > most) return true
  return false
}

/** The library makes an Error of all that is wrong: hundreds of thousands of stacks, which nobody looks at. */
function withoutStacks<T>(parse: () => T): T {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return parse()
  } finally {
    Error.stackTraceLimit = before
  }
}
