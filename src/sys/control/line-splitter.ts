/**
 * Cuts a stream of text into lines at LF, without it. Calls `onOverflow` once, and yields nothing more, when a line
 * grows beyond `limit` characters.
 */
export function lineSplitter(
  limit: number,
  onLine: (line: string) => void,
  onOverflow: () => void,
): (chunk: string) => void {
  let pieces: string[] = []
  let length = 0
  let overflown = false
  return (chunk) => {
    let from = 0
    while (!overflown) {
      const end = chunk.indexOf('\n', from)
      const piece = chunk.slice(from, end < 0 ? undefined : end)
      length += piece.length
      if (length > limit) {
        overflown = true
        pieces = []
        onOverflow()
        return
      }
      pieces.push(piece)
      if (end < 0) return
      const line = pieces.join('')
      pieces = []
      length = 0
      from = end + 1
      onLine(line)
    }
  }
}
