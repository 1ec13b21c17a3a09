import type { Micros } from '../../base/index.ts'
import type { Command, KeptLine } from '../../model/index.ts'

/** Lines of a block, or a line. */
export type Text = string | Block
export type Block = { readonly head: string; readonly body: readonly Text[] }

/**
 * A word for the plain reader: quoted where it must be, which is also where it could begin a line that is a condition, a
 * definition, a sequence or an include. A `"` cannot be written there and becomes `'`.
 */
export const word = (text: string): string =>
  /^(?![@$~]|include)[^\s{}"#!\\]+$/.test(text) ? text : `"${text.replaceAll('"', "'").replace(/[\r\n]/g, ' ')}"`

/** Seconds with as many decimals as it takes. */
export const timeText = (of: Micros): string => {
  const whole = Math.floor(of / 1_000_000)
  const rest = String(of % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return rest === '' ? String(whole) : `${whole}.${rest}`
}

export const onOff = (of: boolean): string => (of ? 'on' : 'off')

/** `"COMMAND ARGS" USER GROUP` for the script reader: arguments are grouped by ' or escaped, never by "; escapes are read twice. */
export function commandText(of: Command): string {
  const argv = of.argv.map(argument).join(' ')
  return [`"${argv}"`, ...identityWords(of).map(scriptWord)].join(' ')
}

/** The user, and the group as `groupOf` reads it. */
export function identityWords({ user, group, supplementaryGroups }: Omit<Command, 'argv'>): readonly string[] {
  if (user === undefined) return []
  if (supplementaryGroups === true) return [user, `:${group ?? ''}`]
  return group === undefined ? [user] : [user, group]
}

const PLAIN = /^[\w./:=@%+,^&*?~;|<>()[\]-]+$/

function argument(text: string): string {
  if (PLAIN.test(text)) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what needs an escape
  if (!/["'\\$\x00-\x1f\x7f]/.test(text)) return `'${text}'`
  return [...text]
    .map((character) =>
      PLAIN.test(character) || character.charCodeAt(0) > 0x7f
        ? character
        : `\\\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
    .join('')
}

/** A word for the reader of patterns, which reads escapes: whatever the text, it reads back. */
export const escapedWord = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what needs an escape
  if (/^(?!@)[^\s{}"'#!\\$\x00-\x1f\x7f]+$/.test(text)) return text
  const escaped = text
    .replaceAll('\\', '\\\\')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what needs an escape
    .replace(/["\x00-\x1f\x7f]|\$(?=[\w{(])/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return `"${escaped}"`
}

const scriptWord = (text: string): string => {
  const escaped = text.replaceAll('\\', '\\\\')
  return text.includes('"') ? `'${escaped}'` : word(escaped)
}

/** Lines without effect, as they were written. */
export const keptText = (lines: readonly KeptLine[] = []): readonly Text[] =>
  lines.map((line) => {
    const head = line.words.map(word).join(' ')
    return line.lines === undefined ? head : { head, body: line.lines.map((one) => one.map(word).join(' ')) }
  })

/** Four blanks a level. */
export const textLines = (texts: readonly Text[], indent = ''): readonly string[] =>
  texts.flatMap((text) =>
    typeof text === 'string'
      ? [indent + text]
      : [`${indent}${text.head} {`, ...textLines(text.body, `${indent}    `), `${indent}}`],
  )
