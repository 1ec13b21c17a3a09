import type { Cell } from './table.ts'

type Show = ((text: string) => string) | undefined

export const cell = (text: string, show?: Show): Cell => (show === undefined ? { text } : { text, show })
export const right = (text: string, show?: Show): Cell =>
  show !== undefined ? { text, show, right: true } : text.length < SHORT ? shortRight(text) : { text, right: true }

/** Of tens of thousands of rows most cells are `0` or `-`: one for each such text will do. */
const SHORT = 4
const shorts = new Map<string, Cell>()

function shortRight(text: string): Cell {
  const known = shorts.get(text)
  if (known !== undefined) return known
  const made = { text, right: true }
  shorts.set(text, made)
  return made
}

/** Headings with the rank of their column; one leans to the right when it begins with `>`. */
export const heading = (
  show: (text: string) => string,
  ...columns: readonly (readonly [title: string, rank?: number])[]
): readonly Cell[] =>
  columns.map(([title, rank]) => ({
    ...(title.startsWith('>') ? right(title.slice(1), show) : cell(title, show)),
    ...(rank === undefined ? {} : { rank }),
  }))
