import type { LogFields } from '../../base/index.ts'
import type { TransitionSnapshot } from '../../observe/index.ts'

/** Something that was logged, or noted for those who ask. */
export type JournalEntry = {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
  /** Of a virtual router that has changed its state. */
  readonly change?: RouterChange
}

/** A change of the virtual router of this key. */
export type RouterChange = { readonly key: string; readonly transition: TransitionSnapshot }

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
    const change = changeOf(value['change'])
    return [{ at, level, message, fields: Object.fromEntries(plain), ...(change === undefined ? {} : { change }) }]
  })
}

/** Whether an entry is about the object of this name: a virtual router, a group, a script, a server … */
export const isAbout = ({ fields }: JournalEntry, name: string): boolean =>
  Object.entries(fields).some(
    ([key, value]) =>
      key !== 'reason' && (value === name || (key === 'virtualServer' && String(value).startsWith(`group/${name}/`))),
  )

function changeOf(value: unknown): RouterChange | undefined {
  if (!isRecord(value) || typeof value['key'] !== 'string' || !isRecord(value['transition'])) return undefined
  const { at, from, to, event, cause, because, consequences } = value['transition']
  const texts = { at, from, to, event, cause, because }
  if (!isTexts(texts) || !Array.isArray(consequences)) return undefined
  const done = consequences.flatMap((one: unknown) =>
    isRecord(one) && typeof one['what'] === 'string' && typeof one['after'] === 'number'
      ? [{ what: one['what'], after: one['after'] }]
      : [],
  )
  return { key: value['key'], transition: { ...texts, consequences: done } }
}

const isTexts = <Key extends string>(value: Readonly<Record<Key, unknown>>): value is Readonly<Record<Key, string>> =>
  Object.values(value).every((text) => typeof text === 'string')

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
