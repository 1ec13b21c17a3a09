/** One cell: what it says, how it is shown, and to which side it leans. */
export type Cell = { readonly text: string; readonly show?: (text: string) => string; readonly right?: boolean }

/** Columns as wide as their widest cell, two blanks apart, no blanks at the end of a line. */
export function table(rows: readonly (readonly Cell[])[], indent = ''): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, { text }] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, text.length)
  }
  return rows
    .map((row) => {
      const last = row.findLastIndex(({ text }) => text !== '')
      const cells = row.slice(0, last + 1).map(({ text, show = same, right = false }, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - text.length)
        return right ? padding + show(text) : show(text) + (column === last ? '' : padding)
      })
      return `${indent}${cells.join('  ')}\n`
    })
    .join('')
}

const same = (text: string): string => text
