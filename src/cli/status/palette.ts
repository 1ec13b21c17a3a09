/** How words of a kind are shown. */
export type Palette = Readonly<Record<'good' | 'bad' | 'odd' | 'quiet' | 'title', (text: string) => string>>

const sgr = (code: number) => (text: string) => (text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`)
const plain = (text: string) => text

/** ANSI colours, or none of them. */
export function paletteFor(colours: boolean): Palette {
  return colours
    ? { good: sgr(32), bad: sgr(31), odd: sgr(33), quiet: sgr(2), title: sgr(1) }
    : { good: plain, bad: plain, odd: plain, quiet: plain, title: plain }
}
