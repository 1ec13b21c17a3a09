import { type MappedText, type Place, placeIn } from './mapped-text.ts'

export type SourceFile = {
  /** As opened: absolute, or as the user named the main file. */
  readonly path: string
  /** Physical lines without their terminators, for showing. */
  readonly lines: readonly string[]
}

/** One line of the expanded text; `usedAt`: where the multi-line definition that holds it was used, innermost first. */
export type SourceLine = { readonly content: MappedText; readonly usedAt: readonly Place[] }

/** All files as one text, includes and substitutions done, and the way back from each offset to where it was written. */
export type SourceText = {
  readonly text: string
  /** In the order they were opened; the main file first. */
  readonly files: readonly SourceFile[]
  placeOf(offset: number): Place
  usedAt(offset: number): readonly Place[]
}

export function sourceText(lines: readonly SourceLine[], files: readonly SourceFile[]): SourceText {
  const starts: number[] = []
  let length = 0
  for (const line of lines) {
    starts.push(length)
    length += line.content.text.length + 1
  }
  const text = lines.map((line) => line.content.text).join('\n')
  const indexAt = (offset: number): number => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
  return {
    text,
    files,
    placeOf(offset) {
      const index = indexAt(offset)
      const line = lines[index]
      if (line === undefined) return { file: files[0]?.path ?? '', line: 1, column: 1 }
      return placeIn(line.content, offset - (starts[index] as number))
    },
    usedAt: (offset) => lines[indexAt(offset)]?.usedAt ?? [],
  }
}
