/** Bits of the code of each byte, and of the end of a string (RFC 7541 appendix B). Codes of a length follow each other, so the lengths tell all. */
const LENGTHS: readonly number[] = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28],
  ...[28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15],
  ...[6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22],
  ...[20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23],
  ...[23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22],
  ...[22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26],
  ...[27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27],
  ...[26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30],
]
const END = 256
const LONGEST = 30

/** Of each length: the first code, and the symbols in the order of their codes. */
const CODES = codesOf(LENGTHS)

function codesOf(
  lengths: readonly number[],
): readonly { readonly first: number; readonly symbols: readonly number[] }[] {
  let code = 0
  return Array.from({ length: LONGEST + 1 }, (_, length) => {
    const symbols = lengths.flatMap((one, symbol) => (one === length ? [symbol] : []))
    code *= 2
    const first = code
    code += symbols.length
    return { first, symbols }
  })
}

/** Undefined for what is no text in this code: the end within it, or more than seven bits or others than ones behind it (§5.2). */
export function decodeHuffman(bytes: Uint8Array): Uint8Array | undefined {
  const text: number[] = []
  let code = 0
  let length = 0
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1)
      length++
      const of = CODES[length]
      if (of === undefined) return undefined
      const symbol = of.symbols[code - of.first]
      if (symbol === undefined) continue
      if (symbol === END) return undefined
      text.push(symbol)
      code = 0
      length = 0
    }
  return length < 8 && code === 2 ** length - 1 ? Uint8Array.from(text) : undefined
}
