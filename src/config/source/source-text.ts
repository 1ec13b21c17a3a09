import { type MappedText, type Origin, originsIn, type Place, placeIn } from './mapped-text.ts'

export type SourceFile = {
  /** As opened: absolute, or as the user named the main file. */
  readonly path: string
  /** Physical lines without their terminators, for showing. */
  readonly lines: readonly string[]
}

/** Of a text whose lines end in LF; they are taken apart only when somebody looks. */
export function sourceFile(path: string, text: string): SourceFile {
  let lines: readonly string[] | undefined
  return {
    path,
    get lines() {
      lines ??= text.replace(/\n$/, '').split('\n')
      return lines
    },
  }
}

/**
 * Part of the expanded text: a run of lines that stand there as they were written, from line `line` of a file, or one line
 * that came about; `usedAt`: where the multi-line definition that holds it was used, in which turn of a sequence, innermost first.
 */
export type SourcePiece =
  | { readonly kind: 'run'; readonly text: string; readonly file: string; readonly line: number }
  | { readonly kind: 'line'; readonly content: MappedText; readonly usedAt: readonly Origin[] }

/** All files as one text, includes and substitutions done, and the way back from each offset to where it was written. */
export type SourceText = {
  readonly text: string
  /** In the order they were opened; the main file first. */
  readonly files: readonly SourceFile[]
  placeOf(offset: number): Place
  /** How the text of these offsets came about, if it does not stand there as it was written; the nearest first. */
  originsOf(start: number, end: number): readonly Origin[]
}

export function sourceText(pieces: readonly SourcePiece[], files: readonly SourceFile[]): SourceText {
  const starts: number[] = []
  let length = 0
  for (const piece of pieces) {
    starts.push(length)
    length += textOf(piece).length + 1
  }
  const text = pieces.map(textOf).join('\n')
  const lineStarts = new Map<SourcePiece, readonly number[]>()
  const placeInRun = (run: SourcePiece & { readonly kind: 'run' }, offset: number): Place => {
    let inside = lineStarts.get(run)
    if (inside === undefined) {
      inside = startsOfLines(run.text)
      lineStarts.set(run, inside)
    }
    const index = lastNotAbove(inside, offset)
    return { file: run.file, line: run.line + index, column: offset - (inside[index] as number) + 1 }
  }
  return {
    text,
    files,
    placeOf(offset) {
      const index = lastNotAbove(starts, offset)
      const piece = pieces[index]
      if (piece === undefined) return { file: files[0]?.path ?? '', line: 1, column: 1 }
      const within = offset - (starts[index] as number)
      return piece.kind === 'run' ? placeInRun(piece, within) : placeIn(piece.content, within)
    },
    originsOf(start, end) {
      const index = lastNotAbove(starts, start)
      const piece = pieces[index]
      if (piece?.kind !== 'line') return []
      const before = starts[index] as number
      return [...originsIn(piece.content, start - before, end - before), ...piece.usedAt]
    },
  }
}

const textOf = (piece: SourcePiece): string => (piece.kind === 'run' ? piece.text : piece.content.text)

function startsOfLines(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** The index of the last of these ascending numbers that is not above `bound`; 0 if all are. */
function lastNotAbove(ascending: readonly number[], bound: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((ascending[middle] as number) <= bound) low = middle
    else high = middle - 1
  }
  return low
}
