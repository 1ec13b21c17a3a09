/** Where the comment of a line begins: the first `#` or `!` outside double quotes without a backslash before it; or -1. */
export function commentStart(text: string): number {
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '\\' && (text[i + 1] === '#' || text[i + 1] === '!')) i++
    else if (character === '#' || character === '!') return i
  }
  return -1
}
