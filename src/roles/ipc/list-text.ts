/** Real servers or destinations that one piece tells of at least, unless it is the last; it takes some ten milliseconds. */
const PIECE = 1_000

/** `more`: it is not the last. */
export type TextPiece = { readonly text: string; readonly more: boolean }

/**
 * The JSON text of a list, one piece at least; each item is as it is when its piece is asked for.
 * @param sizeOf  what an item costs, in real servers or destinations
 */
export function* listText<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  describe: (item: Item) => unknown,
): Generator<TextPiece, void, void> {
  let next = 0
  do {
    const isFirst = next === 0
    const piece: unknown[] = []
    for (let size = 0; next < items.length && size < PIECE; next++) {
      const item = items[next] as Item
      piece.push(describe(item))
      size += sizeOf(item)
    }
    const more = next < items.length
    yield { text: `${isFirst ? '[' : ','}${JSON.stringify(piece).slice(1, -1)}${more ? '' : ']'}`, more }
  } while (next < items.length)
}
