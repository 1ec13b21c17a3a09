import { expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
import { containers, type Keyword, keywordsIn } from '../../src/config/keywords/index.ts'
import { examplesOf, fileWith, type Setting } from './examples.ts'
import { load } from './files.ts'
import { elsewhere, files, settings } from './position-settings.ts'

const known = containers.flatMap(keywordsIn)
const positionOf = ({ container, name }: Keyword): string => `${container} ${name}`
const settingOf = (keyword: Keyword): Setting => settings[positionOf(keyword)] ?? {}

test('what is kept without effect is so much, and gets less', () => {
  expect(known.filter(({ support }) => support === 'accepted')).toHaveLength(37)
})

const loaded = new Map<string, ReturnType<typeof load>>()
/** The file without the line: the same for many. */
function without(keyword: Keyword): ReturnType<typeof load> {
  const text = fileWith(keyword, undefined, settingOf(keyword))
  const one = loaded.get(text) ?? load(text, files)
  loaded.set(text, one)
  return one
}

/** What the line itself is complained of; that it is an old word, or without effect, is no complaint. */
const complaints = (of: ReturnType<typeof load>, base: ReturnType<typeof load>): readonly string[] => {
  const before = new Set(base.diagnostics.map(({ message }) => message))
  return of.diagnostics
    .filter(({ message, kind }) => !before.has(message) && !['deprecated', 'remark', 'without-effect'].includes(kind))
    .map(({ severity, message }) => `${severity}: ${message}`)
}

for (const keyword of known)
  test(`${positionOf(keyword)} is read, means something, is printed and read back`, () => {
    const base = without(keyword)
    let changes = 0
    for (const line of examplesOf(keyword, settingOf(keyword))) {
      const one = load(fileWith(keyword, line, settingOf(keyword)), files)
      expect([line, complaints(one, base)]).toEqual([line, []])
      if (JSON.stringify(one.model) === JSON.stringify(base.model)) continue
      changes++
      expect([line, load(print(one.model, { secrets: 'shown' }), files).model]).toEqual([line, one.model])
    }
    // What is accepted is kept, too, for others that read what is printed.
    expect(changes > 0).toBe(elsewhere[positionOf(keyword)] === undefined)
  })

/** `weight N [reverse]`: a number comes first. */
const bounded = known.filter(({ facts }) => facts.min !== undefined && /^\[?[A-Z]+\b/.test(facts.takes))
for (const keyword of bounded)
  test(`${positionOf(keyword)} is bounded as the table has it`, () => {
    const { min = 0, max } = keyword.facts
    const base = without(keyword)
    for (const outside of [min === 0.000001 ? 0 : min - 1, ...(max === undefined ? [] : [max + 1])]) {
      const one = load(fileWith(keyword, `${keyword.name} ${outside}`, settingOf(keyword)), files)
      expect([outside, complaints(one, base).length > 0]).toEqual([outside, true])
    }
  })
