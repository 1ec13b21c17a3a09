/** printf's `%-Nu` and `%Nu`. */

export const left = (text: string | number, width: number): string => String(text).padEnd(width)
export const right = (text: string | number, width: number): string => String(text).padStart(width)

/** Nine columns: the number, or thousands, millions and so on of it once it has nine digits; never rounded up. */
export function large(number: number): string {
  const whole = Math.floor(number)
  if (whole < 1e8) return right(whole, 9)
  if (whole < 1e9) return `${right(Math.floor(whole / 1e3), 8)}K`
  if (whole < 1e11) return `${right(Math.floor(whole / 1e6), 8)}M`
  if (whole < 1e14) return `${right(Math.floor(whole / 1e9), 8)}G`
  return `${right(Math.floor(whole / 1e12), 8)}T`
}

/** All digits, and a blank before them. */
export function exact(number: number): string {
  const digits = String(Math.floor(number))
  return right(digits, digits.length <= 8 ? 9 : digits.length + 1)
}
