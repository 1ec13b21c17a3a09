/** A place in a file as the user knows it: both counts from 1, columns in characters. */
export type Place = { readonly file: string; readonly line: number; readonly column: number }

/**
 * From `at` on, each character was written at `place` and the columns after it; `fixed`: all of them stand for the one
 * place (the value of a definition stands where it is used).
 */
export type Mark = { readonly at: number; readonly place: Place; readonly fixed: boolean }

/** A line on its way through expansion, which still knows where each of its characters was written. */
export type MappedText = {
  readonly text: string
  /** Ascending in `at`; the first is at 0. */
  readonly marks: readonly Mark[]
}

export const mapped = (text: string, place: Place): MappedText => ({ text, marks: [{ at: 0, place, fixed: false }] })
export const standingFor = (text: string, place: Place): MappedText => ({
  text,
  marks: [{ at: 0, place, fixed: true }],
})

/** Where the character at `offset` was written. */
export function placeIn(of: MappedText, offset: number): Place {
  let found = of.marks[0] as Mark
  for (const mark of of.marks) {
    if (mark.at > offset) break
    found = mark
  }
  return found.fixed ? found.place : { ...found.place, column: found.place.column + offset - found.at }
}

/** As `String.slice` with non-negative ends. */
export function slice(of: MappedText, start: number, end = of.text.length): MappedText {
  if (start === 0 && end >= of.text.length) return of
  const marks: Mark[] = [{ at: 0, place: placeIn(of, start), fixed: fixedAt(of, start) }]
  for (const mark of of.marks)
    if (mark.at > start && mark.at < end) marks.push({ at: mark.at - start, place: mark.place, fixed: mark.fixed })
  return { text: of.text.slice(start, end), marks }
}

export function concat(parts: readonly MappedText[]): MappedText {
  const marks: Mark[] = []
  const texts: string[] = []
  let length = 0
  for (const part of parts) {
    if (part.text === '' && parts.length > 1) continue
    for (const mark of part.marks) marks.push({ at: mark.at + length, place: mark.place, fixed: mark.fixed })
    texts.push(part.text)
    length += part.text.length
  }
  if (marks.length === 0) marks.push(...(parts[0] as MappedText).marks)
  return { text: texts.join(''), marks }
}

export function trimStart(of: MappedText): MappedText {
  const blanks = /^[ \t\f\v\r]*/.exec(of.text)?.[0].length ?? 0
  return slice(of, blanks)
}

export function trimEnd(of: MappedText): MappedText {
  let end = of.text.length
  while (end > 0 && ' \t\f\v\r'.includes(of.text[end - 1] as string)) end--
  return slice(of, 0, end)
}

function fixedAt(of: MappedText, offset: number): boolean {
  let fixed = false
  for (const mark of of.marks) {
    if (mark.at > offset) break
    fixed = mark.fixed
  }
  return fixed
}
