/** Regular expressions of numbers within bounds: JSON Schema has bounds for numbers only, and most of ours stand in a text. */

type Radix = 8 | 10 | 16

const DIGITS = '0123456789abcdef'
const MOST_DIGITS = 12

export const oneOf = (ways: readonly string[]): string =>
  ways.length === 1 ? (ways[0] as string) : `(?:${ways.join('|')})`

/** Decimal, without or with leading zeros, and with a sign where there are numbers below zero. Without `max`: of at most 12 digits. */
export function wholeNumber(min: number, max = 10 ** MOST_DIGITS - 1): string {
  return oneOf([
    ...(min < 0 ? [`-0*${natural(Math.max(1, -max), -min, 10)}`] : []),
    ...(max >= 0 ? [`0*${natural(Math.max(0, min), max, 10)}`] : []),
    ...(min <= 0 && max >= 0 ? ['-0+'] : []),
  ])
}

/** As in C: decimal, 0x hexadecimal, 0 octal. */
export const numberOfAnyBase = (min: number, max = 10 ** MOST_DIGITS - 1): string =>
  oneOf([`0[xX]0*${natural(min, max, 16)}`, `00*${natural(min, max, 8)}`, natural(min, max, 10)])

/** Decimal with a fraction or without; neither bound is negative. */
export function decimalNumber(min: number, max: number | undefined): string {
  const [low, lowFraction = ''] = String(plain(min)).split('.') as [string, string?]
  const [high, highFraction = ''] = String(plain(max ?? 10 ** MOST_DIGITS - 1)).split('.') as [string, string?]
  const inside = [Number(low) + 1, Number(high) - 1] as const
  return oneOf([
    ...(inside[0] <= inside[1] ? [`0*${natural(inside[0], inside[1], 10)}(?:\\.\\d*)?`] : []),
    ...(lowFraction === ''
      ? [`0*${low}(?:\\.\\d*)?`, ...(low === '0' ? ['\\.\\d+'] : [])]
      : [`0*${low === '0' ? '' : low}\\.${fractionFrom(lowFraction)}`]),
    ...(high === low ? [] : [`0*${high}(?:\\.${highFraction === '' ? '0*' : fractionTo(highFraction)})?`]),
  ])
}

/** Without the exponent that JavaScript gives small numbers. */
const plain = (number: number): string =>
  Number.isInteger(number) ? String(number) : number.toFixed(6).replace(/0+$/, '')

/** Digits behind the point that are no less than these. */
function fractionFrom(digits: string): string {
  const first = Number(digits[0])
  if (digits.length === 1) return `${digit(first, 9, 10)}\\d*`
  const above = first === 9 ? [] : [`${digit(first + 1, 9, 10)}\\d*`]
  return oneOf([`${first}${fractionFrom(digits.slice(1))}`, ...above])
}

/** Digits behind the point, or none, that are no more than these. */
function fractionTo(digits: string): string {
  const first = Number(digits[0])
  const same = `${first}${digits.length === 1 ? '0*' : `(?:${fractionTo(digits.slice(1))})?`}`
  return `(?:${oneOf([same, ...(first === 0 ? [] : [`${digit(0, first - 1, 10)}\\d*`])])})?`
}

/** From one that is not negative up to another, without leading zeros. */
export function natural(min: number | bigint, max: number | bigint, radix: Radix): string {
  const [low, high] = [min.toString(radix), max.toString(radix)]
  const top = DIGITS[radix - 1] as string
  const ways: string[] = []
  for (let length = low.length; length <= high.length; length++)
    ways.push(
      between(
        length === low.length ? low : `1${'0'.repeat(length - 1)}`,
        length === high.length ? high : top.repeat(length),
        radix,
      ),
    )
  return oneOf(ways)
}

/** Between two numbers of as many digits. */
function between(low: string, high: string, radix: Radix): string {
  if (low === '') return ''
  const top = DIGITS[radix - 1] as string
  const [first, last] = [DIGITS.indexOf(low[0] as string), DIGITS.indexOf(high[0] as string)]
  const [lowRest, highRest] = [low.slice(1), high.slice(1)]
  const [zeros, tops] = ['0'.repeat(lowRest.length), top.repeat(lowRest.length)]
  if (first === last) return digit(first, first, radix) + between(lowRest, highRest, radix)
  const from = lowRest === zeros ? first : first + 1
  const to = highRest === tops ? last : last - 1
  const any = zeros === '' ? '' : digit(0, radix - 1, radix) + (zeros.length === 1 ? '' : `{${zeros.length}}`)
  return oneOf([
    ...(from === first ? [] : [digit(first, first, radix) + between(lowRest, tops, radix)]),
    ...(from <= to ? [digit(from, to, radix) + any] : []),
    ...(to === last ? [] : [digit(last, last, radix) + between(zeros, highRest, radix)]),
  ])
}

function digit(first: number, last: number, radix: Radix): string {
  if (first === 0 && last === 9) return '\\d'
  const all = DIGITS.slice(first, last + 1)
  const both = radix === 16 ? all + all.replace(/[^a-f]/g, '').toUpperCase() : all
  if (both.length === 1) return both
  return first < 10 && last < 10 ? `[${first}-${last}]` : `[${both}]`
}
