import { describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { argumentsOf, containers, itemsOf, type Keyword, keywordsIn } from '../../src/config/keywords/index.ts'
import { silent } from '../../src/config/report.ts'
import { languageSchema, violations } from '../../src/config/schema/index.ts'
import { parse } from '../../src/config/syntax/index.ts'
import { writeYaml } from '../../src/config/yaml/index.ts'
import { examplesOf, fileWith, type Setting, wrongWays } from './examples.ts'
import { load } from './files.ts'
import { tried } from './line-settings.ts'
import { files, settings } from './position-settings.ts'

const schema = languageSchema()

/** What the schema has to say of a keepalived.conf, written as YAML. */
const refused = (text: string): readonly string[] => {
  const { nodes } = parse(text, silent)
  return violations(parseDocument(writeYaml(nodes, text)), schema).map(({ message }) => message)
}

/** What the lowering refuses of one; that a word is old, or of no effect, is no refusal. */
const complaints = (text: string): readonly string[] =>
  load(text, files)
    .diagnostics.filter(({ kind }) => kind !== 'deprecated' && kind !== 'remark')
    .map(({ message }) => message)

const known = containers.flatMap(keywordsIn)
const positionOf = ({ container, name }: Keyword): string => `${container} ${name}`
const settingOf = (keyword: Keyword): Setting => settings[positionOf(keyword)] ?? {}

describe.each(known.map((keyword) => [positionOf(keyword), keyword] as const))('%s', (_, keyword) => {
  test('what is right is right to the schema', () => {
    for (const line of examplesOf(keyword, settingOf(keyword)))
      expect([line, refused(fileWith(keyword, line, settingOf(keyword)))]).toEqual([line, []])
  })

  const { facts, content, name } = keyword
  const wrong = [
    ...wrongWays(argumentsOf(facts.takes), facts).map((way) => (content === 'line' ? way : `${way} {\n}`)),
    ...(facts.line === undefined ? wrongWays(itemsOf(facts.takes), facts) : []).map((way) => `{\n${way}\n}`),
  ]
  if (wrong.length === 0) return
  test('what is wrong is wrong to both', () => {
    const before = new Set(complaints(fileWith(keyword, undefined, settingOf(keyword))))
    for (const way of wrong) {
      const text = fileWith(keyword, `${name} ${way}`, settingOf(keyword))
      const said = complaints(text).filter((one) => !before.has(one))
      expect([way, refused(text).length > 0, said.length > 0]).toEqual([way, true, true])
    }
  })
})

describe.each(tried.map((one) => [one.key, one] as const))('%s', (_, { written, wrong, file, beside }) => {
  test('what is right is right to the schema', () => {
    for (const way of written) expect([way, refused(file(`${beside} ${way}`.trim()))]).toEqual([way, []])
  })

  if (wrong.length === 0) return
  test('what is wrong is wrong to both', () => {
    for (const way of wrong) {
      const text = file(`${beside} ${way}`.trim())
      expect([way, refused(text).length > 0, complaints(text).length > 0]).toEqual([way, true, true])
    }
  })
})
