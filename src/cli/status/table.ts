/** One cell: what it says, how it is shown, and to which side it leans. */
export type Cell = {
  readonly text: string
  readonly show?: (text: string) => string
  readonly right?: boolean
  /** In a heading: its column goes when the terminal is too narrow, the highest number first; absent: it stays. */
  readonly rank?: number
}

/** A line of its own between the rows, in no column. */
export type Note = { readonly note: string; readonly show?: (text: string) => string }

export type Row = readonly Cell[] | Note

const GAP = 2
const EMPTY: Cell = { text: '' }

/**
 * Columns as wide as their widest cell, two blanks apart, no blanks at the end of a line; the first row is the heading. What is
 * too long for `width` loses columns by their rank, then the ends of its lines.
 * @param width  of the terminal, in characters; absent: there is none
 */
export function table(rows: readonly Row[], width = Number.POSITIVE_INFINITY): string {
  const cells = rows.filter((row): row is readonly Cell[] => !isNote(row))
  const widths = (cells[0] ?? []).map((_, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.text.length ?? 0), 0),
  )
  const shown = new Set(widths.keys())
  const ranked = [...shown].filter((column) => rankOf(column) > 0).sort((a, b) => rankOf(b) - rankOf(a))
  const total = () => [...shown].reduce((sum, column) => sum + (widths[column] ?? 0) + GAP, -GAP)
  for (const column of ranked) if (total() > width) shown.delete(column)
  const columns = [...shown].map((column) => ({ column, wide: widths[column] ?? 0 }))
  return rows.map((row) => `${isNote(row) ? noteText(row) : rowText(row)}\n`).join('')

  function rankOf(column: number): number {
    return cells[0]?.[column]?.rank ?? 0
  }

  /** Of tens of thousands of rows this is most of the work. */
  function rowText(row: readonly Cell[]): string {
    const last = columns.findLastIndex(({ column }) => (row[column]?.text ?? '') !== '')
    let left = width
    let line = ''
    for (let place = 0; place <= last; place++) {
      const { column, wide } = columns[place] as (typeof columns)[number]
      const { text, show = same, right = false } = row[column] ?? EMPTY
      const clipped = clip(text, Math.max(0, left))
      const padding = ' '.repeat(Math.max(0, Math.min(left, wide) - clipped.length))
      line += right ? padding + show(clipped) : show(clipped)
      if (place < last) line += (right ? '' : padding) + ' '.repeat(Math.max(0, Math.min(GAP, left - wide)))
      left -= wide + GAP
    }
    return line
  }

  function noteText({ note, show = same }: Note): string {
    return show(clip(note, width))
  }
}

/** At most `width` characters; what is cut off is an ellipsis. */
export const clip = (text: string, width: number): string =>
  text.length <= width ? text : width < 1 ? '' : `${text.slice(0, width - 1)}…`

const isNote = (row: Row): row is Note => 'note' in row

const same = (text: string): string => text
