/** Random definitions, conditions, sequences, comments and quotes, beside what keepalived 2.2.7 made of them. */
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { silent } from '../../src/config/report.ts'
import { expand } from '../../src/config/source/index.ts'
import { parse } from '../../src/config/syntax/index.ts'
import type { ExpansionCase } from '../corpus/random-expansions.ts'
import { CONFIG_ID, recordedExpansions } from '../corpus/tables.ts'
import { MAIN, memoryFiles } from './files.ts'

const membersOf = ({ text, files }: ExpansionCase): readonly string[] => {
  const beside = Object.entries(files).map(([name, content]) => [join(dirname(MAIN), name), content] as const)
  const ports = memoryFiles({ [MAIN]: text, ...Object.fromEntries(beside) })
  const { source } = expand(MAIN, new TextEncoder().encode(text), ports, { configId: CONFIG_ID }, () => {})
  const inside = parse(source.text, silent).nodes.flatMap(({ block }) => block?.nodes ?? [])
  return inside
    .flatMap(({ block }) => block?.nodes ?? [])
    .flatMap(({ keyword, words }) => [keyword, ...words].map((word) => word.text))
}

describe('random expansions come to what keepalived makes of them', () => {
  test.each(recordedExpansions().map((one, index) => [index + 1, one] as const))('%i', (_, one) => {
    expect(membersOf(one), one.text).toEqual(one.members)
  })
})
