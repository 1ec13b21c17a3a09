/** A place in a file as the user knows it: both counts from 1, columns in characters. */
export type Place = { readonly file: string; readonly line: number; readonly column: number }

/** A second place of something that came about, and what it is: where a value was defined, a definition used, a sequence begun. */
export type Origin = Place & { readonly message: string }

/**
 * From `at` on, each character was written at `place` and the columns after it; `fixed`: all of them stand for the one
 * place (the value of a definition stands where it is used); `from`: what it came out of.
 */
export type Mark = {
  readonly at: number
  readonly place: Place
  readonly fixed: boolean
  readonly from?: readonly Origin[]
}

/** A line on its way through expansion, which still knows where each of its characters was written. */
export type MappedText = {
  readonly text: string
  /** Ascending in `at`; the first is at 0. */
  readonly marks: readonly Mark[]
}

export const mapped = (text: string, place: Place): MappedText => ({ text, marks: [{ at: 0, place, fixed: false }] })
export const standingFor = (text: string, place: Place, from: readonly Origin[] = []): MappedText => ({
  text,
  marks: [{ at: 0, place, fixed: true, ...(from.length === 0 ? {} : { from }) }],
})

/** Where the character at `offset` was written. */
export function placeIn(of: MappedText, offset: number): Place {
  const { at, place, fixed } = markAt(of, offset)
  return fixed ? place : { ...place, column: place.column + offset - at }
}

/** What the characters from `start` up to, not including, `end` came out of, each once. */
export function originsIn(of: MappedText, start: number, end: number): readonly Origin[] {
  const first = markAt(of, start)
  const inside = of.marks.filter((mark) => mark === first || (mark.at > start && mark.at < end))
  return [...new Set(inside.flatMap(({ from = [] }) => from))]
}

function markAt(of: MappedText, offset: number): Mark {
  let found = of.marks[0] as Mark
  for (const mark of of.marks) {
    if (mark.at > offset) break
    found = mark
  }
  return found
}

/** As `String.slice` with non-negative ends. */
export function slice(of: MappedText, start: number, end = of.text.length): MappedText {
  if (start === 0 && end >= of.text.length) return of
  const marks: Mark[] = [{ ...markAt(of, start), at: 0, place: placeIn(of, start) }]
  for (const mark of of.marks) if (mark.at > start && mark.at < end) marks.push({ ...mark, at: mark.at - start })
  return { text: of.text.slice(start, end), marks }
}

export function concat(parts: readonly MappedText[]): MappedText {
  const marks: Mark[] = []
  const texts: string[] = []
  let length = 0
  for (const part of parts) {
    if (part.text === '' && parts.length > 1) continue
    for (const mark of part.marks) marks.push({ ...mark, at: mark.at + length })
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
