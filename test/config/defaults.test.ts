import { expect, test } from 'vitest'
import { containers, type Keyword, keywordsIn } from '../../src/config/keywords/index.ts'
import { fileWith, type Setting } from './examples.ts'
import { load } from './files.ts'
import { files, settings } from './position-settings.ts'

const positionOf = ({ container, name }: Keyword): string => `${container} ${name}`
const settingOf = (keyword: Keyword): Setting => settings[positionOf(keyword)] ?? {}

/** The default of a row as one would write it: a number, or off and on of a bool; undefined where it is told in words. */
function writtenDefault({ facts: { default: usual, takes } }: Keyword): string | undefined {
  if (usual === undefined) return undefined
  if (takes === 'bool') return usual === 'on' || usual === 'off' ? usual : undefined
  return /^\d+(?:\.\d+)?$/.test(usual) && /^\[?[A-Z]+\b/.test(takes) ? usual : undefined
}

/** The model has them as written, and who acts on them has the default. In SMTP_CHECK any word about where replaces its hosts. */
const keptAsWritten = ['json_version', 'shutdown_script_timeout', 'startup_script_timeout', 'umask']
const hasNoDefaultInModel = ({ container, name }: Keyword): boolean =>
  container === 'lvs_settings' ||
  keptAsWritten.includes(name) ||
  (container.endsWith('SMTP_CHECK') && name === 'fwmark')

const known = containers.flatMap(keywordsIn).filter((one) => one.support === 'supported' && !hasNoDefaultInModel(one))
for (const keyword of known) {
  const usual = writtenDefault(keyword)
  if (usual === undefined) continue
  test(`${positionOf(keyword)} is ${usual} where nothing is said`, () => {
    const without = load(fileWith(keyword, undefined, settingOf(keyword)), files)
    const written = load(fileWith(keyword, `${keyword.name} ${usual}`, settingOf(keyword)), files)
    expect(written.model).toEqual(without.model)
  })
}
