import type { Diagnostic } from '../diagnostic.ts'
import { complaint } from '../report.ts'
import type { SourceFile } from './source-text.ts'

/** keepalived.conf(5): a physical line holds this many bytes besides its terminator. */
const LONGEST_LINE = 1023

export type PhysicalLine = { readonly number: number; readonly text: string }

/**
 * Bytes to physical lines: UTF-8 (what is not becomes U+FFFD), LF or CR LF, a byte order mark passed over. A line with a
 * NUL byte or of more than 1023 bytes is reported and left out, as keepalived does; unlike it the rest of a long line is
 * not read as a line of its own.
 */
export function readLines(
  path: string,
  bytes: Uint8Array,
  add: (diagnostic: Diagnostic) => void,
): { readonly file: SourceFile; readonly lines: readonly PhysicalLine[] } {
  const all = new TextDecoder().decode(bytes).split('\n')
  if (all.at(-1) === '') all.pop()
  const texts = all.map((line) => line.replace(/\r+$/, ''))
  const lines: PhysicalLine[] = []
  for (const [index, text] of texts.entries()) {
    const place = { file: path, line: index + 1 }
    const isComment = /^\s*[#!]/.test(text)
    const nul = text.indexOf('\0')
    if (nul >= 0) {
      if (!isComment)
        add(
          complaint('error', 'source', { ...place, column: nul + 1 }, 'NUL byte; the line is left out', {
            remedy: 'save the file as plain text (UTF-8 or ASCII)',
          }),
        )
    } else if (tooLong(text)) {
      if (!isComment)
        add(
          complaint(
            'error',
            'source',
            { ...place, column: 1 },
            `line of more than ${LONGEST_LINE} bytes; it is left out`,
            {
              remedy: 'break the line, for instance by a definition',
            },
          ),
        )
    } else lines.push({ number: index + 1, text })
  }
  return { file: { path, lines: texts }, lines }
}

function tooLong(text: string): boolean {
  if (text.length > LONGEST_LINE) return true
  return text.length * 3 > LONGEST_LINE && new TextEncoder().encode(text).length > LONGEST_LINE
}
