import { expect, test } from 'vitest'
import { containers, type Default, defaultAt, type Keyword, keywordsIn } from '../../src/config/keywords/index.ts'
import { fileWith, type Setting } from './examples.ts'
import { load } from './files.ts'
import { tried } from './line-settings.ts'
import { files, settings } from './position-settings.ts'

const positionOf = ({ container, name }: Keyword): string => `${container} ${name}`
const settingOf = (keyword: Keyword): Setting => settings[positionOf(keyword)] ?? {}

const supported = containers.flatMap(keywordsIn).filter(({ support }) => support === 'supported')
const written = (value: Default): string => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value))

/** The model has them as written; who acts has the default of the same constant of the model that the row has. */
const keptAsWritten = new Set([
  'json_dump_file',
  'json_version',
  'lvs_sync_catch_up',
  'nftables_priority',
  'shutdown_script_timeout',
  'startup_script_timeout',
  'state_dump_file',
  'stats_dump_file',
  'umask',
  'vmac_prefix',
])
/** It is not in the model, stands beside what it takes back, or strict mode has another. */
const toldElsewhere = new Set(['dynamic_interfaces', 'preempt', 'accept'])
/** Rules have a preference in these files; a limit of a peer switches check_unicast_src on. */
const otherLines = /^lvs_sync_|^rule (?:preference|order|priority)$|^unicast_peer /

const modelOf = (keyword: Keyword, line?: string) => load(fileWith(keyword, line, settingOf(keyword)), files).model

for (const keyword of supported) {
  const { facts, name, container } = keyword
  const value = defaultAt(facts, container)
  // In SMTP_CHECK any word about where replaces its hosts.
  if (value === undefined || (container.endsWith('SMTP_CHECK') && name === 'fwmark')) continue
  if (container === 'lvs_settings' || keptAsWritten.has(name) || toldElsewhere.has(name)) continue
  if (facts.takes === 'flag' || (typeof value === 'boolean' && facts.takes !== 'bool')) {
    test(`${positionOf(keyword)} is ${written(value)} where nothing is said`, () => {
      expect(JSON.stringify(modelOf(keyword, name)) === JSON.stringify(modelOf(keyword))).toBe(value)
    })
    continue
  }
  if (facts.takes.includes('{')) continue
  test(`${positionOf(keyword)} is ${written(value)} where nothing is said`, () => {
    expect(modelOf(keyword, `${name} ${written(value)}`)).toEqual(modelOf(keyword))
  })
}

for (const { key, name, facts, file, beside } of tried) {
  const { default: value } = facts
  if (value === undefined || otherLines.test(key)) continue
  if (facts.takes === 'flag' && value !== name) continue
  test(`${key} is ${written(value)} where nothing is said`, () => {
    const words = facts.takes === 'flag' ? name : `${name} ${written(value)}`
    expect(load(file(`${beside} ${words}`.trim()), files).model).toEqual(load(file(beside), files).model)
  })
}
