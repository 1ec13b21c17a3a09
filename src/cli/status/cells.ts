import type { Cell } from './table.ts'

type Show = ((text: string) => string) | undefined

export const cell = (text: string, show?: Show): Cell => (show === undefined ? { text } : { text, show })
export const right = (text: string, show?: Show): Cell => ({ ...cell(text, show), right: true })

/** Headings with the rank of their column; one leans to the right when it begins with `>`. */
export const heading = (
  show: (text: string) => string,
  ...columns: readonly (readonly [title: string, rank?: number])[]
): readonly Cell[] =>
  columns.map(([title, rank]) => ({
    ...(title.startsWith('>') ? right(title.slice(1), show) : cell(title, show)),
    ...(rank === undefined ? {} : { rank }),
  }))
