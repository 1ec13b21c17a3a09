/** Characters that terminals show two cells wide (Unicode UAX #11), as far as they occur in names and comments. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u
const HALF_WIDE = /[\uff61-\uffdc]/
/** They stand over the one before them, or are not seen at all. */
const NO_CELL = /\p{Mn}|\p{Me}|\u200b|\u200c|\u200d|\u2060|\ufeff/u

/** Cells of a terminal that a text without tabs takes. */
export function displayWidth(text: string): number {
  let cells = 0
  for (const character of text)
    if (!NO_CELL.test(character)) cells += WIDE.test(character) && !HALF_WIDE.test(character) ? 2 : 1
  return cells
}
