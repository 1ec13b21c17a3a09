import type { Diagnostic } from '../diagnostic.ts'
import { isStrict } from '../keywords/index.ts'
import { complaint } from '../report.ts'
import { type SourceFile, sourceFile } from './source-text.ts'

/** keepalived.conf(5): a physical line holds this many bytes besides its terminator. */
const LONGEST_LINE = 1023
/** Of one file. */
const MOST_LINES = 4_194_304

/** The physical lines of a file, counted from 0. */
export type PhysicalLines = {
  readonly file: SourceFile
  /** Line ends are LF, and the last line may lack its own. */
  readonly text: string
  readonly count: number
  startOf(line: number): number
  /** The offset of its LF. */
  endOf(line: number): number
  /** It has been complained of. */
  isLeftOut(line: number): boolean
  /** All that is read of a line that is left out: the word without which a check would be weaker than it was meant. */
  keywordLeft(line: number): { readonly word: string; readonly column: number } | undefined
}

/**
 * Bytes to physical lines: UTF-8 (what is not becomes U+FFFD), LF or CR LF, a byte order mark passed over. A line with a
 * NUL byte or of more than 1023 bytes is reported and left out, as keepalived does; unlike it the rest of a long line is
 * not read as a line of its own.
 */
export function readLines(path: string, bytes: Uint8Array, add: (diagnostic: Diagnostic) => void): PhysicalLines {
  const wide = isUtf16(bytes)
  if (wide)
    add(
      complaint('error', 'source', { file: path, line: 1, column: 1 }, 'the file is UTF-16; nothing of it is read', {
        remedy: 'save it as UTF-8',
      }),
    )
  const whole = wide ? '' : new TextDecoder().decode(bytes)
  const end = endOfLines(whole, MOST_LINES)
  if (end < whole.length)
    add(
      complaint(
        'error',
        'source',
        { file: path, line: MOST_LINES, column: 1 },
        'the file goes on after this line; the rest is not read',
        {
          remedy: `write at most ${MOST_LINES} lines, and look whether this is a configuration`,
        },
      ),
    )
  const text = withoutReturns(whole.slice(0, end))
  const hasNul = text.includes('\0')
  const starts: number[] = []
  const leftOut = new Set<number>()
  const leaveOut = (start: number, end: number, column: number, message: string, remedy: string) => {
    const line = starts.length
    leftOut.add(line - 1)
    if (/^\s*[#!]/.test(text.slice(start, Math.min(end, start + LONGEST_LINE)))) return
    add(complaint('error', 'source', { file: path, line, column }, message, { remedy }))
  }
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    starts.push(start)
    const nul = hasNul ? text.slice(start, end).indexOf('\0') : -1
    if (nul >= 0)
      leaveOut(start, end, nul + 1, 'NUL byte; the line is left out', 'save the file as plain text (UTF-8 or ASCII)')
    else if (end - start > LONGEST_LINE / 3 && tooLong(text, start, end))
      leaveOut(
        start,
        end,
        1,
        `line of more than ${LONGEST_LINE} bytes; it is left out`,
        'break the line, for instance by a definition',
      )
    start = end + 1
  }
  const endOf = (line: number): number => {
    const next = starts[line + 1]
    return next !== undefined ? next - 1 : text.endsWith('\n') ? text.length - 1 : text.length
  }
  return {
    file: sourceFile(path, text),
    text,
    count: starts.length,
    startOf: (line) => starts[line] as number,
    endOf,
    isLeftOut: leftOut.size === 0 ? () => false : (line) => leftOut.has(line),
    keywordLeft(line) {
      const start = starts[line] as number
      const [, blanks = '', word = ''] = /^([ \t]*)(\w+)[ \t]/.exec(text.slice(start, start + LONGEST_LINE)) ?? []
      return isStrict(word) ? { word, column: blanks.length + 1 } : undefined
    },
  }
}

/** By its mark, or by two characters of which each has a zero byte on the same side. */
export function isUtf16([a, b, c, d]: Uint8Array): boolean {
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return true
  if (a === undefined || d === undefined) return false
  const little = b === 0 && d === 0 && a !== 0 && c !== 0
  const big = a === 0 && c === 0 && b !== 0 && d !== 0
  return little || big
}

/** The offset after so many lines, or that of the end. */
function endOfLines(text: string, count: number): number {
  if (text.length <= count) return text.length
  let end = 0
  for (let line = 0; line < count; line++) {
    const newline = text.indexOf('\n', end)
    if (newline < 0) return text.length
    end = newline + 1
  }
  return end
}

const tooLong = (text: string, start: number, end: number): boolean =>
  end - start > LONGEST_LINE || new TextEncoder().encode(text.slice(start, end)).length > LONGEST_LINE

/** Carriage returns at the ends of lines are no part of them. */
function withoutReturns(text: string): string {
  if (!text.includes('\r')) return text
  return text
    .split('\n')
    .map((line) => {
      let end = line.length
      while (line[end - 1] === '\r') end--
      return line.slice(0, end)
    })
    .join('\n')
}
