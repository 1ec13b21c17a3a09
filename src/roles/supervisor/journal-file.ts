import type { LogFields } from '../../base/index.ts'

/** Something that was logged, or noted for those who ask. */
export type JournalEntry = {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** One line. */
export const encodeEntry = (entry: JournalEntry, boot: string): string => `${JSON.stringify({ boot, ...entry })}\n`

/** What was written in this boot; a line that is not ours, or was cut off, is passed over. */
export function decodeJournal(text: string, boot: string): readonly JournalEntry[] {
  return text.split('\n').flatMap((line) => {
    const value = parse(line)
    if (!isRecord(value) || value['boot'] !== boot) return []
    const { at, level, message, fields } = value
    if (typeof at !== 'number' || typeof message !== 'string' || !isRecord(fields)) return []
    if (level !== 'info' && level !== 'warn' && level !== 'error') return []
    const plain = Object.entries(fields).filter(
      (field): field is [string, string | number | boolean] => typeof field[1] !== 'object',
    )
    return [{ at, level, message, fields: Object.fromEntries(plain) }]
  })
}

/** Whether an entry is about the object of this name: a virtual router, a group, a script, a server … */
export const isAbout = ({ fields }: JournalEntry, name: string): boolean =>
  Object.entries(fields).some(([key, value]) => key !== 'reason' && value === name)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
