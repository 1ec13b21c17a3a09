import type { Place } from './source/index.ts'

/**
 * What sort of complaint it is. The tag is stable: it is the JSON key and decides the exit code of a configuration test.
 * `value` is a bad value (its line is dropped), `object` one that cannot run (the object is dropped), `remark` something
 * accepted or adjusted with a word about it.
 */
export type DiagnosticKind =
  | 'no-configuration'
  | 'include'
  | 'source'
  | 'syntax'
  | 'unknown-keyword'
  | 'deprecated'
  | 'missing-argument'
  | 'value'
  | 'object'
  | 'interface'
  | 'security'
  | 'remark'
  /** A word of the language that changes nothing here. */
  | 'without-effect'
  /** Correct, and yet seldom what was meant: a rule of lint/. */
  | 'lint'

export type RelatedPlace = Place & { readonly message: string }

/** One complaint, at the place where the user can mend it. */
export type Diagnostic = Place & {
  readonly severity: 'error' | 'warning'
  readonly kind: DiagnosticKind
  /** The name by which it can be switched off in a lint, where it has one. */
  readonly rule?: string
  /** First column after what is meant; absent: one character. */
  readonly endColumn?: number
  readonly message: string
  /** What to do about it, as an order: `write a number from 1 to 255`. */
  readonly remedy?: string
  readonly related: readonly RelatedPlace[]
  readonly notes: readonly string[]
}

/** By file in reading order, then line and column, errors first. */
export function inOrder(diagnostics: readonly Diagnostic[], files: readonly string[]): readonly Diagnostic[] {
  const rank = new Map(files.map((file, index) => [file, index]))
  const fileRank = (of: Diagnostic) => rank.get(of.file) ?? files.length
  return [...diagnostics].sort(
    (a, b) =>
      fileRank(a) - fileRank(b) || a.line - b.line || a.column - b.column || a.severity.localeCompare(b.severity),
  )
}
