import { expect, test } from 'vitest'
import { parseSettings, settingsText } from '../../src/cli/ipvs-settings.ts'

test('names are shown, names with a value are set and shown', () => {
  expect(parseSettings([])).toEqual({ ok: true, value: { show: [], set: {} } })
  expect(parseSettings(['sloppy_tcp=1', 'drop_entry'])).toEqual({
    ok: true,
    value: { show: ['sloppy_tcp', 'drop_entry'], set: { sloppy_tcp: 1 } },
  })
})

const wrong: readonly (readonly [string, RegExp])[] = [
  ['nonsense', /^nonsense is no setting; there are am_droprate, /],
  ['sloppy_tcp=2', /^sloppy_tcp 2 is not a whole number from 0 to 1$/],
  ['sloppy_tcp=', /^sloppy_tcp "" is not a whole number from 0 to 1$/],
  ['sloppy_tcp=yes', /^sloppy_tcp "yes" is not a whole number from 0 to 1$/],
  ['drop_entry=-1', /^drop_entry "-1" is not a whole number from 0 to 3$/],
]
for (const [word, reason] of wrong)
  test(`${word} is refused`, () => {
    const parsed = parseSettings([word])
    expect(parsed.ok ? '' : parsed.error).toMatch(reason)
  })

test('each setting has a line with its meaning', () => {
  expect(settingsText({ sloppy_tcp: 1, am_droprate: 10 })).toBe(
    'am_droprate 10  drop_packet 3 drops one of so many new connections\n' +
      'sloppy_tcp   1  any TCP packet but RST may open a connection\n',
  )
})
