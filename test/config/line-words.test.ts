import { expect, test } from 'vitest'
import { print } from '../../src/config/index.ts'
import { load } from './files.ts'
import { files, router, tried } from './line-settings.ts'

const complaints = (text: string): readonly string[] =>
  load(text)
    .diagnostics.filter(({ kind }) => kind !== 'deprecated' && kind !== 'remark')
    .map(({ message }) => message)

for (const { key, name, facts, beside, file, nothing, written } of tried) {
  test(`${key} is read, means something, is printed and read back`, () => {
    const base = JSON.stringify(load(file(beside)).model)
    let changes = 0
    for (const one of written) {
      const text = file(`${beside} ${one}`.trim())
      if (nothing === 'refused') expect([one, complaints(text).length > 0]).toEqual([one, true])
      else expect([one, complaints(text)]).toEqual([one, []])
      const { model } = load(text)
      if (JSON.stringify(model) !== base) changes++
      expect([one, load(print(model, { secrets: 'shown' })).model]).toEqual([one, model])
    }
    if (nothing !== 'refused') expect([key, changes > 0]).toEqual([key, nothing === undefined])
  })

  const { min, max } = facts
  if (/(?:^|[ |])(?:N|PORT|SECONDS|SCOPE|DSFIELD|TABLE|PROTOCOL|IFGROUP)$/.test(facts.takes) && max !== undefined)
    test(`${key} is bounded as the table has it`, () => {
      for (const outside of [...((min ?? 0) === 0 ? [] : [(min ?? 0) - 1]), max + 1]) {
        const said = complaints(file(`${beside} ${name} ${outside}`.trim()))
        expect([outside, said.length > 0]).toEqual([outside, true])
      }
    })
}

test('a prefix length with another behind it is none', () => {
  const { diagnostics, model } = load(router('virtual_ipaddress_excluded {\n192.0.2.9/24/5\n}'))
  expect(diagnostics[0]?.message).toBe('/24/5 is not a prefix length from 0 to 32; using /32')
  expect(model.virtualRouters[0]?.excludedAddresses[0]?.prefixLength).toBe(32)
})

test('a word that is no option of a line is answered with the nearest one', () => {
  expect(load(files.route('dev eth0 hoplimmit 5')).diagnostics[0]?.remedy).toBe('did you mean hoplimit?')
  expect(load(files.rule('tabel 100')).diagnostics[0]?.remedy).toBe('did you mean table?')
})
