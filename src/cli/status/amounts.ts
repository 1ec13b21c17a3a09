/** A whole number with thousands set apart: `1 234 567`. */
export const count = (value: number): string =>
  value >= 0 && value < 1_000 ? String(value) : String(value).replaceAll(/\B(?=(\d{3})+$)/g, ' ')

const prefixes = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Bytes in decimal units: `812 B`, `1.2 kB`, `34 MB`. */
export function bytes(value: number): string {
  let amount = value
  let prefix = 0
  // What would be rounded up to a thousand is the next unit's already.
  while (Math.round(amount) >= 1_000 && prefix < prefixes.length - 1) {
    amount /= 1_000
    prefix += 1
  }
  return `${prefix > 0 && amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${prefixes[prefix]}`
}

/**
 * How long since a point in time, in its two largest units: `3d 4h`, `12m 5s`, `0s`.
 * @param at   ISO 8601
 * @param now  milliseconds since 1970
 */
export function since(at: string, now: number): string {
  const total = Math.max(0, Math.floor((now - Date.parse(at)) / 1_000))
  if (Number.isNaN(total)) return '?'
  const first = units.findIndex(([length]) => total >= length)
  const [length, unit] = units[first] ?? [1, 's']
  const amount = Math.floor(total / length)
  const [smaller, smallerUnit] = units[first + 1] ?? [1, 's']
  const rest = Math.floor((total % length) / smaller)
  return rest === 0 ? `${amount}${unit}` : `${amount}${unit} ${rest}${smallerUnit}`
}

/** Seconds in each. */
const units = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
  [1, 's'],
] as const
