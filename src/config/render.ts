import type { Diagnostic } from './diagnostic.ts'
import { displayWidth } from './display-width.ts'
import type { SourceFile } from './source/index.ts'

/** Longer lines are cut around the place. */
const WIDEST = 160
/** As much of a line is looked at on either side of the place: no secret is longer that has an effect. */
const LOOKED_AT = 4096
/** Values of these words are never shown, not even in the source line, whether of keepalived.conf or of YAML. */
const SECRETS = /(\b(?:auth_(?!type\b)\w*|password|key(?:"?:?[ \t]+"?\d+)?)"?:?[ \t]+)("[^"]*"?|'[^']*'?|[^\s{}]+)/g

const COLORS = { error: '\x1b[1;31m', warning: '\x1b[1;33m', bold: '\x1b[1m', dim: '\x1b[2m', off: '\x1b[0m' } as const

/**
 * Diagnostics for a terminal or a log: `file:line:column: error: message`, the line, a caret under what is meant, then
 * remedy and related places; with `rules` also the names by which lint rules are switched off. Ends in a newline unless there is nothing to say. Passwords are starred out.
 */
export function render(
  diagnostics: readonly Diagnostic[],
  sources: readonly SourceFile[],
  { color = false, rules = false }: { readonly color?: boolean; readonly rules?: boolean } = {},
): string {
  const paint = (kind: keyof typeof COLORS, text: string) => (color ? `${COLORS[kind]}${text}${COLORS.off}` : text)
  const fileOf = new Map(sources.map((file) => [file.path, file]))
  const out: string[] = []
  for (const one of diagnostics) {
    const place = paint('bold', `${one.file}:${one.line}:${one.column}:`)
    const rule = rules && one.rule !== undefined ? ` [${one.rule}]` : ''
    const remedy = one.remedy === undefined ? '' : ` (${one.remedy})`
    out.push(`${place} ${paint(one.severity, `${one.severity}:`)} ${printable(one.message)}${printable(remedy)}${rule}`)
    const line = fileOf.get(one.file)?.lines[one.line - 1]
    if (line !== undefined) out.push(...excerpt(line, one.column, one.endColumn, (text) => paint(one.severity, text)))
    for (const related of one.related)
      out.push(
        `  ${related.file}:${related.line}:${related.column}: ${paint('dim', 'note:')} ${printable(related.message)}`,
      )
    for (const note of one.notes) out.push(`  ${paint('dim', 'note:')} ${printable(note)}`)
  }
  return out.length === 0 ? '' : `${out.join('\n')}\n`
}

function excerpt(
  whole: string,
  place: number,
  placeEnd: number | undefined,
  paint: (text: string) => string,
): readonly string[] {
  const skipped = Math.max(0, place - LOOKED_AT)
  const line = whole.slice(skipped, place + LOOKED_AT)
  const [column, endColumn] = [place - skipped, placeEnd === undefined ? undefined : placeEnd - skipped]
  const shown = printable(line.replace(SECRETS, (_, word: string, value: string) => word + '*'.repeat(value.length)))
  const end = Math.max(column + 1, Math.min(endColumn ?? column + 1, shown.length + 1))
  const from = shown.length <= WIDEST ? 0 : Math.max(0, Math.min(column - 1 - 40, shown.length - WIDEST))
  const cut = shown.slice(from, from + WIDEST)
  const before = cut.slice(0, column - 1 - from)
  // Tabs keep their width under the caret.
  const indent = before.split('\t').map((part) => ' '.repeat(displayWidth(part)))
  const width = Math.max(1, displayWidth(cut.slice(before.length, end - 1 - from)))
  return [`    ${cut}`, `    ${indent.join('\t')}${paint(`^${'~'.repeat(width - 1)}`)}`]
}

/** A file's bytes must not steer the terminal. */
const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD')
