import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitNames } from '../../src/forwarding/ebpf/layout.ts'
import { settingRules } from '../../src/model/index.ts'
import { exitMeaning, exitMeanings } from '../../src/observe/index.ts'

test('every counter of the core has a meaning', () => {
  expect(exitNames.filter((name) => !Object.hasOwn(exitMeanings, name))).toEqual([])
})

test('docs/operation.md has the same words about each', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/operation.md'), 'utf8').split('\n')
  const rows = Object.entries(exitMeanings).map(
    ([name, { meaning, remedy }]) =>
      `| \`${name}\` | ${[meaning, ...(remedy === undefined ? [] : [remedy])].join('; ')} |`,
  )
  expect(rows.filter((row) => !docs.includes(row))).toEqual([])
})

test('what is noted besides is told from the ways out as the core tells them', () => {
  const firstNote = exitNames.indexOf('promotion-failed')
  const kinds = exitNames.map((name) => [name, exitMeaning(name).kind === 'noted'])
  expect(kinds).toEqual(exitNames.map((name, i) => [name, i >= firstNote]))
})

test('a remedy names settings that there are', () => {
  const known = new Set([...Object.keys(settingRules), 'connection_table_size', 'local_address_group', 'uthreshold'])
  const named = Object.values(exitMeanings).flatMap(({ remedy }) => remedy?.match(/[a-z]+_[a-z_]+/g) ?? [])
  expect(named.filter((name) => !known.has(name) && name !== 'lvs_settings')).toEqual([])
})

test('a counter that is not known is shown as a loss', () => expect(exitMeaning('nonesuch').kind).toBe('lost'))
