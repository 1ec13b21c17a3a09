/**
 * The conformance lists: VRRP (V-001 … V-110: RFC 3768, 9568, 2338, keepalived) and BFD (B-001 … B-014: RFC 5880, 5881). Each entry
 * is the number in the name of a test that fails without it. What has none is named here, with the reason.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** None. */
const exceptions: Readonly<Record<string, string>> = {}

const here = join(import.meta.dirname, '..')

/** The numbers in titles of tests, with the files that have them; comments do not count. */
function proved(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const file of readdirSync(here, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts') || file === 'conformance/checklist.test.ts') continue
    for (const line of readFileSync(join(here, file), 'utf8').split('\n')) {
      if (/^\s*(\*|\/\/|\/\*)/.test(line)) continue
      for (const [number] of line.matchAll(/\b[VB]-\d{3}\b/g)) found.set(number, [...(found.get(number) ?? []), file])
    }
  }
  return found
}

const wanted = [
  ...Array.from({ length: 110 }, (_, i) => `V-${String(i + 1).padStart(3, '0')}`),
  ...Array.from({ length: 14 }, (_, i) => `B-${String(i + 1).padStart(3, '0')}`),
]

test('every entry of the lists has a test of its name, or a reason', () => {
  const found = proved()
  expect(wanted.filter((number) => !found.has(number) && exceptions[number] === undefined)).toEqual([])
})

test('no test names an entry that is not on the lists, and no reason is out of date', () => {
  const found = proved()
  expect([...found.keys()].filter((number) => !wanted.includes(number))).toEqual([])
  expect(Object.keys(exceptions).filter((number) => found.has(number))).toEqual([])
})
