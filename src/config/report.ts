import type { Diagnostic, DiagnosticKind, RelatedPlace } from './diagnostic.ts'
import type { Place, SourceText } from './source/index.ts'

/** Offsets into the expanded text; `end` is the first one after. */
export type Span = { readonly start: number; readonly end: number }

export type Details = {
  /** Name of the lint rule that this is. */
  readonly rule?: string
  readonly remedy?: string
  readonly related?: readonly { readonly at: Span; readonly message: string }[]
  readonly notes?: readonly string[]
}

/** How a pass says what it found. An error drops what it is about, a warning drops nothing. */
export type Report = {
  error(kind: DiagnosticKind, at: Span, message: string, details?: Details): void
  warning(kind: DiagnosticKind, at: Span, message: string, details?: Details): void
}

/** For a text that has been complained of before, or is our own. */
export const silent: Report = { error() {}, warning() {} }

/** More than this and the rest is counted only: a file that is no configuration must not flood the terminal. */
const MOST_COMPLAINTS = 1000

export type Collector = {
  add(diagnostic: Diagnostic): void
  all(): readonly Diagnostic[]
}

/** Keeps complaints; the same one at the same place (a definition used often) is kept once and counted. */
export function collector(): Collector {
  const kept = new Map<string, Diagnostic>()
  const again = new Map<string, number>()
  let more = 0
  return {
    add(diagnostic) {
      const { file, line, column, message } = diagnostic
      const key = `${file}:${line}:${column}:${message}`
      if (kept.has(key)) again.set(key, (again.get(key) ?? 0) + 1)
      else if (kept.size < MOST_COMPLAINTS) kept.set(key, diagnostic)
      else more++
    },
    all() {
      const all = [...kept].map(([key, one]) =>
        withNote(one, again.get(key), 'more times, where the same text is used'),
      )
      const last = all.at(-1)
      return last === undefined ? all : [...all.slice(0, -1), withNote(last, more, 'more complaints are not shown')]
    },
  }
}

const withNote = (of: Diagnostic, count: number | undefined, what: string): Diagnostic =>
  count === undefined || count === 0 ? of : { ...of, notes: [...of.notes, `${count} ${what}`] }

type PlacedDetails = {
  readonly rule?: string
  readonly remedy?: string
  readonly related?: readonly RelatedPlace[]
  readonly notes?: readonly string[]
  readonly endColumn?: number
}

export const complaint = (
  severity: 'error' | 'warning',
  kind: DiagnosticKind,
  place: Place,
  message: string,
  details: PlacedDetails = {},
): Diagnostic => ({
  severity,
  kind,
  ...(details.rule === undefined ? {} : { rule: details.rule }),
  file: place.file,
  line: place.line,
  column: place.column,
  ...(details.endColumn === undefined ? {} : { endColumn: details.endColumn }),
  message,
  ...(details.remedy === undefined ? {} : { remedy: details.remedy }),
  related: details.related ?? [],
  notes: details.notes ?? [],
})

/**
 * Turns offsets of the expanded text to places, and tells of the definitions and sequences that the text comes out of.
 * @param strict  as in `LoadOptions`
 */
export function reportInto(add: (diagnostic: Diagnostic) => void, source: SourceText, strict = false): Report {
  const say = (
    severity: 'error' | 'warning',
    kind: DiagnosticKind,
    at: Span,
    message: string,
    details: Details = {},
  ): void => {
    const place = source.placeOf(at.start)
    const last = source.placeOf(Math.max(at.start, at.end - 1))
    const sameLine = last.file === place.file && last.line === place.line && last.column >= place.column
    const related: RelatedPlace[] = (details.related ?? []).map((one) => ({
      ...source.placeOf(one.at.start),
      message: one.message,
    }))
    related.push(...source.originsOf(at.start, at.end))
    add(
      complaint(severity, kind, place, message, {
        ...(details.rule === undefined ? {} : { rule: details.rule }),
        ...(sameLine && at.end > at.start ? { endColumn: last.column + 1 } : {}),
        ...(details.remedy === undefined ? {} : { remedy: details.remedy }),
        related,
        notes: details.notes ?? [],
      }),
    )
  }
  return {
    error: (kind, at, message, details) => say('error', kind, at, message, details),
    warning: (kind, at, message, details) =>
      say(strict && kind === 'unknown-keyword' ? 'error' : 'warning', kind, at, message, details),
  }
}
