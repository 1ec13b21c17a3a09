import { expect, test } from 'vitest'
import { duration, pastTime, pointInTime } from '../../../src/cli/journal/index.ts'

const noon = new Date(2026, 10, 21, 12, 0, 0, 5).getTime()

test('lengths of time are read in seconds, minutes, hours and days, also together', () => {
  expect(duration('90')).toEqual({ ok: true, value: 90_000 })
  expect(duration('90s')).toEqual({ ok: true, value: 90_000 })
  expect(duration('1h 30m')).toEqual({ ok: true, value: 5_400_000 })
  expect(duration('1.5h')).toEqual({ ok: true, value: 5_400_000 })
  expect(duration('2d')).toEqual({ ok: true, value: 172_800_000 })
  for (const wrong of ['', '0', 'soon', '10 weeks', '-5m', '5mm']) expect(duration(wrong).ok).toBe(false)
})

test('points in time are lengths ago, times of today and dates', () => {
  expect(pastTime('10m', noon)).toEqual({ ok: true, value: noon - 600_000 })
  expect(pastTime('11:30', noon)).toEqual({ ok: true, value: new Date(2026, 10, 21, 11, 30).getTime() })
  expect(pastTime('2026-11-20 08:00', noon)).toEqual({ ok: true, value: new Date(2026, 10, 20, 8).getTime() })
  expect(pastTime('yesterday', noon)).toEqual({
    ok: false,
    error: 'yesterday: no point in time; write 10m for ten minutes ago, 18:30, or 2026-11-21T18:30',
  })
})

test('a point in time is shown to the millisecond', () => expect(pointInTime(noon)).toBe('2026-11-21 12:00:00.005'))
