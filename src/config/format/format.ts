import { fail, ok, type Result } from '../../base/index.ts'
import { commentStart } from '../source/index.ts'

/** Why a file is left as it is: its layout would be a guess. */
export type FormatFailure = { readonly line: number; readonly message: string }

const INDENT = '    '
/** As the reader has it; what it leaves out has no layout. */
const [DEEPEST, LONGEST_LINE] = [32, 1023]

/** A file in the one layout; the same text again when it has it already. Ends in one newline, or is empty. */
export function formatText(text: string): Result<string, FormatFailure> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r*\n/)
  const out: string[] = []
  const open: number[] = []
  let inDefinition = false
  for (const [index, raw] of lines.entries()) {
    if (raw.includes('\0')) return fail({ line: index + 1, message: 'NUL byte' })
    const line = raw.trim()
    if (inDefinition || /^\$[A-Za-z_]\w*=/.test(line)) {
      // What a definition holds is not known here: its lines stay as they are.
      out.push(raw.trimEnd())
      inDefinition = line.endsWith('\\') && line !== ''
      continue
    }
    if (line === '') {
      if (out.length > 0 && out.at(-1) !== '') out.push('')
      continue
    }
    const at = commentStart(line)
    const code = (at < 0 ? line : line.slice(0, at)).trimEnd()
    const comment = at < 0 ? '' : line.slice(at)
    if (code.length > LONGEST_LINE) return fail({ line: index + 1, message: `line of more than ${LONGEST_LINE} bytes` })
    if ((code.match(/"/g)?.length ?? 0) % 2 === 1) return fail({ line: index + 1, message: 'a quote is not closed' })
    const { text: written, braces } = tidy(code)
    // A line that begins by closing, conditions aside, stands where its block began.
    const closing = /^(?:@\S+ )*((?:\} ?)*)/.exec(written)?.[1] ?? ''
    const leading = closing.replaceAll(' ', '').length
    for (const brace of braces.slice(0, leading)) if (brace === '}' && open.pop() === undefined) return unopened(index)
    const indent = INDENT.repeat(open.length)
    for (const brace of braces.slice(leading)) {
      if (brace === '{') open.push(index)
      else if (open.pop() === undefined) return unopened(index)
    }
    if (open.length > DEEPEST) return fail({ line: index + 1, message: `blocks are more than ${DEEPEST} deep` })
    out.push(`${indent}${[written, comment].filter((part) => part !== '').join('  ')}`)
  }
  const first = open[0]
  if (first !== undefined) return fail({ line: first + 1, message: 'the block opened here is never closed' })
  while (out.at(-1) === '') out.pop()
  return ok(out.length === 0 ? '' : `${out.join('\n')}\n`)
}

const unopened = (index: number): Result<string, FormatFailure> =>
  fail({ line: index + 1, message: '} without a block that is open' })

/** One blank between words, none lost inside quotes; and the braces among them, those of `${NAME}` and `~LST({a,b} …)` not counted. */
function tidy(code: string): { readonly text: string; readonly braces: readonly ('{' | '}')[] } {
  let text = ''
  const braces: ('{' | '}')[] = []
  let i = 0
  // Scripts read apostrophes as quotes: blanks between them stay.
  let kept = false
  const blank = () => {
    if (text !== '' && !text.endsWith(' ')) text += ' '
  }
  while (i < code.length) {
    const rest = code.slice(i)
    // Sequences hold braces and blanks of their own; uses of definitions hold braces.
    const whole = /^~(?:SEQx?|LST)\([^)]*\)/.exec(rest) ?? /^\$\{[^{}]*\}/.exec(rest) ?? /^"[^"]*"?/.exec(rest)
    const escaped = /^\\[#!]/.exec(rest)
    const character = code[i] as string
    const taken = whole?.[0] ?? escaped?.[0] ?? character
    i += taken.length
    if (character === "'") kept = !kept
    if (taken.length === 1 && (character === '{' || character === '}')) {
      braces.push(character)
      if (kept) text += character
      else {
        blank()
        text += `${character} `
      }
    } else if (/\s/.test(taken) && taken.length === 1 && !kept) blank()
    else text += taken
  }
  return { text: text.trimEnd(), braces }
}
