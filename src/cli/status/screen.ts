import process from 'node:process'

/** Where a text is shown again and again. */
export type Screen = {
  /** Characters in a line; undefined: it is no terminal, or does not say. */
  readonly width: () => number | undefined
  show(text: string): void
  close(): void
}

/** Characters in a line of the terminal that standard output is; undefined: it is none, or does not say. */
export const terminalWidth = (): number | undefined => process.stdout.columns || undefined

/**
 * Standard output. On a terminal each text takes the place of the one before without the screen going blank in between, on a page
 * of its own that is left at the end; elsewhere one follows the other.
 */
export function openScreen(): Screen {
  const { stdout } = process
  if (stdout.isTTY !== true) {
    return { width: () => undefined, show: (text) => void stdout.write(text), close() {} }
  }
  let last = ''
  // The other page, no cursor, no wrapping: a line that became too long must not move those below.
  stdout.write('\u001b[?1049h\u001b[?25l\u001b[?7l')
  return {
    width: terminalWidth,
    show(text) {
      last = text
      const lines = text.split('\n').slice(0, stdout.rows > 1 ? stdout.rows - 1 : undefined)
      stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`)
    },
    close() {
      stdout.write(`\u001b[?7h\u001b[?25h\u001b[?1049l${last}`)
    },
  }
}
