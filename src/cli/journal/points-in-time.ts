import { fail, ok, type Result } from '../../base/index.ts'

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `10m`, `2h`, `1h 30m`, `3d`; a bare number is seconds. Milliseconds. */
export function duration(text: string): Result<number, string> {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([smhd]?)/g)]
  const whole = /^\s*(?:\d+(?:\.\d+)?\s*[smhd]?\s*)+$/.test(text)
  const total = parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 1_000), 0)
  if (!whole || !(total > 0)) return fail(`${text}: no length of time; write 90s, 10m, 2h or 3d`)
  return ok(total)
}

/** A length of time ago, `HH:MM[:SS]` of today, or a date as `2026-11-21T18:30` or `2026-11-21 18:30`. Milliseconds since 1970. */
export function pastTime(text: string, now: number): Result<number, string> {
  const ago = duration(text)
  if (ago.ok) return ok(now - ago.value)
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text)
  if (clock !== null) {
    const at = new Date(now)
    at.setHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0)
    return ok(at.getTime())
  }
  const date = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
  return Number.isNaN(date)
    ? fail(`${text}: no point in time; write 10m for ten minutes ago, 18:30, or 2026-11-21T18:30`)
    : ok(date)
}

/** `2026-11-21 18:30:02.123` in local time. */
export function pointInTime(milliseconds: number): string {
  const at = new Date(milliseconds)
  if (Number.isNaN(at.getTime())) return '?'
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
