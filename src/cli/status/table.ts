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
  return rows.map((row) => `${isNote(row) ? noteText(row) : rowText(row)}\n`).join('')

  function rankOf(column: number): number {
    return cells[0]?.[column]?.rank ?? 0
  }

  function rowText(row: readonly Cell[]): string {
    const visible = [...row.entries()].filter(([column]) => shown.has(column))
    const last = visible.findLastIndex(([, { text }]) => text !== '')
    let left = width
    return visible
      .slice(0, last + 1)
      .map(([column, { text, show = same, right = false }], place) => {
        const clipped = clip(text, Math.max(0, left))
        const padding = ' '.repeat(Math.max(0, Math.min(left, widths[column] ?? 0) - clipped.length))
        const gap = place === last ? '' : ' '.repeat(Math.max(0, Math.min(GAP, left - (widths[column] ?? 0))))
        left -= (widths[column] ?? 0) + GAP
        return (right ? padding + show(clipped) : show(clipped) + (place === last ? '' : padding)) + gap
      })
      .join('')
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
