/**
 * A number as strtol(3) with base 10 reads it, when it reads all of the text: blanks and a sign may lead.
 * @returns undefined for anything else, and outside of the range
 */
export function decimal(text: string, min: number, max: number): number | undefined {
  if (!/^[ \t\n\v\f\r]*[+-]?\d+$/.test(text)) return undefined
  const number = Number(text)
  return number >= min && number <= max ? number + 0 : undefined
}
